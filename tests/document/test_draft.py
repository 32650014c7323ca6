import copy
import json
import math
import operator
import pickle
from collections.abc import Iterator, MutableMapping, MutableSequence
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from realtime_sync.document.draft import Draft, draft
from realtime_sync.document.normalize import Normalizer
from realtime_sync.document.view import read_only
from realtime_sync.errors import (
    DraftClosed,
    DraftDetached,
    InvalidPatch,
    InvalidPointer,
    InvalidValue,
    LocalError,
    PathNotFound,
)
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits

pytestmark = pytest.mark.usefixtures("implementation")


def graph() -> dict[str, Any]:
    return {
        "all_nodes": {
            "n7": {"status": "RUNNING", "full_result": "Once", "tags": ["a", "b"], "model": {"name": "m", "cost": 1}},
            "n8": {"status": "PENDING", "full_result": "", "tags": [], "model": None},
        },
        "goal": "write",
    }


def ids_of_containers(value: Json) -> set[int]:
    """Return the identity of every list and dict in `value`."""
    if not isinstance(value, dict | list):
        return set()
    members = value.values() if isinstance(value, dict) else value
    return {id(value)}.union(*map(ids_of_containers, members))


# ---- what comes of it ------------------------------------------------------------------------------------------------


def test_edits_become_the_operations_that_they_are() -> None:
    document = graph()
    with draft(document) as d:
        node = d["all_nodes"]["n7"]
        node["status"] = "DONE"
        node["full_result"] += " upon a time"
        node["tags"].append("c")
        del node["model"]["cost"]
        d["all_nodes"]["n9"] = {"status": "PENDING"}
    assert d.patch == [
        {"op": "replace", "path": "/all_nodes/n7/status", "value": "DONE"},
        {"op": "append", "path": "/all_nodes/n7/full_result", "value": " upon a time"},
        {"op": "add", "path": "/all_nodes/n7/tags/2", "value": "c"},
        {"op": "remove", "path": "/all_nodes/n7/model/cost"},
        {"op": "add", "path": "/all_nodes/n9", "value": {"status": "PENDING"}},
    ]
    assert d.result == {
        "all_nodes": {
            "n7": {
                "status": "DONE",
                "full_result": "Once upon a time",
                "tags": ["a", "b", "c"],
                "model": {"name": "m"},
            },
            "n8": graph()["all_nodes"]["n8"],
            "n9": {"status": "PENDING"},
        },
        "goal": "write",
    }
    assert document == graph()


def test_the_result_shares_what_was_not_touched() -> None:
    document = graph()
    with draft(document) as d:
        d["all_nodes"]["n7"]["status"] = "DONE"
    assert isinstance(d.result, dict)
    assert d.result["all_nodes"]["n8"] is document["all_nodes"]["n8"]
    assert d.result["all_nodes"]["n7"]["model"] is document["all_nodes"]["n7"]["model"]
    assert d.result["all_nodes"] is not document["all_nodes"]
    assert d.result is d.result


def test_a_draft_that_was_only_read_gives_the_document_itself() -> None:
    document = graph()
    with draft(document) as d:
        assert d["all_nodes"]["n7"]["model"]["name"] == "m"
        assert json.dumps(d.copy()) == json.dumps(document)
    assert d.patch == []
    assert d.result is document


def test_two_writes_to_one_place_are_one_operation() -> None:
    with draft(graph()) as d:
        d["goal"] = "read"
        d["all_nodes"]["n7"]["status"] = "DONE"
        d["goal"] = "speak"
    assert d.patch == [
        {"op": "replace", "path": "/goal", "value": "speak"},
        {"op": "replace", "path": "/all_nodes/n7/status", "value": "DONE"},
    ]


