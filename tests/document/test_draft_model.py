"""The same random edits, made to a draft and to a plain copy, come to the same document, and to a patch that makes it.

PyPI's jsonpatch applies the patches as well; it refuses to append to a document that is itself a string.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.diff import diff
from realtime_sync.document.draft import draft
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.document.pointer import format_pointer
from realtime_sync.errors import DraftDetached
from realtime_sync.jsontypes import Json
from realtime_sync.testing.strategies import (
    EditKind,
    GraphEdit,
    graph_edits,
    json_keys,
    json_scalars,
    json_values,
    task_graphs,
)
from tests.document.draft_twin import outcome

pytestmark = pytest.mark.usefixtures("implementation")

Tokens = tuple[str | int, ...]
Edit = Callable[[Any], Any]


def containers(value: Any, above: Tokens = ()) -> list[Tokens]:
    """Return where the lists and dicts of `value` are."""
    if not isinstance(value, dict | list):
        return []
    members = value.items() if isinstance(value, dict) else enumerate(value)
    below = [place for token, member in members for place in containers(member, (*above, token))]
    return [above, *below]


def at(root: Any, tokens: Tokens) -> Any:
    for token in tokens:
        root = root[token]
    return root


VALUES = json_values(max_leaves=6)
INDEXES = st.integers(-4, 4)
SLICES = st.builds(slice, st.none() | INDEXES, st.none() | INDEXES, st.none() | st.sampled_from([1, 2, -1]))


def object_edits(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Edit]:
    return st.one_of(
        st.builds(lambda key, value: lambda part: part.__setitem__(key, copy.deepcopy(value)), keys, VALUES),
        st.builds(lambda key, value: lambda part: part.setdefault(key, copy.deepcopy(value)), keys, VALUES),
        st.builds(lambda key: lambda part: part.__delitem__(key), keys),
        st.builds(lambda key: lambda part: part.pop(key), keys),
        st.builds(lambda key, text: lambda part: append(part, key, text), keys, st.text(max_size=3)),
        st.builds(lambda a, b: lambda part: copy_member(part, a, b), keys, keys),
        st.builds(lambda a, b: lambda part: swap(part, a, b), keys, keys),
        st.builds(lambda values: lambda part: part.update(values), st.dictionaries(keys, VALUES, max_size=3)),
        st.just(lambda part: part.clear()),
        st.just(lambda part: touch(part.values())),
    )


OBJECT_EDITS = object_edits(json_keys())
LIST_EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(lambda index, value: lambda part: part.__setitem__(index, copy.deepcopy(value)), INDEXES, VALUES),
    st.builds(lambda index, value: lambda part: part.insert(index, copy.deepcopy(value)), INDEXES, VALUES),
    st.builds(lambda value: lambda part: part.append(copy.deepcopy(value)), VALUES),
    st.builds(lambda values: lambda part: part.extend(copy.deepcopy(values)), st.lists(VALUES, max_size=3)),
    st.builds(lambda index: lambda part: part.__delitem__(index), INDEXES),
    st.builds(lambda index: lambda part: part.pop(index), INDEXES),
    st.builds(lambda index, text: lambda part: append(part, index, text), INDEXES, st.text(max_size=3)),
    st.builds(lambda a, b: lambda part: copy_member(part, a, b), INDEXES, INDEXES),
    st.builds(lambda a, b: lambda part: swap(part, a, b), INDEXES, INDEXES),
    st.builds(lambda where: lambda part: part.__delitem__(where), SLICES),
    st.builds(
        lambda where, values: lambda part: part.__setitem__(where, copy.deepcopy(values)),
        SLICES,
        st.lists(VALUES, max_size=3),
    ),
    st.builds(lambda where: lambda part: keep(part, where), SLICES),
    st.just(lambda part: part.reverse()),
    st.just(lambda part: part.sort(key=lambda element: isinstance(element, str))),
    st.just(lambda part: part.clear()),
    st.just(lambda part: touch(part)),
)


def edits_of(target: Any) -> st.SearchStrategy[Edit]:
    """Return a strategy for edits of `target`, most of them of members that it has."""
    if isinstance(target, list):
        return LIST_EDITS
    return object_edits(st.sampled_from(list(target)) | json_keys()) if target else OBJECT_EDITS


def append(part: Any, place: Any, text: str) -> None:
    if isinstance(part[place], str):
        part[place] += text


def copy_member(part: Any, source: Any, target: Any) -> None:
    part[target] = copy.deepcopy(part[source])


def swap(part: Any, a: Any, b: Any) -> None:
    if a != b and part[a] is not part[b]:
        part[a], part[b] = copy.deepcopy(part[b]), copy.deepcopy(part[a])


def keep(part: Any, where: slice) -> None:
    part[:] = part[where]


def touch(values: Any) -> None:
    for value in values:
        len(value) if isinstance(value, dict | list) else None


@given(st.data(), json_values(max_leaves=16), st.integers(1, 12))
def test_a_draft_does_what_a_plain_document_does(data: Any, document: Json, steps: int) -> None:
    before = copy.deepcopy(document)
    model = copy.deepcopy(document)
    kept: list[tuple[Any, Any]] = []  # plain containers, and the parts that stood at their places
    with draft(document) as d:
        for _ in range(steps):
            places = containers(model)
            if not places or data.draw(st.integers(0, 19)) == 0:
                model = data.draw(VALUES)
                d.replace(model)
                model = copy.deepcopy(model)
                continue
            place = data.draw(st.sampled_from(places))
            target, part = at(model, place), at(d, place)
            kept += [(target, part)] if place else []
            edit = data.draw(edits_of(target))
            assert outcome(edit, part)[0] == outcome(edit, target)[0]
            assert json_equal(d.copy(), model)
        check_kept(kept, model, d)
    assert json_equal(document, before)
    assert json_equal(apply_patch(document, d.patch), model)
    assert json_equal(d.result, model)
    if not isinstance(document, str):
        assert json_equal(jsonpatch.JsonPatchWithAppend(d.patch).apply(before), model)
    if json_equal(model, document):
        assert d.patch == []


def check_kept(kept: list[tuple[Any, Any]], model: Json, d: Any) -> None:
    """Check that a part is in the draft exactly if the plain container that it is the twin of is in the model."""
    places = {id(at(model, place)): place for place in containers(model)}
    for target, part in kept:
        if id(target) in places:
            assert at(d, places[id(target)]) is part
        else:
            assert outcome(lambda part: part.clear(), part) == ("raised", DraftDetached)
        assert json_equal(part.copy(), target)


def without(kind: EditKind, edits: list[GraphEdit]) -> list[GraphEdit]:
    return [edit for edit in edits if edit.kind is not kind]


def with_nodes_in_order(edits: list[GraphEdit]) -> list[GraphEdit]:
    """Return edits that never add a node under the id of one that was removed.

    It would come last in a dict, but not in a draft, and edits pick nodes by their position.
    """
    if any(edit.kind is EditKind.REMOVE_NODE for edit in edits):
        return without(EditKind.ADD_CHILD, edits)
    return edits


@given(task_graphs(), graph_edits(max_size=12))
def test_realistic_edits_make_the_document_that_they_make_of_plain_values(
    graph: dict[str, Any], edits: list[GraphEdit]
) -> None:
    edited = copy.deepcopy(graph)
    with draft(graph) as d:
        for edit in with_nodes_in_order(edits):
            edit.apply(edited)
            edit.apply(d)
        assert d == edited
    assert json_equal(d.result, edited)
    assert json_equal(jsonpatch.JsonPatchWithAppend(d.patch).apply(graph), edited)


@given(task_graphs(), graph_edits(max_size=12))
def test_a_draft_takes_no_more_operations_than_a_diff(graph: dict[str, Any], edits: list[GraphEdit]) -> None:
    edited = copy.deepcopy(graph)
    with draft(graph) as d:
        for edit in without(EditKind.REORDER_PLAN, with_nodes_in_order(edits)):
            edit.apply(edited)
            edit.apply(d)
    found = diff(graph, edited, text_append=True)
    if not any(operation["op"] == "replace" and isinstance(operation["value"], dict | list) for operation in found):
        assert len(d.patch) <= len(found)


@given(st.dictionaries(json_keys(), json_scalars() | st.dictionaries(json_keys(), json_scalars())), st.data())
def test_no_place_is_written_twice(document: dict[str, Any], data: Any) -> None:
    with draft(document) as d:
        for _ in range(8):
            part = at(d, data.draw(st.sampled_from(containers(d.copy()))))
            outcome(data.draw(OBJECT_EDITS), part)
    paths = [operation["path"] for operation in d.patch]
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert not any(other.startswith(f"{path}/") for other in paths)


@given(task_graphs(), graph_edits())
def test_the_same_edits_always_make_the_same_patch(graph: dict[str, Any], edits: list[GraphEdit]) -> None:
    patches = []
    for document in (graph, copy.deepcopy(graph)):
        with draft(document) as d:
            for edit in edits:
                edit.apply(d)
        patches.append(json.dumps(d.patch))
    assert patches[0] == patches[1]


@given(json_values(max_leaves=16), st.data())
def test_text_appended_by_pointer_is_text_added(document: Json, data: Any) -> None:
    def strings(value: Any, above: Tokens = ()) -> list[Tokens]:
        if isinstance(value, str):
            return [above]
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [place for token, member in members for place in strings(member, (*above, token))]

    places = strings(document)
    grown: dict[Tokens, str] = {}
    with draft(document) as d:
        for place in data.draw(st.lists(st.sampled_from(places), max_size=6)) if places else []:
            text = data.draw(st.text(max_size=3))
            d.append_text(format_pointer(place), text)
            grown[place] = grown.get(place, "") + text
    expected = [{"op": "append", "path": format_pointer(place), "value": text} for place, text in grown.items() if text]
    assert sorted(d.patch, key=str) == sorted(expected, key=str)
