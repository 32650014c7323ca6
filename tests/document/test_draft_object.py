"""An object inside a draft does what a dict does."""

import operator
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import pytest

from realtime_sync.document.draft import draft
from realtime_sync.errors import InvalidValue
from tests.document.draft_twin import check_alike, outcome, plain

pytestmark = pytest.mark.usefixtures("implementation")

OBJECTS: list[dict[str, Any]] = [{}, {"a": 1}, {"a": {"x": 1}, "b": [1], "": None, "~/": "text"}]


def set_back(target: Any) -> None:
    target["a"], before = 7, plain(target["a"])
    target["a"] = before


def merge_in(target: Any) -> None:
    target |= {"b": 2, "new": {"y": []}}


METHODS: dict[str, Callable[[Any], Any]] = {
    "get": lambda target: target["a"],
    "get missing": lambda target: target["nowhere"],
    "get number": lambda target: target[1],
    "get list": lambda target: target[[]],
    "set old": lambda target: target.__setitem__("a", {"y": 2}),
    "set new": lambda target: target.__setitem__("new", [1]),
    "set odd key": lambda target: target.__setitem__("/~1é", 1),
    "delete": lambda target: target.__delitem__("a"),
    "delete missing": lambda target: target.__delitem__("nowhere"),
    "delete number": lambda target: target.__delitem__(1),
    "set and set back": set_back,
    "in": lambda target: ["a" in target, "nowhere" in target, 1 in target],
    "in, unhashable": lambda target: [] in target,
    "len": len,
    "bool": bool,
    "iterate": list,
    "reversed": lambda target: list(reversed(target)),
    "keys": lambda target: list(target.keys()),
    "values": lambda target: list(target.values()),
    "items": lambda target: list(target.items()),
    "items meet": lambda target: ("a", 1) in target.items(),
    "keys and": lambda target: sorted(target.keys() & {"a", "z"}),
    ".get": lambda target: target.get("a"),
    ".get missing": lambda target: [target.get("nowhere"), target.get("nowhere", 5)],
    "pop": lambda target: target.pop("a"),
    "pop missing": lambda target: target.pop("nowhere"),
    "pop default": lambda target: target.pop("nowhere", None),
    "popitem": lambda target: target.popitem(),
    "clear": lambda target: target.clear(),
    "setdefault old": lambda target: target.setdefault("a", 5),
    "setdefault new": lambda target: target.setdefault("new", {"x": 1}),
    "setdefault null": lambda target: target.setdefault("new"),
    "update": lambda target: target.update({"a": None, "new": [{}]}, z=1),
    "update pairs": lambda target: target.update([("a", 2), ("c", 3)]),
    "update itself": lambda target: target.update(target),
    "update number": lambda target: target.update(5),
    "|": lambda target: operator.or_(target, {"a": 2}),
    "| itself": lambda target: target | target,
    "| list": lambda target: operator.or_(target, [("a", 2)]),
    "dict |": lambda target: operator.or_({"a": 5, "z": 2}, target),
    "|=": merge_in,
    "==": lambda target: [target == {"a": 1}, target == [], target == 5, target != {}],
    "dict()": dict,
    "**": lambda target: dict(**target),
}


@pytest.mark.parametrize("name", METHODS)
def test_method(name: str) -> None:
    for start in OBJECTS:
        check_alike(METHODS[name], start)


REMOVES_A_KEY = {"delete", "pop"}
"""What is not followed by others here, as they may set the key again, and then the order is another (see below)."""


@pytest.mark.parametrize("first", [name for name in METHODS if name not in REMOVES_A_KEY])
def test_method_after_another(first: str) -> None:
    def both(target: Any, second: Callable[[Any], Any]) -> Any:
        outcome(METHODS[first], target)
        return second(target)

    for second in METHODS.values():
        for start in OBJECTS[1:]:
            check_alike(partial(both, second=second), start)


def test_a_key_that_was_removed_and_set_again_is_changed_where_it_was() -> None:
    with draft({"a": {"x": 1, "y": [1, 2, 3, 4, 5, 6]}, "b": 2}) as d:
        d["a"] = d.pop("a")
        d["a"]["x"] = True
        d["b"] = d.pop("b")
        assert list(d) == ["a", "b"]  # a dict would have them the other way round
    assert d.patch == [{"op": "replace", "path": "/a/x", "value": True}]