def test_a_write_that_restores_what_was_there_is_none() -> None:
    document = graph()
    with draft(document) as d:
        node = d["all_nodes"]["n7"]
        node["status"] = "DONE"
        node["status"] = "RUNNING"
        node["model"] = None
        node["model"] = {"cost": 1.0, "name": "m"}
        del node["tags"]
        node["tags"] = ("a", "b")
        d["new"] = 1
        del d["new"]
        d["all_nodes"]["n8"]["tags"].append("x")
        d["all_nodes"]["n8"]["tags"].pop()
    assert d.patch == []
    assert d.result is document


@pytest.mark.parametrize(("old", "new"), [(True, 1), (1, True), (0, False), (0.0, False), (None, 0), ("1", 1)])
def test_a_change_that_only_json_sees_is_seen(old: Json, new: Json) -> None:
    with draft({"a": old, "b": [old]}) as d:
        d["a"] = new
        d["b"][0] = new
    assert d.patch == [
        {"op": "replace", "path": "/a", "value": new},
        {"op": "replace", "path": "/b/0", "value": new},
    ]
    assert type(d.patch[0]["value"]) is type(new)


def test_what_only_python_tells_apart_is_no_change() -> None:
    with draft({"a": 1, "b": 0.0}) as d:
        d["a"] = 1.0
        d["b"] = -0.0
    assert d.patch == []


def test_a_new_subtree_that_is_edited_is_one_add() -> None:
    with draft({}) as d:
        d["node"] = {"text": "a", "tags": []}
        d["node"]["text"] += "b"
        d.append_text("/node/text", "c")
        d["node"]["tags"].append({"deep": 1})
        d["node"]["tags"][0]["deep"] = 2
    assert d.patch == [{"op": "add", "path": "/node", "value": {"text": "abc", "tags": [{"deep": 2}]}}]


def test_a_replaced_object_becomes_what_changed_inside_it() -> None:
    with draft(graph()) as d:
        d["all_nodes"]["n7"] = {**graph()["all_nodes"]["n7"], "status": "DONE", "full_result": "Once more"}
    assert d.patch == [
        {"op": "replace", "path": "/all_nodes/n7/status", "value": "DONE"},
        {"op": "append", "path": "/all_nodes/n7/full_result", "value": " more"},
    ]


def test_pointers_are_escaped() -> None:
    with draft({"a/b": {"m~n": {"": 1}}}) as d:
        d["a/b"]["m~n"][""] = 2
        d["a/b"]["~1"] = 3
    assert [operation["path"] for operation in d.patch] == ["/a~1b/m~0n/", "/a~1b/~01"]


# ---- text that grows -------------------------------------------------------------------------------------------------


def test_appended_text_is_one_append_and_reads_joined() -> None:
    with draft(graph()) as d:
        for token in (" upon", " a", "", " time"):
            d.append_text("/all_nodes/n7/full_result", token)
        assert d["all_nodes"]["n7"]["full_result"] == "Once upon a time"
        assert d["all_nodes"]["n7"] == {**graph()["all_nodes"]["n7"], "full_result": "Once upon a time"}
        d["all_nodes"]["n7"].append_text("/full_result", "!")
    assert d.patch == [{"op": "append", "path": "/all_nodes/n7/full_result", "value": " upon a time!"}]


def test_appending_and_adding_mix() -> None:
    with draft({"text": "a", "list": ["x"]}) as d:
        d.append_text("/text", "b")
        d["text"] += "c"
        d.append_text("/text", "d")
        d.append_text("/list/0", "y")
        d["list"][0] += "z"
    assert d.patch == [
        {"op": "append", "path": "/text", "value": "bcd"},
        {"op": "append", "path": "/list/0", "value": "yz"},
    ]


def test_text_that_was_replaced_and_then_appended_to_is_replaced() -> None:
    with draft({"text": "abc"}) as d:
        d["text"] = "x"
        d.append_text("/text", "y")
    assert d.patch == [{"op": "replace", "path": "/text", "value": "xy"}]


