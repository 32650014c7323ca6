"""What a message weighs is told from its bytes, exactly."""

import json
from typing import Any

import attrs
import msgpack
import orjson
import pytest
from hypothesis import example, given

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.testing.strategies import json_values
from realtime_sync.wire.elements import ENVELOPE_DEPTH, Survey, admit_json, admit_msgpack, survey_json, survey_msgpack

LIMITS = Limits()


@attrs.frozen
class Count:
    """What a survey must find, found in the value itself."""

    elements: int
    members: int
    lists: int
    objects: int
    depth: int

    @classmethod
    def of(cls, value: Json) -> "Count":
        if isinstance(value, dict):
            return cls._around(list(value.values()), members=len(value), objects=1)
        if isinstance(value, list):
            return cls._around(value, lists=1)
        return cls(1, 0, 0, 0, 0)

    @classmethod
    def _around(cls, children: list[Any], members: int = 0, lists: int = 0, objects: int = 0) -> "Count":
        counts = [cls.of(child) for child in children]
        return cls(
            1 + sum(count.elements for count in counts),
            members + sum(count.members for count in counts),
            lists + sum(count.lists for count in counts),
            objects + sum(count.objects for count in counts),
            1 + max((count.depth for count in counts), default=0),
        )

    @classmethod
    def in_survey(cls, survey: Survey) -> "Count":
        return cls(survey.elements, survey.members, survey.lists, survey.objects, survey.depth)


def json_survey(data: bytes) -> Survey:
    return survey_json(data, "json", LIMITS)


def msgpack_survey(data: bytes) -> Survey:
    return survey_msgpack(data, "msgpack", LIMITS)


@given(json_values())
@example(['[{"\\', "\\\\", '"', "]}", {"[]": {}, ",": [[]], ":": [""]}, "{}", "\\u0022"])
def test_json_is_counted_exactly_however_it_is_written(value: Json) -> None:
    expected = Count.of(value)
    for text in (orjson.dumps(value), json.dumps(value).encode(), json.dumps(value, indent=1).encode()):
        assert Count.in_survey(json_survey(text)) == expected


@given(json_values())
def test_msgpack_is_counted_exactly(value: Json) -> None:
    assert Count.in_survey(msgpack_survey(msgpack.packb(value))) == Count.of(value)


@pytest.mark.parametrize("size", range(65_530, 65_540))
@pytest.mark.parametrize("unit", ["[]", '""', '"]"', '[""]', '"\\""', '"\\\\"'])
def test_a_chunk_may_end_anywhere(unit: str, size: int) -> None:
    value = ["x" * size, *[orjson.loads(unit)] * 3]
    assert Count.in_survey(json_survey(orjson.dumps(value))) == Count.of(value)


