import copy
import json
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import pytest
from hypothesis import given

from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import normalize
from realtime_sync.document.view import read_only
from realtime_sync.testing.strategies import json_values


def document() -> dict[str, Any]:
    return {"nodes": {"n1": {"tags": ["a", {"b": 1}], "done": True}}, "empty": [], "count": 1}


def plain_through(view: Any) -> Any:
    """Return what can be reached through `view`, step by step."""
    if isinstance(view, Mapping):
        return {key: plain_through(member) for key, member in view.items()}
    if isinstance(view, Sequence) and not isinstance(view, str):
        return [plain_through(element) for element in view]
    return view


@given(json_values())
def test_everything_can_be_read_through_a_view(value: Any) -> None:
    view = read_only(value)
    assert json_equal(plain_through(view), value)
    assert json_equal(normalize(view), value)
    assert view == value
    assert value == view
    assert view == read_only(copy.deepcopy(value))
    assert repr(view) == repr(value)


def test_scalars_are_returned_as_they_are() -> None:
    for scalar in (None, True, 1, 1.5, "text"):
        assert read_only(scalar) is scalar


def test_a_view_is_a_mapping_or_a_sequence_and_never_a_mutable_one() -> None:
    view = read_only(document())
    assert isinstance(view, Mapping)
    assert not isinstance(view, MutableMapping)
    assert isinstance(view["empty"], Sequence)
    assert not isinstance(view["empty"], MutableSequence)


def test_an_object_view_reads_like_a_dict() -> None:
    plain = document()
    view = read_only(plain)
    assert len(view) == 3
    assert list(view) == list(plain)
    assert list(reversed(view)) == list(reversed(plain))
    assert "nodes" in view
    assert "other" not in view
    assert 1 not in view
    assert view.get("other") is None
    assert view.get("other", 5) == 5
    assert list(view["nodes"]["n1"].items()) == list(plain["nodes"]["n1"].items())
    with pytest.raises(KeyError, match="other"):
        view["other"]


def test_a_list_view_reads_like_a_list() -> None:
    plain = [3, 1, {"a": 1}, 1]
    view = read_only(plain)
    assert [view[index] for index in range(-4, 4)] == [plain[index] for index in range(-4, 4)]
    assert view[1:3] == plain[1:3]
    assert view[::-2] == plain[::-2]
    assert list(reversed(view)) == list(reversed(plain))
    assert view.index(1) == 1
    assert view.index(1, 2) == 3
    assert view.index({"a": 1}, -3, -1) == 2
    assert view.count(1) == 2
    assert {"a": 1} in view
    with pytest.raises(IndexError):
        view[4]
    with pytest.raises(ValueError, match="7 is not in the list"):
        view.index(7)


def test_slices_are_views_too() -> None:
    plain = [{"a": 1}]
    with pytest.raises(TypeError, match="read-only"):
        read_only(plain)[:][0]["a"] = 2
    assert plain == [{"a": 1}]


def test_equality_is_that_of_json() -> None:
    assert read_only({"a": 1}) == {"a": 1.0}
    assert read_only({"a": 1}) != {"a": True}
    assert read_only([0]) != [False]
    assert read_only([[0]]) != read_only([[False]])
    assert read_only([1]) != (1,)
    assert read_only({"a": [1]}) == {"a": read_only([1])}
    assert read_only({"a": [1]}) != {"a": read_only([True])}
    assert 1 not in read_only([True])
    assert read_only([True, 1]).index(1) == 1
    assert read_only([True, 1, 1.0]).count(1) == 2
    assert read_only({"a": 1}) != 5


def test_a_view_cannot_be_hashed() -> None:
    for view in (read_only({}), read_only([])):
        with pytest.raises(TypeError, match="unhashable"):
            hash(view)


OBJECT_CHANGES = {
    "set": lambda view: view.__setitem__("a", 1),
    "delete": lambda view: view.__delitem__("a"),
    "|=": lambda view: view.__ior__({"a": 1}),
    "clear": lambda view: view.clear(),
    "pop": lambda view: view.pop("a"),
    "popitem": lambda view: view.popitem(),
    "setdefault": lambda view: view.setdefault("b", 1),
    "update": lambda view: view.update(b=1),
}
LIST_CHANGES = {
    "set": lambda view: view.__setitem__(0, 1),
    "set slice": lambda view: view.__setitem__(slice(None), [1]),
    "delete": lambda view: view.__delitem__(0),
    "+=": lambda view: view.__iadd__([1]),
    "*=": lambda view: view.__imul__(2),
    "append": lambda view: view.append(1),
    "clear": lambda view: view.clear(),
    "extend": lambda view: view.extend([1]),
    "insert": lambda view: view.insert(0, 1),
    "pop": lambda view: view.pop(),
    "remove": lambda view: view.remove(0),
    "reverse": lambda view: view.reverse(),
    "sort": lambda view: view.sort(key=str),
}
CHANGES: list[tuple[Any, Any]] = [({"a": [0]}, change) for change in OBJECT_CHANGES.values()]
CHANGES += [([0, [1]], change) for change in LIST_CHANGES.values()]


@pytest.mark.parametrize(("value", "change"), CHANGES, ids=[*OBJECT_CHANGES, *LIST_CHANGES])
def test_every_way_to_change_a_view_names_the_remedy(value: Any, change: Any) -> None:
    before = json.dumps(value)
    with pytest.raises(TypeError, match=r"channel\.edit\(\).*normalize\(view\)"):
        change(read_only(value))
    assert json.dumps(value) == before


def test_the_changes_above_are_all_that_dict_and_list_have() -> None:
    reading = {"copy", "get", "items", "keys", "values", "fromkeys", "count", "index"}
    public = {name for name in (*dir(dict), *dir(list)) if not name.startswith("_")}
    assert public - reading <= {*OBJECT_CHANGES, *LIST_CHANGES}


def test_no_attribute_can_be_set_on_a_view() -> None:
    with pytest.raises(AttributeError):
        read_only({}).note = 1


@pytest.mark.parametrize("duplicate", [lambda view: view.copy(), copy.copy, copy.deepcopy, normalize])
def test_a_copy_is_plain_and_owned(duplicate: Any) -> None:
    plain = document()
    mine = duplicate(read_only(plain))
    assert type(mine) is dict
    assert mine == plain
    mine["nodes"]["n1"]["tags"][1]["b"] = 2
    mine["empty"].append(1)
    assert plain == document()


def test_a_view_shows_later_changes() -> None:
    plain = document()
    view = read_only(plain)
    nodes = view["nodes"]
    plain["nodes"]["n2"] = {}
    assert list(nodes) == ["n1", "n2"]
