"""JSON Pointers: the conformance cases, and that parsing and formatting are each other's inverse."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.equality import json_equal
from realtime_sync.document.pointer import array_index, escape_token, format_pointer, json_name, parse_pointer, resolve
from realtime_sync.errors import InvalidPointer, PatchError, PathNotFound
from realtime_sync.testing.strategies import json_keys

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "conformance" / "pointer.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_conformance(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(PatchError):
            resolve(case["document"], case["pointer"])
    else:
        assert json_equal(resolve(case["document"], case["pointer"]), case["expected"])


@given(st.lists(json_keys()))
def test_what_is_formatted_is_parsed_again(tokens: list[str]) -> None:
    assert parse_pointer(format_pointer(tokens)) == tuple(tokens)


@given(st.text(alphabet="/~01-aé", max_size=12))
def test_a_text_is_refused_or_formatted_again(text: str) -> None:
    try:
        tokens = parse_pointer(text)
    except InvalidPointer:
        assert not text.startswith("/") or "~" in text.replace("~0", "").replace("~1", "")
    else:
        assert format_pointer(tokens) == text


def test_indices_are_formatted_like_keys() -> None:
    assert format_pointer(["nodes", 0, "a/b"]) == "/nodes/0/a~1b"


def test_a_tilde_is_escaped_before_a_slash() -> None:
    assert escape_token("~1/") == "~01~1"


@pytest.mark.parametrize("text", [None, 7, ["a"], b"/a"])
def test_only_text_is_a_pointer(text: Any) -> None:
    with pytest.raises(InvalidPointer, match="a pointer is a string, not"):
        parse_pointer(text)


@pytest.mark.parametrize(
    ("token", "length", "allow_end", "index"),
    [
        ("0", 1, False, 0),
        ("9", 10, False, 9),
        ("3", 3, True, 3),
        ("-", 3, True, 3),
        ("0", 0, True, 0),
        ("-", 0, True, 0),
    ],
)
def test_an_index_is_found(token: str, length: int, allow_end: bool, index: int) -> None:
    assert array_index(token, length, allow_end=allow_end) == index


@pytest.mark.parametrize(
    ("token", "length", "allow_end", "problem"),
    [
        ("3", 3, False, "the list has 3 elements"),
        ("4", 3, True, "the list has 3 elements"),
        ("1", 1, False, "the list has 1 element"),
        ("0", 0, False, "the list has 0 elements"),
        ("-", 3, False, "'-' means the place after the last element"),
        ("00", 3, True, "'00' is no list index"),
        ("", 3, True, "'' is no list index"),
        ("-1", 3, True, "'-1' is no list index"),
        ("\u0661", 3, True, "'\u0661' is no list index"),
        ("9" * 5000, 3, True, "the list has 3 elements"),
    ],
)
def test_an_index_is_refused(token: str, length: int, allow_end: bool, problem: str) -> None:
    with pytest.raises(PathNotFound) as caught:
        array_index(token, length, allow_end=allow_end)
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/a/5", "'/a/5': the list has 2 elements"),
        ("/b", "'/b': the object has no such member, only 'a', 'c~'"),
        ("/b/0/x", "'/b': the object has no such member, only 'a', 'c~'"),
        ("/c~0/x", "'/c~0/x': the object has no members"),
        ("/a/0/x", "'/a/0/x': the value above it is a boolean, which has nothing inside"),
        ("/a/1/x", "'/a/1/x': the value above it is null, which has nothing inside"),
    ],
)
def test_an_error_says_where_the_way_ends_and_what_was_there(pointer: str, text: str) -> None:
    with pytest.raises(PathNotFound) as caught:
        resolve({"a": [True, None], "c~": {}}, pointer)
    assert str(caught.value) == text


def test_an_error_lists_few_of_many_members() -> None:
    with pytest.raises(PathNotFound, match=r"only 'n0', 'n1', 'n2', 'n3', 'n4' and 995 more$"):
        resolve({f"n{number}": number for number in range(1000)}, "/x")


def test_a_missing_member_is_also_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        resolve({}, "/a")


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "a boolean"), (1, "a number"), (1.5, "a number"), ("", "a string"), ([], "a list")],
)
def test_types_have_the_names_that_json_gives_them(value: object, name: str) -> None:
    assert json_name(value) == name


def test_what_is_no_json_keeps_its_own_name() -> None:
    assert json_name(b"") == "something of type bytes"