def test_text_appended_inside_a_list_that_is_reordered() -> None:
    with draft([{"id": "a", "text": "x" * 99}, {"id": "b", "text": "y" * 99}]) as d:
        d.append_text("/0/text", "!")
        d.reverse()
        d.append_text("/1/text", "?")
        assert d[1]["text"].endswith("x!?")
    assert {"op": "append", "path": "/1/text", "value": "!?"} in d.patch
    assert d.result == [{"id": "b", "text": "y" * 99}, {"id": "a", "text": "x" * 99 + "!?"}]


def test_appending_nothing_is_no_change() -> None:
    document = graph()
    with draft(document) as d:
        d.append_text("/goal", "")
        d["goal"] += ""
    assert d.patch == []


@pytest.mark.parametrize(
    ("pointer", "error", "says"),
    [
        ("goal", InvalidPointer, "must be empty or begin with '/'"),
        ("/nowhere", PathNotFound, r"'/nowhere': the object has .* 'all_nodes', 'goal'"),
        ("/goal/deeper", PathNotFound, "'/goal/deeper': the value above it is a string"),
        ("/all_nodes/n7/tags/2", PathNotFound, "'/all_nodes/n7/tags/2': the list has 2 elements"),
        ("/all_nodes/n7/tags/-", PathNotFound, "'-' means the place after the last element"),
        ("/all_nodes/n7/model/cost", InvalidPatch, "'/all_nodes/n7/model/cost' is a number"),
        ("/all_nodes", InvalidPatch, "'/all_nodes' is an object, and only a string can be appended to"),
        ("", InvalidPatch, "'' is an object, and only a string can be appended to"),
    ],
)
def test_appending_where_no_string_is_says_what_is_there(pointer: str, error: type[Exception], says: str) -> None:
    with draft(graph()) as d:
        with pytest.raises(error, match=says):
            d.append_text(pointer, "x")
        d["all_nodes"]["n7"]["gone"] = 1
        del d["all_nodes"]["n7"]["gone"]
        with pytest.raises(PathNotFound):
            d.append_text("/all_nodes/n7/gone", "x")
    assert d.patch == []


@pytest.mark.parametrize("text", [1, None, ["x"], "\ud800"])
def test_appending_what_is_no_text_is_refused(text: Any) -> None:
    with draft({"a": "b"}) as d, pytest.raises(InvalidValue) as caught:
        d.append_text("/a", text)
    assert caught.value.path == "/a"


# ---- what is put in --------------------------------------------------------------------------------------------------


def test_values_are_copied_when_they_are_put_in() -> None:
    mine: dict[str, Any] = {"list": [1], "object": {"a": 1}}
    with draft({"old": {}, "rows": []}) as d:
        d["new"] = mine
        d["old"] = mine
        d["rows"].append(mine)
        d.setdefault("more", mine)
        mine["list"].append(2)
        mine["object"]["a"] = 2
        d["new"]["list"].append(3)
    assert d.result == {
        "old": {"list": [1], "object": {"a": 1}},
        "rows": [{"list": [1], "object": {"a": 1}}],
        "new": {"list": [1, 3], "object": {"a": 1}},
        "more": {"list": [1], "object": {"a": 1}},
    }
    assert mine == {"list": [1, 2], "object": {"a": 2}}


def test_one_part_put_at_another_place_is_a_copy() -> None:
    with draft({"a": {"n": [1]}}) as d:
        d["b"] = d["a"]
        d["c"] = [d["a"], {"inner": d["a"]["n"]}]
        d["a"]["n"].append(2)
        d["b"]["n"].append(3)
        assert d["a"] is not d["b"]
    assert d.result == {"a": {"n": [1, 2]}, "b": {"n": [1, 3]}, "c": [{"n": [1]}, {"inner": [1]}]}


def test_a_part_of_another_draft_and_a_view_are_copied_too() -> None:
    document = graph()
    with draft(document) as source, draft({}) as d:
        source["goal"] = "changed"
        d["draft"] = source
        d["view"] = read_only(document)["all_nodes"]
        d["draft"]["all_nodes"]["n7"]["tags"].append("new")
    expected = {"draft": {**graph(), "goal": "changed"}, "view": graph()["all_nodes"]}
    expected["draft"]["all_nodes"]["n7"]["tags"].append("new")
    assert d.result == expected
    assert document == graph()


