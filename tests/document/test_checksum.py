"""The checksum: the conformance cases, a slow definition that says the same, and what it may cost."""

import copy
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.checksum import MOST_WEIGHT, TEXT_PER_VALUE, Checksum, checksum
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json
from realtime_sync.testing.strategies import json_pairs, json_values

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "conformance" / "checksum.json").read_bytes())


def canonical(value: Json) -> bytes:
    """Return the bytes that PROTOCOL.md gives for a value, by its words."""
    match value:
        case None:
            return b"n"
        case bool():
            return b"t" if value else b"f"
        case str():
            encoded = value.encode()
            return b"s" + struct.pack(">I", len(encoded)) + encoded
        case list():
            return b"[" + struct.pack(">I", len(value)) + b"".join(canonical(element) for element in value)
        case dict():
            keys = sorted(value, key=lambda key: key.encode())
            members = b"".join(canonical(key) + canonical(value[key]) for key in keys)
            return b"{" + struct.pack(">I", len(value)) + members
    return b"d" + struct.pack(">d", 0.0 if value == 0 else float(value))


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_checksum_is_what_the_case_says(case: dict[str, Any]) -> None:
    assert checksum(case["document"], case["pointers"]) == case["expected"]
    if "bytes" in case:
        assert zlib.crc32(bytes.fromhex(case["bytes"])) == case["expected"]


@given(json_values())
def test_checksum_is_the_crc_of_the_canonical_bytes(value: Json) -> None:
    assert checksum(value, [""]) == zlib.crc32(canonical(value))


@given(json_values(), st.lists(json_values(max_leaves=4), max_size=4))
def test_values_one_after_another_are_covered_as_one_stream(first: Json, others: list[Json]) -> None:
    values = [first, *others]
    pointers = [f"/{index}" for index in range(len(values))]
    assert checksum(values, pointers) == zlib.crc32(b"".join(map(canonical, values)))


def rewritten(value: Json) -> Json:
    """Return an equal value written differently: members the other way round, whole numbers as floats."""
    if isinstance(value, dict):
        return {key: rewritten(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [rewritten(element) for element in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return -0.0 if value == 0 else float(value)
    return value


@given(json_values())
def test_equal_documents_have_equal_checksums(value: Json) -> None:
    assert checksum(rewritten(value), [""]) == checksum(value, [""])


@given(json_pairs())
def test_documents_that_differ_have_different_checksums(pair: tuple[Json, Json]) -> None:
    old, new = pair
    assert (checksum(old, [""]) == checksum(new, [""])) == json_equal(old, new)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2], [2, 1]),
        (["ab"], ["a", "b"]),
        ([[], []], [[[]]]),
        ({"a": {"b": 1}}, {"a": 1, "b": 1}),
        ({"a": "b"}, ["a", "b"]),
        ({"ab": "c"}, {"a": "bc"}),
        (["n"], [None]),
        ({}, []),
        ("", None),
    ],
)
def test_values_that_a_careless_encoding_takes_for_one_another_differ(a: Json, b: Json) -> None:
    assert checksum(a, [""]) != checksum(b, [""])


@given(json_pairs(), st.text(max_size=3))
def test_shape_tells_how_many_there_are_and_not_what_they_are(pair: tuple[Json, Json], text: str) -> None:
    shapes = [checksum(value, ["#"]) for value in pair]
    same_kind = type(pair[0]) is type(pair[1]) and isinstance(pair[0], (dict, list))
    if same_kind:
        assert (shapes[0] == shapes[1]) == (len(pair[0]) == len(pair[1]))  # type: ignore[arg-type]
    assert checksum({"a": text}, ["#/a"]) == zlib.crc32(b"x")


def test_nesting_deeper_than_python_calls_is_covered() -> None:
    document: Json = "end"
    for _ in range(100_000):
        document = [document]
    assert checksum(document, [""]) == zlib.crc32(b"[\0\0\0\1" * 100_000 + canonical("end"))
    while isinstance(document, list):  # freed from the outside in: freeing it at once would nest just as deeply
        document = document.pop()


def test_a_value_that_is_in_a_billion_places_is_given_up() -> None:
    shared: Json = "x"
    for _ in range(30):
        shared = [shared, shared]
    assert checksum(shared, ["#"]) == zlib.crc32(b"[\0\0\0\2")
    assert checksum(shared, [""]) is None


def test_one_check_covers_no_more_than_the_most_that_a_check_may_weigh() -> None:
    document = [0] * (MOST_WEIGHT // 4)
    assert checksum(document, ["", "", ""]) is not None
    assert checksum(document, ["", "", "", ""]) is None


@given(json_values())
def test_weight_counts_values_and_keys(value: Json) -> None:
    def count(part: Json) -> int:
        if isinstance(part, dict):
            return 1 + sum(1 + len(key) // TEXT_PER_VALUE + count(member) for key, member in part.items())
        return 1 + sum(map(count, part)) if isinstance(part, list) else 1

    weight = Checksum().add(value)
    assert weight == count(value)
    assert Checksum().add(value, weight) == weight
    assert Checksum().add(value, weight - 1) is None


@pytest.mark.parametrize("long", ["x" * 1_000, {"k" * 1_000: 1}, ["x" * 1_000]])
def test_weight_counts_long_text_and_long_keys(long: Json) -> None:
    assert 7 <= (Checksum().add(long) or 0) <= 10
    assert Checksum().add(long, 7) is None


def test_what_does_not_fit_leaves_the_checksum_as_it_was() -> None:
    covered = Checksum()
    covered.add("first")
    before = covered.crc32
    assert covered.add(list(range(100)), 50) is None
    assert covered.crc32 == before


def test_nothing_covered_is_changed() -> None:
    document = {"b": [1, {"z": 1, "a": -0.0}], "a": None}
    before = copy.deepcopy(document)
    checksum(document, ["", "/b", "#/b"])
    assert json.dumps(document) == json.dumps(before)


def test_the_example_in_the_protocol_holds() -> None:
    page = (Path(__file__).parents[2] / "PROTOCOL.md").read_text(encoding="utf-8")
    frames = [json.loads(line) for line in page.splitlines() if line.startswith('    {"type":')]
    document = next(frame["document"] for frame in frames if frame["type"] == "keyframe")
    checked = [frame for frame in frames if "check" in frame]
    assert checked
    for frame in checked:
        crc32, *pointers = frame["check"]
        assert checksum(apply_patch(document, frame["patch"]), pointers) == crc32
