"""Parts in order become a frame; anything else becomes nothing."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.replication.assembly import Assembly
from realtime_sync.wire.parts import Part, split_bytes, split_text

FRAME = bytes(range(100))
PARTS = split_bytes(FRAME, "1", 30)
OTHERS = split_bytes(FRAME[::-1], "2", 30)


def joined(parts: list[Part], max_bytes: int = 1_000) -> list[bytes]:
    assembly = Assembly(max_bytes)
    frames = [assembly.add(part, codec="msgpack") for part in parts]
    return [frame for frame in frames if frame is not None]


def test_parts_in_order_are_the_frame() -> None:
    assert joined(PARTS) == [FRAME]
    assert joined(split_text('"Gr\u00fc\u00dfe \U0001f600"'.encode(), "1", 4)) == [
        '"Gr\u00fc\u00dfe \U0001f600"'.encode()
    ]


def test_one_part_may_be_the_whole() -> None:
    assert joined([Part("1", 0, 1, b"x")]) == [b"x"]


@pytest.mark.parametrize("missing", range(len(PARTS)))
def test_without_one_of_its_parts_there_is_no_frame(missing: int) -> None:
    assert joined(PARTS[:missing] + PARTS[missing + 1 :]) == []


@pytest.mark.parametrize("repeated", range(1, len(PARTS) - 1))
def test_a_part_that_comes_twice_ends_it(repeated: int) -> None:
    assert joined(PARTS[: repeated + 1] + PARTS[repeated:]) == []


def test_a_first_part_begins_anew_be_it_the_same_frame_or_another() -> None:
    assert joined([*PARTS[:2], *PARTS]) == [FRAME]
    assert joined([*PARTS[:2], *OTHERS]) == [FRAME[::-1]]
    assert joined([PARTS[0], *PARTS]) == [FRAME]


@pytest.mark.parametrize(
    "stranger",
    [OTHERS[1], Part("1", 1, 5, PARTS[1].data), Part("1", 1, 4, "text"), PARTS[2]],
    ids=["other id", "other count", "text", "out of order"],
)
def test_what_is_not_the_next_part_ends_it(stranger: Part) -> None:
    assert joined([PARTS[0], stranger, *PARTS[1:]]) == []


def test_dropping_ends_it() -> None:
    assembly = Assembly(1_000)
    assembly.add(PARTS[0], codec="msgpack")
    assert assembly.size_bytes == 30
    assembly.drop()
    assert assembly.size_bytes == 0
    assert [assembly.add(part, codec="msgpack") for part in PARTS[1:]] == [None, None, None]


def test_shuffled_parts_of_two_frames_never_make_a_third() -> None:
    draw = random.Random(5)
    for _ in range(500):
        parts = [*PARTS, *OTHERS, *draw.choices(PARTS, k=2)]
        draw.shuffle(parts)
        assert set(joined(parts)) <= {FRAME, FRAME[::-1]}


@pytest.mark.parametrize(("allowed", "kept"), [(99, 90), (59, 30), (29, 0)])
def test_a_frame_over_the_limit_is_refused_before_it_is_kept(allowed: int, kept: int) -> None:
    assembly = Assembly(allowed)
    with pytest.raises(LimitExceeded, match=f"over max_encoded_bytes={allowed}") as raised:
        for part in PARTS:
            assert assembly.size_bytes <= kept
            assembly.add(part, codec="msgpack")
    assert raised.value.codec == "msgpack"
    assert assembly.size_bytes == 0, "and what was kept is forgotten"
    assert joined(PARTS, max_bytes=100) == [FRAME]


def test_text_counts_in_utf8() -> None:
    parts = split_text(("\u00fc" * 10).encode(), "1", 8)
    assert len(joined(parts, max_bytes=20)) == 1
    with pytest.raises(LimitExceeded):
        joined(parts, max_bytes=19)


def test_a_part_that_was_cut_inside_a_character_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="character"):
        joined([Part("1", 0, 1, "\ud83d")])


CASES = json.loads((Path(__file__).parents[2] / "conformance" / "assembly.json").read_text(encoding="utf-8"))


def with_bytes(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_parts_are_joined_as_every_implementation_joins_them(case: dict[str, Any]) -> None:
    assembly = Assembly(case["max_bytes"])
    for step in case["steps"]:
        if "other" in step:
            assembly.drop()
            continue
        body = {**step["part"], "data": with_bytes(step["part"].get("data"))}
        if step.get("error"):
            with pytest.raises((ProtocolError, LimitExceeded)):
                assembly.add(Part.from_wire(body), codec="json")
            continue
        joined = with_bytes(step.get("joined"))
        assert assembly.add(Part.from_wire(body), codec="json") == (
            joined.encode() if isinstance(joined, str) else joined
        )