def test_the_patch_shares_nothing_with_the_document() -> None:
    document = graph()
    with draft(document) as d:
        d["copy"] = d["all_nodes"]
        d["all_nodes"]["n8"]["model"] = d["all_nodes"]["n7"]["model"]
        d["all_nodes"]["n7"]["tags"] = [d["all_nodes"], [1]]
    assert not ids_of_containers(list(d.patch)) & ids_of_containers(document)
    before = copy.deepcopy(d.result)
    for operation in d.patch:
        if isinstance(operation["value"], dict):
            operation["value"].clear()
    assert d.result == before


def test_values_are_normalised_as_everywhere() -> None:
    @attrs.define
    class Node:
        status: str
        tags: tuple[str, ...]

    with draft({}) as d:
        d["node"] = Node("DONE", ("a",))
        assert d["node"]["tags"] == ["a"]
    assert d.result == {"node": {"status": "DONE", "tags": ["a"]}}


def test_the_normalizer_of_the_caller_is_used() -> None:
    normalizer = Normalizer(default=lambda value: sorted(value), big_integers="string")
    with draft({"old": [1]}, normalizer=normalizer) as d:
        d["set"] = {3, 1}
        d["old"] = {2, 1}
        d["big"] = 2**60
    assert d.result == {"old": [1, 2], "set": [1, 3], "big": str(2**60)}


@pytest.mark.parametrize(
    ("put", "path"),
    [
        (lambda d: d.__setitem__("x", math.nan), "/x"),
        (lambda d: d["all_nodes"].__setitem__("a/b", {"list": [0, {1}]}), "/all_nodes/a~1b/list/1"),
        (lambda d: d["all_nodes"]["n7"]["tags"].append(2**60), "/all_nodes/n7/tags/2"),
        (lambda d: d["all_nodes"]["n7"]["tags"].extend(["x", b"y"]), "/all_nodes/n7/tags/3"),
        (lambda d: d["all_nodes"]["n7"]["tags"].insert(-1, object()), "/all_nodes/n7/tags/1"),
        (lambda d: d["all_nodes"]["n7"]["tags"].__setitem__(slice(1, 2), ["ok", 1j]), "/all_nodes/n7/tags/2"),
        (lambda d: d.replace({"a": ["\ud800"]}), "/a/0"),
    ],
)
def test_what_is_no_json_is_refused_with_its_path_in_the_document(put: Any, path: str) -> None:
    with draft(graph()) as d:
        with pytest.raises(InvalidValue) as caught:
            put(d)
        assert caught.value.path == path
        assert d == graph()
    assert d.patch == []


def test_the_depth_limit_counts_from_the_root() -> None:
    normalizer = Normalizer(limits=Limits(max_depth=4))
    with draft({"a": {"b": {}}}, normalizer=normalizer) as d:
        d["a"]["b"]["c"] = {"leaf": 1}
        with pytest.raises(InvalidValue, match="max_depth"):
            d["a"]["b"]["c"]["leaf"] = {}
        with pytest.raises(InvalidValue, match="max_depth"):
            d["a"]["b"]["d"] = d["a"]["b"]
        d["e"] = d["a"]["b"]
    assert d.result == {"a": {"b": {"c": {"leaf": 1}}}, "e": {"c": {"leaf": 1}}}


@pytest.mark.parametrize("wrap", [lambda inner: [inner, "x"], lambda inner: {"a": inner, "b": "x"}])
def test_a_document_as_deep_as_is_allowed_can_be_edited_at_its_bottom(wrap: Any) -> None:
    document: Any = ["bottom"]
    for _ in range(Limits().max_depth - 1):
        document = wrap(document)
    with draft(document) as d:
        part, parts = d, [d]
        while len(part) == 2:
            part = part[0] if isinstance(part, MutableSequence) else part["a"]
            parts.append(part)
        part.insert(0, "new")
        for part in parts[:-1]:
            part.append("y") if isinstance(part, MutableSequence) else part.setdefault("c", "y")
            part.reverse() if isinstance(part, MutableSequence) else part.pop("b")
        expected = d.copy()
    assert d.result == expected
    assert d.result != document


