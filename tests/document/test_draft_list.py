"""A list inside a draft does what a list does: every method, with every index and slice that a short list can meet."""

import itertools
import json
import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from realtime_sync.document.draft import draft
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.document.view import read_only
from realtime_sync.errors import InvalidValue
from tests.document.draft_twin import check_alike, plain

pytestmark = pytest.mark.usefixtures("implementation")

LISTS: list[list[Any]] = [[], ["a"], [3, 1, 2], [{"x": 1}, [2], "s", {"x": 1}], [[1], [0, 5], [], [0]]]
INDEXES = range(-5, 6)
BOUNDS = (None, -5, -2, -1, 0, 1, 3, 6)
SLICES = [slice(*parts) for parts in itertools.product(BOUNDS, BOUNDS, (None, -2, -1, 1, 2))]


def as_json(value: Any) -> str:
    return json.dumps(plain(value))


def test_getting_an_element_or_a_slice() -> None:
    for start in LISTS:
        for index in (*INDEXES, *SLICES):
            check_alike(lambda target, index=index: target[index], start)  # type: ignore[misc]


def test_deleting_an_element_or_a_slice() -> None:
    for start in LISTS:
        for index in (*INDEXES, *SLICES):
            check_alike(lambda target, index=index: target.__delitem__(index), start)  # type: ignore[misc]


@pytest.mark.parametrize("value", [None, 7, {"y": [1]}, ["z"]], ids=str)
def test_setting_an_element(value: Any) -> None:
    for start in LISTS:
        for index in INDEXES:
            check_alike(lambda target, index=index: target.__setitem__(index, value), start)  # type: ignore[misc]


@pytest.mark.parametrize("values", [[], [{"y": 1}], [8, [9]], [1, 2, 3]], ids=str)
def test_setting_a_slice(values: list[Any]) -> None:
    for start in LISTS:
        for index in SLICES:
            check_alike(lambda target, index=index: target.__setitem__(index, values), start)  # type: ignore[misc]


def test_inserting_and_popping() -> None:
    for start in LISTS:
        for index in INDEXES:
            check_alike(lambda target, index=index: target.insert(index, {"new": 1}), start)  # type: ignore[misc]
            check_alike(lambda target, index=index: target.pop(index), start)  # type: ignore[misc]


