"""A stranger's value in an error message."""

import json
import time
from typing import Any

import pytest

from realtime_sync.brief import brief

DEEP: Any = []
for _ in range(50_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (-7, "-7"),
        ("a", "'a'"),
        ("x" * 60, repr("x" * 60)),
        ("x" * 61, repr("x" * 60) + "..."),
        (b"x" * 61, repr(b"x" * 60) + "..."),
        (["A", -1], "['A', -1]"),
        ([], "[]"),
        ([[1, 2], {"a": 1}], "[a list of 2, an object of 1]"),
        ([1, 2, 3, 4, 5], "a list of 5"),
        ({}, "an object of 0"),
        (10**200, "a huge integer"),
        (object(), "a object"),
    ],
)
def test_a_value_is_shown_in_a_line(value: Any, shown: str) -> None:
    assert brief(value) == shown


@pytest.mark.parametrize(
    "value",
    [DEEP, 10**5_000, ["x" * 10**7] * 4, {str(n): n for n in range(100_000)}],
    ids=["deep", "int", "text", "keys"],
)
def test_a_huge_value_costs_nothing_to_show(value: Any) -> None:
    began = time.perf_counter()
    shown = brief(value)
    assert time.perf_counter() - began < 0.05
    assert len(shown) < 400
    assert json.dumps(shown)