def test_a_document_that_is_not_normal_is_refused_where_that_shows() -> None:
    with pytest.raises(InvalidValue, match=r"at the root: .*normalize\(document\)"):
        draft((1, 2))  # type: ignore[arg-type]
    with draft({"a": {"b": (1, 2)}}) as d, pytest.raises(InvalidValue, match=r"at /a/b: .*tuple"):
        d["a"]["b"]
    with draft({"a": {"b": (1, 2)}}) as d:
        detached = d["a"]
        del d["a"]
        with pytest.raises(InvalidValue, match="tuple"):
            detached["b"]
    with pytest.raises(InvalidValue):
        draft(read_only({}))
    with pytest.raises(InvalidValue):
        draft({1})  # type: ignore[arg-type]


# ---- the root --------------------------------------------------------------------------------------------------------


def test_the_root_is_of_the_kind_that_the_document_is() -> None:
    assert isinstance(draft({}), MutableMapping)
    assert not isinstance(draft({}), MutableSequence)
    assert isinstance(draft([]), MutableSequence)
    assert not isinstance(draft([]), MutableMapping)
    documents: list[Json] = [{}, [], None, "text", 1, True, 1.5]
    for document in documents:
        assert isinstance(draft(document), Draft)
        assert draft(document) == document
        assert draft(document).copy() == document


@pytest.mark.parametrize("old", [{"a": 1, "b": [1]}, [1, {"a": 2}], "text", None, True], ids=str)
@pytest.mark.parametrize("new", [{"a": 2, "b": [1]}, [1, {"a": 2}, 3], "text!", None, 1], ids=str)
def test_the_root_can_be_replaced_by_any_kind_of_value(old: Json, new: Json) -> None:
    with draft(old) as d:
        d.replace(new)
        assert d == new
        assert isinstance(d, MutableMapping) == isinstance(new, dict)
        assert isinstance(d, MutableSequence) == isinstance(new, list)
    assert d.result == new
    assert type(d.result) is type(new)
    assert len(d.patch) == (0 if d.result is old else 1)


def test_a_replaced_root_can_be_edited_on() -> None:
    with draft(None) as d:
        d.replace({"list": []})
        d["list"].append(1)
        d.replace(d["list"])
        d.append(2)
        d.replace("text")
        d.append_text("", "!")
        d.replace({})
        d["end"] = True
    assert d.patch == [{"op": "replace", "path": "", "value": {"end": True}}]


def test_replacing_the_root_by_nearly_the_same_is_what_changed() -> None:
    with draft(graph()) as d:
        d.replace({**graph(), "goal": "write more"})
    assert d.patch == [{"op": "append", "path": "/goal", "value": " more"}]


def test_the_root_cleared_is_an_empty_document() -> None:
    with draft(graph()) as d:
        d.clear()
        d["a"] = 1
    assert d.patch == [{"op": "replace", "path": "", "value": {"a": 1}}]


def test_a_scalar_root_has_no_members() -> None:
    with draft("text") as d:
        d.append_text("", " grows")
        assert d == "text grows"
        assert repr(d) == "<draft: 'text grows'>"
        with pytest.raises(PathNotFound, match="'/a': the value above it is a string"):
            d.append_text("/a/b", "x")
        with pytest.raises(TypeError, match="not subscriptable"):
            d["a"]
    assert d.patch == [{"op": "append", "path": "", "value": " grows"}]
    assert d.result == "text grows"
    with draft(5) as number, pytest.raises(InvalidPatch, match="'' is a number"):
        number.append_text("", "x")


# ---- when it is over -------------------------------------------------------------------------------------------------