def change_twice(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def both(target: Any) -> None:
        first(target)
        second(target)

    return both


def swap(target: Any) -> None:
    target[0], target[-1] = target[-1], target[0]


def sort_or_leave(target: Any) -> None:
    before = target[:]
    try:
        target.sort()
    except TypeError:
        target[:] = before  # a list is left half sorted, a draft's is not
        raise


def multiply(target: Any, count: int) -> None:
    target *= count


def add(target: Any, values: Any) -> None:
    target += values


METHODS: dict[str, Callable[[Any], Any]] = {
    "append scalar": lambda target: target.append(5),
    "append list": lambda target: target.append([5]),
    "extend": lambda target: target.extend([{"a": 1}, 2]),
    "extend by text": lambda target: target.extend("ab"),
    "extend by itself": lambda target: target.extend(target),
    "extend by nothing": lambda target: target.extend([]),
    "+= list": lambda target: add(target, [1]),
    "+= generator": lambda target: add(target, (number for number in range(2))),
    "+= number": lambda target: add(target, 1),
    "*= -1": lambda target: multiply(target, -1),
    "*= 0": lambda target: multiply(target, 0),
    "*= 1": lambda target: multiply(target, 1),
    "*= 3": lambda target: multiply(target, 3),
    "*= text": lambda target: multiply(target, "x"),  # type: ignore[arg-type]
    "+": lambda target: operator.add(target, [1]),
    "+ itself": lambda target: target + target,
    "+ tuple": lambda target: operator.add(target, (1,)),
    "list +": lambda target: operator.add([1], target),
    "* 2": lambda target: target * 2,
    "2 *": lambda target: 2 * target,
    "* -1": lambda target: target * -1,
    "pop": lambda target: target.pop(),
    "clear": lambda target: target.clear(),
    "reverse": lambda target: target.reverse(),
    "reversed": lambda target: list(reversed(target)),
    "sort": sort_or_leave,
    "sort by text": lambda target: target.sort(key=as_json),
    "sort by length, backwards": lambda target: target.sort(key=lambda element: len(as_json(element)), reverse=True),
    "sort by what fails": lambda target: target.sort(key=lambda element: 1 / 0),
    "remove 1": lambda target: target.remove(1),
    "remove object": lambda target: target.remove({"x": 1}),
    "index of 2": lambda target: target.index(2),
    "index of object": lambda target: target.index({"x": 1}, 1),
    "index in a range": lambda target: target.index(2, -1, 5),
    "index, none": lambda target: target.index("nowhere"),
    "count": lambda target: target.count({"x": 1}),
    "in": lambda target: [2] in target,
    "not in": lambda target: "nowhere" not in target,
    "bool": bool,
    "iterate": list,
    "swap": swap,
    "assign itself": lambda target: target.__setitem__(slice(None), target),
    "assign the reverse": lambda target: target.__setitem__(slice(None), target[::-1]),
    "assign twice": lambda target: target.__setitem__(slice(None), list(target) + list(target)),
    "assign a half": lambda target: target.__setitem__(slice(None), target[::2]),
    "assign a generator": lambda target: target.__setitem__(slice(1, 2), (element for element in target)),
    "assign no iterable": lambda target: target.__setitem__(slice(None), 5),
    "index by text": lambda target: target["0"],
    "set by text": lambda target: target.__setitem__("0", 1),
    "delete by float": lambda target: target.__delitem__(0.0),
    "index by True": lambda target: target[True],
}


@pytest.mark.parametrize("name", METHODS)
def test_method(name: str) -> None:
    for start in LISTS:
        check_alike(METHODS[name], start)


@pytest.mark.parametrize("first", METHODS)
def test_method_after_another(first: str) -> None:
    for second in METHODS.values():
        for start in LISTS[2:4]:
            check_alike(change_twice(METHODS[first], second), start)


def edits_at(length: int) -> Iterator[Callable[[Any], Any]]:
    """Yield the changes that need no copy of the list, at every place of it."""
    yield lambda target: target.append({"new": []})
    yield lambda target: target.pop()
    for index in range(length):
        yield lambda target, index=index: target.__setitem__(index, "set")  # type: ignore[misc]
        yield lambda target, index=index: target.__setitem__(index, {"set": 1})  # type: ignore[misc]
        yield lambda target, index=index: (  # type: ignore[misc]
            target[index].__setitem__("x", "edited") if not isinstance(target[index], int) else None
        )


def test_every_order_of_three_edits_that_keep_places() -> None:
    start: list[Any] = [{"x": 1}, 5, {"x": 2}]
    for edits in itertools.product(list(edits_at(len(start))), repeat=3):

        def all_three(target: Any, edits: tuple[Callable[[Any], Any], ...] = edits) -> None:
            for edit in edits:
                edit(target)

        check_alike(all_three, start)


def test_elements_are_compared_as_json() -> None:
    with draft([True, 1, {"a": 1}, 0]) as d:
        assert d.index(1) == 1
        assert d.count(1.0) == 1
        assert False not in d
        assert {"a": True} not in d
        assert read_only({"a": 1}) in d
        assert d[2] in d
        d.remove(1)
    assert d.result == [True, {"a": 1}, 0]
    assert d.result[0] is True


def test_an_element_is_the_same_part_however_often_and_wherever_it_is_read() -> None:
    with draft([{"n": 2}, {"n": 1}, {"n": 3}]) as d:
        first = d[0]
        assert d[0] is first
        assert d[-3] is first
        assert d[:][0] is first
        assert next(iter(d)) is first
        d.insert(0, None)
        assert d[1] is first
        d.sort(key=lambda element: element["n"] if element else 0)
        assert d[2] is first
        d.reverse()
        first["n"] = 5
        del d[-1]
    assert d.result == [{"n": 3}, {"n": 5}, {"n": 1}]


def test_a_filter_keeps_the_parts_that_stay() -> None:
    with draft([{"n": number} for number in range(4)]) as d:
        last = d[3]
        d[:] = [element for element in d if element["n"] % 2]
        assert d[1] is last
        last["n"] = 30
    assert d.result == [{"n": 1}, {"n": 30}]


def test_parts_that_stay_stay_when_they_are_empty() -> None:
    with draft([{}, []]) as d:
        first, second = d
        d[:] = [second, first]
        assert d[1] is first
        first["n"] = 1
        second.append(2)
    assert d.result == [[2], {"n": 1}]


def test_putting_one_part_in_twice_puts_a_copy() -> None:
    with draft([{"n": 1}]) as d:
        d[:] = [d[0], d[0]]
        d[0]["n"] = 2
    assert d.result == [{"n": 2}, {"n": 1}]


def test_a_sort_that_fails_changes_nothing() -> None:
    with draft([3, 1, 2, "text"]) as d:
        with pytest.raises(TypeError):
            d.sort()
        assert d == [3, 1, 2, "text"]
    assert d.patch == []


def test_slice_assignment_is_all_or_nothing() -> None:
    with draft([{"n": 1}, {"n": 2}]) as d:
        first = d[0]
        with pytest.raises(InvalidValue):
            d[:] = [1, float("nan")]
        with pytest.raises(ValueError, match="extended slice"):
            d[::2] = [1, 2]
        with pytest.raises(InvalidValue):
            d.extend([1, {1}])
        first["n"] = 5
    assert d.patch == [{"op": "replace", "path": "/0/n", "value": 5}]


def test_a_list_sees_what_is_added_while_it_is_iterated() -> None:
    with draft([1, 2]) as d:
        for element in d:
            if len(d) < 5:
                d.append(element * 10)
    assert d.result == [1, 2, 10, 20, 100]


def test_appending_is_one_add_each() -> None:
    with draft({"list": [1, 2, 3]}) as d:
        d["list"].append({"a": 1})
        d["list"][3]["a"] = 2
        d["list"] += ["end"]
    assert d.patch == [
        {"op": "add", "path": "/list/3", "value": {"a": 2}},
        {"op": "add", "path": "/list/4", "value": "end"},
    ]


def test_inserting_at_the_head_of_a_long_list_is_one_operation() -> None:
    document = [{"id": f"n{number}", "text": "x" * 20} for number in range(300)]
    with draft(document) as d:
        d.insert(0, {"id": "new"})
    assert d.patch == [{"op": "add", "path": "/0", "value": {"id": "new"}}]


def test_an_edit_of_an_element_that_was_shifted_is_found_where_it_went() -> None:
    document = [{"id": f"n{number}", "text": "x" * 200} for number in range(20)]
    with draft(document) as d:
        d[7]["text"] += "tail"
        del d[3]
    assert json_equal(d.result, apply_patch(document, d.patch))
    assert {"op": "remove", "path": "/3"} in d.patch
    assert {"op": "append", "path": "/6/text", "value": "tail"} in d.patch
    assert len(d.patch) == 2


def test_a_new_scalar_at_each_place_keeps_the_places() -> None:
    document = {"list": list(range(100))}
    with draft(document) as d:
        for index in (3, 50, 99):
            d["list"][index] = None
    assert d.patch == [{"op": "replace", "path": f"/list/{index}", "value": None} for index in (3, 50, 99)]


def test_filling_an_empty_list_is_one_operation() -> None:
    with draft({"list": [], "rest": "x" * 1000}) as d:
        d["list"].extend(range(10))
    assert d.patch == [{"op": "replace", "path": "/list", "value": list(range(10))}]


def test_reading_a_list_in_every_way_records_nothing() -> None:
    document = [{"a": [1]}, [2], "x"]
    with draft(document) as d:
        assert list(d) == [{"a": [1]}, [2], "x"]
        assert d[:] == document
        assert d.index([2]) == 1
        assert d == document
        assert json.dumps(d.copy()) == json.dumps(document)
        assert repr(d) == "<draft: [{'a': [1]}, [2], 'x']>"
        assert "x" in d
    assert d.patch == []
    assert d.result is document
