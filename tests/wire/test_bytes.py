"""Bytes of every codec, and the values that they are: conformance/bytes.json."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from realtime_sync.errors import DecodeError, UnknownDictionary
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import Dictionary, uses_dictionary

CASES = json.loads((Path(__file__).parents[2] / "conformance" / "bytes.json").read_text())


def named(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[f"{case['codec']}: {case['comment']}" for case in cases])


def decoded(case: dict[str, Any]) -> Json:
    codec, data = get_codec(case["codec"]), base64.b64decode(case["bytes"])
    limits = Limits(**case.get("limits", {}))
    if not uses_dictionary(codec):
        return codec.decode(data, limits=limits)
    dictionaries = [Dictionary(base64.b64decode(content)) for content in case.get("dictionaries", [])]
    return codec.decode_with(data, {dictionary.id: dictionary for dictionary in dictionaries}, limits=limits)


@named([case for case in CASES if "expected" in case])
def test_bytes_are_read(case: dict[str, Any]) -> None:
    assert decoded(case) == case["expected"]


@named([case for case in CASES if "error" in case])
def test_other_bytes_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as refusal:
        decoded(case)
    assert not isinstance(refusal.value, UnknownDictionary)


@named([case for case in CASES if "unknown_dictionary" in case])
def test_a_dictionary_that_is_not_held_is_named(case: dict[str, Any]) -> None:
    with pytest.raises(UnknownDictionary) as refusal:
        decoded(case)
    assert refusal.value.id == case["unknown_dictionary"]


def test_every_case_is_run() -> None:
    assert all(len({"expected", "error", "unknown_dictionary"} & set(case)) == 1 for case in CASES)