USES = {
    "get": lambda part: part["a"],
    "set": lambda part: part.__setitem__("a", 1),
    "delete": lambda part: part.__delitem__("a"),
    "len": len,
    "iterate": lambda part: list(part),
    "in": lambda part: "a" in part,
    "==": lambda part: part == {},
    "copy": lambda part: part.copy(),
    "pop": lambda part: part.pop("a"),
    "popitem": lambda part: part.popitem(),
    "clear": lambda part: part.clear(),
    "update": lambda part: part.update(a=1),
    "setdefault": lambda part: part.setdefault("b", 1),
    "append_text": lambda part: part.append_text("/a", "x"),
}
LIST_USES = {
    "get": lambda part: part[0],
    "slice": lambda part: part[:],
    "set": lambda part: part.__setitem__(0, 1),
    "set slice": lambda part: part.__setitem__(slice(None), []),
    "delete": lambda part: part.__delitem__(0),
    "len": len,
    "iterate": lambda part: list(part),
    "in": lambda part: 1 in part,
    "==": lambda part: part == [],
    "copy": lambda part: part.copy(),
    "append": lambda part: part.append(1),
    "extend": lambda part: part.extend([1]),
    "insert": lambda part: part.insert(0, 1),
    "pop": lambda part: part.pop(),
    "remove": lambda part: part.remove(1),
    "clear": lambda part: part.clear(),
    "reverse": lambda part: part.reverse(),
    "sort": lambda part: part.sort(),
    "index": lambda part: part.index(1),
    "count": lambda part: part.count(1),
    "+": lambda part: operator.add(part, [1]),
    "*=": lambda part: part.__imul__(2),
    "append_text": lambda part: part.append_text("/0", "x"),
}
ALL_USES: list[tuple[str, str, Any]] = [("object", name, use) for name, use in USES.items()]
ALL_USES += [("list", name, use) for name, use in LIST_USES.items()]
IDS = [f"{kind} {name}" for kind, name, _ in ALL_USES]
READS = {"get", "slice", "len", "iterate", "in", "==", "copy", "index", "count", "+"}


@pytest.mark.parametrize(("kind", "name", "use"), ALL_USES, ids=IDS)
def test_any_use_after_the_block_is_refused(kind: str, name: str, use: Any) -> None:
    with draft({"object": {"a": "b"}, "list": ["a"]}) as d:
        part = d[kind]
    with pytest.raises(DraftClosed, match="`with` block has ended"):
        use(part)
    assert d.patch == []


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_use_of_the_root_after_the_block_is_refused(use: Any) -> None:
    with draft({"a": "b"}) as d:
        pass
    for closed_use in (use, lambda root: root.replace({}), lambda root: root.__enter__()):
        with pytest.raises(DraftClosed):
            closed_use(d)
    assert repr(d) == "<closed draft>"


def test_an_iterator_does_not_outlive_the_block() -> None:
    with draft({"a": 1, "b": [1, 2]}) as d:
        over_keys, over_elements = iter(d), iter(d["b"])
        next(over_keys)
        next(over_elements)
    for iterator in (over_keys, over_elements):
        with pytest.raises(DraftClosed):
            next(iterator)


def test_patch_and_result_are_not_there_before_the_block_has_ended() -> None:
    with draft({}) as d:
        for name in ("patch", "result"):
            with pytest.raises(LocalError, match="when its `with` block has ended"):
                getattr(d, name)


def test_an_exception_takes_back_everything() -> None:
    document = graph()
    d = draft(document)

    def edit_and_fail() -> None:
        with d:
            d["goal"] = "other"
            d["all_nodes"]["n7"]["tags"].clear()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        edit_and_fail()
    assert d.patch == []
    assert d.result is document
    assert document == graph()
    with pytest.raises(DraftClosed):
        d["goal"]