@pytest.mark.parametrize("length", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_every_header_of_msgpack_is_read(length: int) -> None:
    for value in ("x" * length, [None] * length, {str(number): 0 for number in range(length)}):
        assert Count.in_survey(msgpack_survey(msgpack.packb(value))) == Count.of(value)


@pytest.mark.parametrize(
    "number",
    [0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1, -1, -32, -33, -128, -129, -(2**53) + 1],
)
def test_every_number_of_msgpack_is_read(number: int) -> None:
    value = [number, float(number), "behind it"]
    assert Count.in_survey(msgpack_survey(msgpack.packb(value))) == Count.of(value)
    assert msgpack_survey(msgpack.packb(value, use_single_float=True)).elements == 4


@pytest.mark.parametrize("pack", [orjson.dumps, msgpack.packb])
def test_as_many_elements_as_allowed_pass_and_one_more_does_not(pack: Any) -> None:
    admit = admit_json if pack is orjson.dumps else admit_msgpack
    value = {"a": [1, [], {}], "b": {"c": None}}
    admit(pack(value), "any", Limits(max_elements=7))
    with pytest.raises(LimitExceeded) as refusal:
        admit(pack(value), "any", Limits(max_elements=6))
    assert refusal.value.limit == "max_elements"
    assert refusal.value.found == 7


@pytest.mark.parametrize("text", ["", "]" * 300, '"' + "[{" * 300])
@pytest.mark.parametrize("pack", [orjson.dumps, msgpack.packb])
def test_as_deep_as_allowed_passes_and_one_deeper_does_not(pack: Any, text: str) -> None:
    admit = admit_json if pack is orjson.dumps else admit_msgpack
    value: Json = None
    for _ in range(20 + ENVELOPE_DEPTH):
        value = [text, value]
    admit(pack(value), "any", Limits(max_depth=20))
    with pytest.raises(LimitExceeded) as refusal:
        admit(pack([value]), "any", Limits(max_depth=20))
    assert (refusal.value.limit, refusal.value.allowed, refusal.value.found) == ("max_depth", 20, 21)


def test_objects_weigh_more_than_their_bytes_and_the_error_says_so() -> None:
    heavy = b"[" + b",".join([b'{"":' * 100 + b"0" + b"}" * 100] * 4_000) + b"]"
    with pytest.raises(LimitExceeded) as refusal:
        admit_json(heavy, "json", LIMITS)
    assert (refusal.value.limit, refusal.value.allowed) == ("max_memory_bytes", 64 * 2**20)
    admit_json(heavy, "json", Limits(max_memory_bytes=refusal.value.found))
    admit_json(heavy, "json", Limits(max_decoded_bytes=refusal.value.found // 4 + 1))
    with pytest.raises(LimitExceeded, match="max_memory_bytes"):
        admit_json(heavy, "json", Limits(max_memory_bytes=refusal.value.found - 1))


def test_low_limits_on_memory_hold_for_short_messages() -> None:
    for admit, data in ((admit_json, b"[{},{}]"), (admit_msgpack, b"\x92\x80\x80")):
        with pytest.raises(LimitExceeded, match="max_memory_bytes=100"):
            admit(data, "any", Limits(max_memory_bytes=100))
        admit(data, "any", Limits(max_memory_bytes=1_000, max_decoded_bytes=10))


@pytest.mark.parametrize("wide", ["\U0001f680", "\\ud83d\\ude80"])
def test_one_wide_character_makes_all_of_its_string_wide_and_no_other(wide: str) -> None:
    text = "x" * (11 * 2**20)
    admit_json(f'["{text}", "{wide}"]'.encode(), "json", LIMITS)
    with pytest.raises(LimitExceeded, match="max_memory_bytes"):
        admit_json(f'["{text}{wide}"]'.encode(), "json", LIMITS)


def test_one_wide_character_widens_a_string_of_msgpack() -> None:
    text = "x" * (13 * 2**20)
    admit_msgpack(msgpack.packb([text, "\U0001f680"]), "msgpack", LIMITS)
    with pytest.raises(LimitExceeded, match="max_memory_bytes"):
        admit_msgpack(msgpack.packb([text + "\U0001f680"]), "msgpack", LIMITS)


@pytest.mark.parametrize(
    "text", ["short", "short \U0001f680", "\u00e9" * 40, "\u6f22" * 400, "x" * 70_000 + "\U0001f680"]
)
def test_weighing_text_reads_the_same_message(text: str) -> None:
    packed = msgpack.packb([text, {text: text}])
    plain, weighed = msgpack_survey(packed), survey_msgpack(packed, "msgpack", LIMITS, weigh_text=True)
    assert Count.in_survey(plain) == Count.in_survey(weighed)
    assert weighed.text_bytes >= plain.text_bytes


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"\xdd\xff\xff\xff\xff", "cut short"),
        (b"\xdf\xff\xff\xff\xff", "cut short"),
        (b"\xdb\xff\xff\xff\xff", "cut short"),
        (b"\xdc\xff", "cut short"),
        (b"\xc1", "0xc1"),
        (b"\xc4\x00", "0xc4"),
        (b"\xc7\x00\x01", "0xc7"),
        (b"\xd4\x01a", "0xd4"),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "nan"),
        (b"\xca\xff\x80\x00\x00", "-inf"),
        (b"\xcf\x00\x20\x00\x00\x00\x00\x00\x00", "9007199254740992"),
        (b"\xd3\xff\xe0\x00\x00\x00\x00\x00\x00", "-9007199254740992"),
    ],
)
def test_what_is_no_json_is_refused_unparsed(header: bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        admit_msgpack(b"\x91" + header, "msgpack", LIMITS)
