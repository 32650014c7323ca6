"""JSON equality: the conformance cases, and a slow definition that says the same."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from realtime_sync.document.equality import json_equal
from realtime_sync.jsontypes import Json
from realtime_sync.limits import HIGHEST_DEPTH
from realtime_sync.testing.strategies import json_pairs, json_values

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "conformance" / "equality.json").read_bytes())


def canonical(value: Json) -> object:
    """Return something that Python compares as JSON does: every value with the name of its type."""
    if isinstance(value, dict):
        return "object", frozenset((key, canonical(member)) for key, member in value.items())
    if isinstance(value, list):
        return "list", tuple(canonical(element) for element in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number", float(value)  # exact: a normal integer is within +-(2**53 - 1)
    return type(value).__name__, value


def swap_booleans_and_numbers(value: Json) -> Json:
    """Return `value` with every boolean as the number that Python takes for it, and the other way round."""
    if isinstance(value, dict):
        return {key: swap_booleans_and_numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [swap_booleans_and_numbers(element) for element in value]
    if isinstance(value, bool):
        return int(value)
    return bool(value) if isinstance(value, (int, float)) and value in (0, 1) else value


def nested(levels: int, innermost: Json) -> Json:
    for level in range(levels):
        innermost = [innermost] if level % 2 else {"a": innermost}
    return innermost


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_conformance(case: dict[str, Any]) -> None:
    assert json_equal(case["a"], case["b"]) is case["equal"]
    assert json_equal(case["b"], case["a"]) is case["equal"]


@given(json_pairs())
def test_a_slow_definition_says_the_same(pair: tuple[Json, Json]) -> None:
    a, b = pair
    assert json_equal(a, b) == json_equal(b, a) == (canonical(a) == canonical(b))


@given(json_values())
def test_a_value_equals_its_copy(value: Json) -> None:
    assert json_equal(value, copy.deepcopy(value))


@given(json_values())
def test_booleans_are_told_from_numbers_wherever_they_are(value: Json) -> None:
    swapped = swap_booleans_and_numbers(value)
    assert swapped == value  # as Python has it
    assert json_equal(value, swapped) == (canonical(value) == canonical(swapped))


def test_the_deepest_documents_are_compared() -> None:
    assert json_equal(nested(HIGHEST_DEPTH, 1), nested(HIGHEST_DEPTH, 1.0))
    assert not json_equal(nested(HIGHEST_DEPTH, 1), nested(HIGHEST_DEPTH, True))