def test_a_draft_passes_through_a_generator_as_a_channel_wraps_it() -> None:
    patches = []

    @contextmanager
    def edit(head: Json) -> Iterator[Draft]:
        with draft(head) as d:
            yield d
        patches.append(d.patch)

    with edit(graph()) as doc:
        doc["all_nodes"]["n7"]["status"] = "DONE"
    with pytest.raises(KeyError), edit(graph()) as doc:
        doc["nowhere"]["n7"]["status"] = "DONE"
    assert patches == [[{"op": "replace", "path": "/all_nodes/n7/status", "value": "DONE"}]]


# ---- parts that left the document ------------------------------------------------------------------------------------

LEAVING = {
    "removed": lambda d, kind: d.__delitem__(kind),
    "popped": lambda d, kind: d.pop(kind),
    "replaced": lambda d, kind: d.__setitem__(kind, 1),
    "replaced by its copy": lambda d, kind: d.__setitem__(kind, d[kind].copy()),
    "above cleared": lambda d, kind: d.clear(),
    "above replaced": lambda d, kind: d.replace({}),
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
@pytest.mark.parametrize(("kind", "name", "use"), ALL_USES, ids=IDS)
def test_a_part_that_left_can_be_read_and_not_written(kind: str, name: str, use: Any, leave: Any) -> None:
    with draft({"object": {"a": "b", "deep": {}}, "list": ["a", "b", 1]}) as d:
        part = d[kind]
        leave(d, kind)
        before = part.copy()
        if name in READS:
            use(part)
        else:
            with pytest.raises(DraftDetached, match="no longer in its draft"):
                use(part)
        assert part == before
        assert repr(part).startswith("<detached part of a draft: ")
    assert before == ({"a": "b", "deep": {}} if kind == "object" else ["a", "b", 1])


def test_what_is_below_a_part_that_left_has_left_too() -> None:
    with draft(graph()) as d:
        nodes = d["all_nodes"]
        tags = nodes["n7"]["tags"]
        nodes["n7"]["status"] = "DONE"
        del d["all_nodes"]
        assert nodes["n7"]["status"] == "DONE"
        with pytest.raises(DraftDetached):
            tags.append("x")
        with pytest.raises(DraftDetached):
            nodes["n8"]["tags"].append("x")
    assert d.patch == [{"op": "remove", "path": "/all_nodes"}]


def test_elements_that_leave_a_list_are_detached() -> None:
    def leave_by_deleting(rows: Any) -> None:
        del rows[0]

    def leave_by_slice(rows: Any) -> None:
        rows[:1] = [{"n": 5}]

    def leave_by_deleting_a_slice(rows: Any) -> None:
        del rows[::2]

    def leave_by_setting(rows: Any) -> None:
        rows[0] = {"n": 1}

    def leave_by_clearing(rows: Any) -> None:
        rows.clear()

    def leave_at_the_end(rows: Any) -> None:
        del rows[1]
        del rows[-1]

    ways = (leave_by_deleting, leave_by_slice, leave_by_deleting_a_slice, leave_by_setting, leave_by_clearing)
    for leave in (*ways, leave_at_the_end):
        with draft([{"n": 1}, {"n": 2}]) as d:
            first = d[0]
            leave(d)
            with pytest.raises(DraftDetached):
                first["n"] = 7
            assert first == {"n": 1}


def test_two_places_can_be_swapped() -> None:
    with draft({"a": {"n": 1}, "b": {"n": 2}, "list": [{"n": 1}, {"n": 2}]}) as d:
        d["a"], d["b"] = d["b"], d["a"]
        d["list"][0], d["list"][1] = d["list"][1], d["list"][0]
        d["a"]["new"] = True
    assert d.result == {"a": {"n": 2, "new": True}, "b": {"n": 1}, "list": [{"n": 2}, {"n": 1}]}


def test_a_popped_value_is_plain_and_can_be_put_elsewhere() -> None:
    with draft({"todo": {"n7": {"tags": ["a"]}}, "done": {}}) as d:
        node = d["todo"].pop("n7")
        assert type(node) is dict
        node["tags"].append("b")
        d["done"]["n7"] = node
    assert d.result == {"todo": {}, "done": {"n7": {"tags": ["a", "b"]}}}


# ---- parts as values -------------------------------------------------------------------------------------------------


def test_parts_are_the_same_object_until_they_are_replaced() -> None:
    with draft(graph()) as d:
        nodes = d["all_nodes"]
        assert d["all_nodes"] is nodes
        assert next(iter(nodes.values())) is nodes["n7"]
        assert dict(nodes.items())["n7"] is nodes["n7"]
        nodes["n7"]["tags"] += ["c"]
        nodes["n7"]["model"] |= {"cost": 2}
        assert d["all_nodes"] is nodes
        before = nodes["n7"]
        nodes["n7"] = {"status": "NEW"}
        assert nodes["n7"] is not before
        assert nodes["n7"] is nodes["n7"]


def test_parts_are_compared_as_json() -> None:
    with draft({"a": {"x": 1}, "b": {"x": True}, "c": {"x": 1.0}, "l": [1, [{"y": 0}]]}) as d:
        assert d["a"] == {"x": 1}
        assert {"x": 1} == d["a"]  # noqa: SIM300 (the other way round)
        assert d["a"] == d["c"]
        assert d["a"] != d["b"]
        assert d["a"] != {"x": True}
        assert d["a"] == read_only({"x": 1})
        assert read_only({"x": 1}) == d["a"]
        assert read_only({"x": True}) != d["a"]
        assert d["l"] == [1, [{"y": 0}]]
        assert d["l"] != [1, [{"y": False}]]
        assert d["l"] != (1, [{"y": 0}])
        assert [d["a"], d["l"]] == [{"x": 1.0}, [1, [{"y": 0}]]]
        assert d["l"] == [1, [d["l"][1][0]]]
        assert d["a"] != 5
        d["a"]["x"] = 2
        d["a"]["new"] = []
        assert d["a"] == {"new": [], "x": 2}
        del d["a"]["x"]
        assert d["a"] == {"new": []}
        d["a"].clear()
        assert d["a"] == {}


def test_parts_cannot_be_hashed_or_pickled() -> None:
    with draft(graph()) as d:
        for part in (d, d["all_nodes"], d["all_nodes"]["n7"]["tags"]):
            with pytest.raises(TypeError, match="unhashable"):
                hash(part)
            with pytest.raises(TypeError, match=r"pickle part\.copy\(\)"):
                pickle.dumps(part)


@pytest.mark.parametrize("duplicate", [lambda part: part.copy(), copy.copy, copy.deepcopy])
def test_a_copy_is_plain_and_owned(duplicate: Any) -> None:
    document = graph()
    with draft(document) as d:
        d["all_nodes"]["n7"]["tags"].append("c")
        mine = duplicate(d["all_nodes"])
        assert type(mine) is dict
        assert mine["n7"]["tags"] == ["a", "b", "c"]
        mine["n7"]["tags"].clear()
        mine["n8"]["tags"].append(1)
        assert d["all_nodes"]["n7"]["tags"] == ["a", "b", "c"]
    assert document == graph()
    assert len(d.patch) == 1


def test_a_repr_says_where_the_part_is_and_what_it_holds() -> None:
    with draft({"a/b": [0, {"x": 1}], "long": "x" * 1000}) as d:
        d["a/b"].insert(0, [d["a/b"]])
        assert repr(d["a/b"][2]) == "<draft at '/a~1b/2': {'x': 1}>"
        assert repr(d["a/b"][0][0]) == "<draft at '/a~1b/0/0': [0, {'x': 1}]>"
        assert len(repr(d)) < 200


def test_patterns_match_parts() -> None:
    with draft({"a": {"kind": "x", "rest": [1, 2]}}) as d:
        match d["a"]:
            case {"kind": str(kind), "rest": [first, *others]}:
                assert (kind, first, others) == ("x", 1, [2])
            case _:
                pytest.fail("no pattern matched")