def test_every_public_method_of_dict_is_there() -> None:
    with draft({}) as d:
        assert {name for name in dir(dict) if not name.startswith("_")} - set(dir(d)) == {"fromkeys"}


def test_keys_come_in_the_order_of_the_document_and_then_of_adding() -> None:
    with draft({"a": 1, "b": 2, "c": 3}) as d:
        d["z"] = 1
        del d["b"]
        d["y"] = 1
        d["b"] = 5
        del d["z"]
        d["z"] = 2
        assert list(d) == ["a", "b", "c", "y", "z"]
        assert list(reversed(d)) == ["z", "y", "c", "b", "a"]
        assert d.popitem() == ("z", 2)
    assert isinstance(d.result, dict)
    assert list(d.result) == ["a", "b", "c", "y"]


def test_keys_that_are_no_strings_are_refused_with_their_path_and_the_remedy() -> None:
    with draft({"nodes": {}}) as d:
        for key in (1, None, True, 1.5, ("a",)):
            with pytest.raises(InvalidValue, match=r"convert the keys with str\(\)") as caught:
                d["nodes"][key] = 1
            assert caught.value.path == "/nodes"
        with pytest.raises(InvalidValue, match="lone surrogate"):
            d["nodes"]["\ud800"] = 1
        with pytest.raises(TypeError, match="unhashable"):
            d["nodes"][[]] = 1
    assert d.patch == []


def test_string_keys_of_other_types_become_plain_strings() -> None:
    class Name(str):
        pass

    class Field(str, Enum):  # noqa: UP042 (both ways of writing it are in use)
        STATUS = "status"

    with draft({"status": 1}) as d:
        d[Name("new")] = 1
        d[Field.STATUS] = 2
        d.setdefault(Field.STATUS, 3)
    assert isinstance(d.result, dict)
    assert [type(key) for key in d.result] == [str, str]
    assert d.result == {"status": 2, "new": 1}


def remove_while_iterating(target: Any) -> None:
    for key in target:
        del target[key]


def rename_while_iterating(target: Any) -> None:
    for key in target:
        target[f"{key}{key}"] = target.pop(key)  # as many as before


def clear_while_iterating(target: Any) -> None:
    for _ in target:
        target.clear()


def add_while_iterating_values(target: Any) -> None:
    for value in target.values():
        target[f"{value}"] = 1


def add_while_iterating_items(target: Any) -> None:
    for key, _ in target.items():
        target[f"{key}{key}"] = 1


@pytest.mark.parametrize(
    "change",
    [
        remove_while_iterating,
        rename_while_iterating,
        clear_while_iterating,
        add_while_iterating_values,
        add_while_iterating_items,
    ],
)
def test_changing_the_keys_while_iterating_raises_as_a_dict_does(change: Callable[[Any], None]) -> None:
    for start in ({"a": 1, "b": 2}, {"a": 1}):
        with pytest.raises(RuntimeError):
            change(dict(start))
        with draft(start) as d, pytest.raises(RuntimeError, match="changed during an iteration"):
            change(d)
        with draft({}) as d:
            d.update(start)
            with pytest.raises(RuntimeError, match="changed during an iteration"):
                change(d)


def test_values_can_be_set_and_parts_edited_while_iterating() -> None:
    with draft({"a": {"n": 1}, "b": {"n": 2}}) as d:
        d["c"] = {"n": 3}
        for key, member in d.items():
            member["n"] += 10
            d[key]["seen"] = True
        for key in d:
            d[key] = d[key]["n"]
    assert d.result == {"a": 11, "b": 12, "c": 13}


def test_setdefault_returns_the_part_that_was_put_in() -> None:
    with draft({}) as d:
        d.setdefault("list", []).append(1)
        d.setdefault("list", []).append(2)
    assert d.patch == [{"op": "add", "path": "/list", "value": [1, 2]}]


def test_clear_is_one_operation_however_many_members_there_were() -> None:
    document = {"object": {str(number): number for number in range(1000)}}
    with draft(document) as d:
        held = d["object"]
        held.clear()
        held["new"] = 1
        assert d["object"] is held
    assert d.patch == [{"op": "replace", "path": "/object", "value": {"new": 1}}]


def test_clear_and_fill_again_with_the_same_is_nothing() -> None:
    document = {"object": {"a": [1], "b": {"c": "text"}}}
    with draft(document) as d:
        before = d["object"].copy()
        d["object"].clear()
        d["object"].update(before)
    assert d.patch == []
