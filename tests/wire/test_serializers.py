"""Serialisers trust whom they write for, and nobody from whom they read."""

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given

from realtime_sync.document.equality import json_equal
from realtime_sync.errors import DecodeError, InvalidValue, LimitExceeded
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json
from realtime_sync.limits import HIGHEST_DEPTH, Limits
from realtime_sync.testing.strategies import json_values
from realtime_sync.wire.elements import ENVELOPE_DEPTH
from realtime_sync.wire.serializers import SERIALIZERS, Serializer

EACH = pytest.mark.parametrize("serializer", SERIALIZERS, ids=lambda serializer: serializer.name)
LIMITS = Limits()
JSON, MSGPACK = SERIALIZERS


def read(serializer: Serializer, data: bytes, limits: Limits = LIMITS) -> Json:
    return serializer.loads(data, serializer.name, limits)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, of equal types, members in the same order: `repr` tells -0.0 from 0.0, too."""
    return repr(one) == repr(other)


@EACH
@given(json_values())
def test_what_was_written_is_read_with_its_types_and_order(serializer: Serializer, value: Json) -> None:
    assert same(read(serializer, serializer.dumps(value)), value)


@given(json_values())
def test_both_are_read_by_other_programs(value: Json) -> None:
    assert json_equal(json.loads(JSON.dumps(value)), value)
    assert same(msgpack.unpackb(MSGPACK.dumps(value)), value)


@given(json_values())
def test_what_other_programs_write_is_read(value: Json) -> None:
    assert same(read(JSON, json.dumps(value, indent=2).encode()), value)
    assert same(read(MSGPACK, msgpack.packb(value)), value)


@EACH
@pytest.mark.parametrize("number", [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, 10**15, -(10**15), 0, -1])
def test_safe_integers_are_read_exactly(serializer: Serializer, number: int) -> None:
    for value in (number, [number], {"a": {"b": [[], number]}}):
        assert same(read(serializer, serializer.dumps(value)), value)


@EACH
@pytest.mark.parametrize("number", [MAX_SAFE_INTEGER + 1, -MAX_SAFE_INTEGER - 1, 10**18, 2**64 - 1, -(2**63)])
def test_integers_that_a_javascript_number_cannot_hold_are_refused(serializer: Serializer, number: int) -> None:
    for value in (number, [number], {"a": {"b": [[], number]}}):
        with pytest.raises(DecodeError, match=str(number)):
            read(serializer, serializer.dumps(value))


def test_long_numbers_that_are_no_integers_are_read() -> None:
    text = b'{"1234567890123456789": "1234567890123456789", "b": [0.12345678901234567, 1234567890123456789.5]}'
    assert read(JSON, text) == json.loads(text)


def test_json_integers_over_64_bits_become_floats_as_in_javascript() -> None:
    assert same(read(JSON, b"[100000000000000000000]"), [1e20])


def test_floats_of_32_bits_are_read() -> None:
    assert read(MSGPACK, msgpack.packb([1.5, -0.25], use_single_float=True)) == [1.5, -0.25]


@pytest.mark.parametrize(
    ("serializer", "data"), [(JSON, b'{"a":1,"b":2,"a":3}'), (MSGPACK, b"\x83\xa1a\x01\xa1b\x02\xa1a\x03")]
)
def test_of_two_members_with_one_key_the_last_counts(serializer: Serializer, data: bytes) -> None:
    assert same(read(serializer, data), {"a": 3, "b": 2})


@EACH
def test_a_document_at_the_highest_depth_travels_in_its_envelope(serializer: Serializer) -> None:
    limits = Limits(max_depth=HIGHEST_DEPTH)
    value: Json = 0
    for level in range(HIGHEST_DEPTH + ENVELOPE_DEPTH):
        value = {"a": value} if level % 2 else [value]
    assert read(serializer, serializer.dumps(value), limits) == value
    with pytest.raises(LimitExceeded, match="max_depth=240"):
        read(serializer, serializer.dumps([value]), limits)


@EACH
@pytest.mark.parametrize("padding", [0, 10_000, 2_000_000])
def test_small_limits_hold_for_messages_of_any_size(serializer: Serializer, padding: int) -> None:
    value = ["x" * padding, [1, 2, {"a": 3}]]
    data = serializer.dumps(value)
    assert read(serializer, data, Limits(max_elements=7, max_depth=1, max_decoded_bytes=padding + 100)) == value
    with pytest.raises(LimitExceeded, match="max_elements"):
        read(serializer, data, Limits(max_elements=6))


@EACH
@pytest.mark.parametrize("value", [object(), {1, 2}, "\ud800", ["\ud800"], 2**64, -(2**64), 1 + 2j])
def test_what_cannot_be_written_says_what_to_do(serializer: Serializer, value: Any) -> None:
    with pytest.raises(InvalidValue, match="normalize"):
        serializer.dumps(value)


def test_the_error_about_bad_text_does_not_keep_the_text() -> None:
    for serializer, data in [(JSON, b'["' + b"x" * 1_000), (MSGPACK, b"\xda\x03\xe8" + b"x" * 999 + b"\xff")]:
        with pytest.raises(DecodeError) as refusal:
            read(serializer, data)
        assert refusal.value.__context__ is None
        assert len(str(refusal.value)) < 200


def test_only_json_is_text() -> None:
    assert [(serializer.name, serializer.is_text) for serializer in SERIALIZERS] == [("json", True), ("msgpack", False)]
    assert JSON.dumps({"a": "\u00e9"}) == '{"a":"\u00e9"}'.encode()
    assert MSGPACK.dumps({"a": "\u00e9"}) == b"\x81\xa1a\xa2\xc3\xa9"
