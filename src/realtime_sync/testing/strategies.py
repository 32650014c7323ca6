"""Hypothesis strategies: JSON values full of traps, task graphs, and pairs of documents that differ by realistic edits.

The module can be imported without hypothesis; calling a strategy then raises `MissingExtra`. What the strategies draw
is plain JSON of its own: nothing in two drawn values is shared, so a test may change one and watch the other.
"""

import copy
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

import attrs

from realtime_sync.errors import MissingExtra
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

ADVERSARIAL_KEYS: tuple[str, ...] = (
    *("", "/", "~", "~0", "~1", "~01", "a/b", "m~n", "//", "~~"),  # the two characters that a pointer escapes
    *("-", "0", "1", "2", "10", "01", "-1", "1e0", "+1", " 1", "\u0661"),  # what is, or looks like, a list position
    *("__proto__", "constructor", "prototype", "toString", "length", "__class__"),  # not ordinary keys everywhere
    *("\u00e9", "e\u0301", "\u65e5\u672c", "\U0001f600", "\u2028", "\x00", " ", '"', "\\", "%2F"),
    *("a", "b", "id", "op", "path", "value"),
)
"""Object keys that pointer code, list code or JavaScript is likely to get wrong."""

TRAPS: tuple[Json, ...] = (
    *(True, 1, 1.0, False, 0, 0.0, -0.0, None, "", "0", "1", "true", "null"),  # `True == 1 == 1.0` in Python
    *(-1, 0.1, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER),
    *("a", "ab", "abc", "a\u0301", "\U0001f600", "\u2028", "\x00", "</script>"),
)
"""Scalars that are easily taken for one another."""

STATUSES = ("PENDING", "READY", "RUNNING", "PLAN_DONE", "AGGREGATING", "DONE", "FAILED", "CANCELLED")


def json_keys() -> "SearchStrategy[str]":
    """Return a strategy for object keys, half of them from `ADVERSARIAL_KEYS`."""
    _require_hypothesis()
    from hypothesis import strategies as st

    return st.sampled_from(ADVERSARIAL_KEYS) | st.text(max_size=4)


def json_scalars() -> "SearchStrategy[Json]":
    """Return a strategy for null, booleans, numbers and strings, many of them from `TRAPS`."""
    _require_hypothesis()
    from hypothesis import strategies as st

    return st.one_of(
        st.sampled_from(TRAPS),
        st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
    )


def json_values(*, max_leaves: int = 24, keys: "SearchStrategy[str] | None" = None) -> "SearchStrategy[Json]":
    """Return a strategy for any JSON value that the library accepts.

    Args:
        max_leaves: Scalars in one value, about.
        keys: Where object keys come from; `json_keys()` when None.

    Raises:
        MissingExtra: hypothesis is not installed.
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    keys = keys if keys is not None else json_keys()
    return st.recursive(
        json_scalars(),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=max_leaves,
    )


def json_pairs(*, max_leaves: int = 24, max_edits: int = 6) -> "SearchStrategy[tuple[Json, Json]]":
    """Return a strategy for `(old, new)`, where `new` is an edited deep copy of `old`, now and then unrelated to it.

    The edits replace, remove, insert, duplicate, swap and rotate what is there, so that lists with repeats and values
    that moved are common.
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    values = json_values(max_leaves=max_leaves)
    inserted = json_values(max_leaves=4)

    @st.composite
    def pairs(draw: "DrawFn") -> tuple[Json, Json]:
        old = draw(values)
        if draw(st.integers(0, 9)) == 0:
            return old, draw(values)
        holder: list[Any] = [copy.deepcopy(old)]
        for _ in range(draw(st.integers(0, max_edits))):
            edit_somewhere(holder, lambda n: draw(st.integers(0, n - 1)), lambda: draw(inserted))
        return old, holder[0]

    return pairs()


def task_graphs(*, max_nodes: int = 6) -> "SearchStrategy[dict[str, Any]]":
    """Return a strategy for the document of an agent server: a small tree of tasks.

    Shape: `{"overall_project_goal", "project_id", "root_graph_id", "graphs": {id: {"nodes": [id], "edges":
    [{"source", "target"}]}}, "all_nodes": {id: node}}`; every node but the first has a parent among those before it.
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    @st.composite
    def graphs(draw: "DrawFn") -> dict[str, Any]:
        graph: dict[str, Any] = {
            "overall_project_goal": draw(st.text(max_size=20)),
            "project_id": "project_1",
            "root_graph_id": "graph_root",
            "graphs": {"graph_root": {"nodes": [], "edges": []}},
            "all_nodes": {},
        }
        for number in range(draw(st.integers(0, max_nodes))):
            parent = f"n{draw(st.integers(0, number - 1))}" if number else None
            add_node(graph, f"n{number}", parent, draw(st.text(max_size=20)))
            node = graph["all_nodes"][f"n{number}"]
            node["status"] = draw(st.sampled_from(STATUSES))
            node["full_result"] = draw(st.none() | st.text(max_size=30))
        return graph

    return graphs()


class EditKind(Enum):
    """What happens to a task graph while agents work on it."""

    SET_STATUS = "a node's status changes"
    STREAM_TEXT = "a node's result grows at its end"
    FINISH = "a node gets its summary, its time of completion and a model's usage"
    CALL_TOOL = "a tool call is recorded"
    MEASURE_TOOL = "the newest tool call gets its figures"
    ADD_CHILD = "a node plans a sub-task"
    REMOVE_NODE = "a node is dropped from the plan"
    REORDER_PLAN = "a node's planned sub-tasks change places"
    SET_GOAL = "the goal of the whole project is edited"
    FLIP_TYPE = "a field goes from 1 to true or back, which Python's == does not see"


@attrs.frozen
class GraphEdit:
    """One realistic change of a task graph, whichever graph that is.

    Attributes:
        kind: What happens.
        pick: Which node it happens to: its number, modulo the number of nodes.
        text: The words that go in.
    """

    kind: EditKind
    pick: int
    text: str

    def apply(self, graph: Any) -> None:
        """Change `graph` in place; a dict or anything that behaves as one, such as a draft."""
        nodes = graph["all_nodes"]
        node_ids = list(nodes)
        if self.kind is EditKind.SET_GOAL or not node_ids:
            graph["overall_project_goal"] = self.text
            return
        node_id = node_ids[self.pick % len(node_ids)]
        if self.kind is EditKind.ADD_CHILD:
            add_node(graph, _unused_id(nodes), node_id, self.text)
        elif self.kind is EditKind.REMOVE_NODE:
            _remove_node(graph, node_id)
        else:
            _NODE_EDITS[self.kind](nodes[node_id], self)


def graph_edits(*, min_size: int = 0, max_size: int = 8) -> "SearchStrategy[list[GraphEdit]]":
    """Return a strategy for lists of edits; each applies to any task graph, and to what the ones before it left."""
    _require_hypothesis()
    from hypothesis import strategies as st

    edits = st.builds(GraphEdit, st.sampled_from(EditKind), st.integers(0, 99), st.text(min_size=1, max_size=12))
    return st.lists(edits, min_size=min_size, max_size=max_size)


def graph_pairs(*, max_nodes: int = 6, max_edits: int = 8) -> "SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]":
    """Return a strategy for `(old, new)`: a task graph, and a deep copy of it after some `GraphEdit`s."""
    _require_hypothesis()
    from hypothesis import strategies as st

    def pair(graph: dict[str, Any], edits: list[GraphEdit]) -> tuple[dict[str, Any], dict[str, Any]]:
        edited = copy.deepcopy(graph)
        for edit in edits:
            edit.apply(edited)
        return graph, edited

    return st.builds(pair, task_graphs(max_nodes=max_nodes), graph_edits(max_size=max_edits))


def add_node(graph: Any, node_id: str, parent_id: str | None, goal: str) -> None:
    """Put a pending node into `graph`: among all nodes, into the root graph, and into its parent's plan."""
    graph["all_nodes"][node_id] = {
        "task_id": node_id,
        "goal": goal,
        "status": "PENDING",
        "layer": 0 if parent_id is None else graph["all_nodes"][parent_id]["layer"] + 1,
        "parent_node_id": parent_id,
        "planned_sub_task_ids": [],
        "input_context_sources": [],
        "full_result": None,
        "output_summary": None,
        "timestamp_created": "2026-01-01T00:00:00Z",
        "timestamp_completed": None,
        "model_info": {"name": "model-a", "temperature": 1, "usage": None},
        "execution_details": {"attempts": 0, "tool_calls": []},
    }
    root = graph["graphs"][graph["root_graph_id"]]
    root["nodes"].append(node_id)
    if parent_id is not None:
        root["edges"].append({"source": parent_id, "target": node_id})
        graph["all_nodes"][parent_id]["planned_sub_task_ids"].append(node_id)


def _remove_node(graph: Any, node_id: str) -> None:
    del graph["all_nodes"][node_id]
    root = graph["graphs"][graph["root_graph_id"]]
    if node_id in root["nodes"]:
        root["nodes"].remove(node_id)
    for index in reversed(range(len(root["edges"]))):
        if node_id in (root["edges"][index]["source"], root["edges"][index]["target"]):
            del root["edges"][index]


def _unused_id(nodes: Any) -> str:
    number = len(nodes)
    while f"n{number}" in nodes:
        number += 1
    return f"n{number}"


def _set_status(node: Any, edit: GraphEdit) -> None:
    node["status"] = STATUSES[len(edit.text) % len(STATUSES)]


def _stream_text(node: Any, edit: GraphEdit) -> None:
    node["full_result"] = (node["full_result"] or "") + edit.text


def _finish(node: Any, edit: GraphEdit) -> None:
    node["status"] = "DONE"
    node["output_summary"] = edit.text
    node["timestamp_completed"] = "2026-01-01T00:01:00Z"
    node["model_info"]["usage"] = {"input_tokens": len(edit.text), "output_tokens": 7, "cost": 0.5}


def _call_tool(node: Any, edit: GraphEdit) -> None:
    calls = node["execution_details"]["tool_calls"]
    calls.append({"id": f"call_{len(calls)}", "tool": "search", "arguments": {"query": edit.text}, "metrics": None})
    node["execution_details"]["attempts"] += 1


def _measure_tool(node: Any, edit: GraphEdit) -> None:
    calls = node["execution_details"]["tool_calls"]
    if calls:
        calls[len(calls) - 1]["metrics"] = {"duration_ms": 1.5, "bytes": len(edit.text)}


def _reorder_plan(node: Any, edit: GraphEdit) -> None:
    plan = node["planned_sub_task_ids"]
    if plan:
        plan.append(plan.pop(0))


def _flip_type(node: Any, edit: GraphEdit) -> None:
    node["model_info"]["temperature"] = 1 if node["model_info"]["temperature"] is True else True


_NODE_EDITS: dict[EditKind, Callable[[Any, GraphEdit], None]] = {
    EditKind.SET_STATUS: _set_status,
    EditKind.STREAM_TEXT: _stream_text,
    EditKind.FINISH: _finish,
    EditKind.CALL_TOOL: _call_tool,
    EditKind.MEASURE_TOOL: _measure_tool,
    EditKind.REORDER_PLAN: _reorder_plan,
    EditKind.FLIP_TYPE: _flip_type,
}


def edit_somewhere(holder: list[Any], below: Callable[[int], int], value: Callable[[], Json]) -> None:
    """Change the document in `holder[0]` in one of the ways of `json_pairs`.

    Args:
        holder: A list of the document alone, so that the whole of it can be replaced too.
        below: Decides: returns an integer from 0 to n - 1; `random.Random(seed).randrange`, for instance.
        value: Returns what is put in, new on every call.
    """
    containers: list[Any] = [holder]
    for container in containers:  # grows while it is walked: breadth first
        children = container.values() if isinstance(container, dict) else container
        containers.extend(child for child in children if isinstance(child, (dict, list)))
    container = containers[below(len(containers))]
    if container is holder:
        holder[0] = value()
    elif isinstance(container, dict):
        _edit_object(container, below, value)
    else:
        _edit_list(container, below, value)


def _edit_object(members: dict[str, Any], below: Callable[[int], int], value: Callable[[], Json]) -> None:
    keys = list(members)
    if not keys or below(4) == 0:
        members[ADVERSARIAL_KEYS[below(len(ADVERSARIAL_KEYS))]] = value()
        return
    key = keys[below(len(keys))]
    match below(4):
        case 0:
            del members[key]
        case 1 if isinstance(members[key], str):
            members[key] += "abc"[: below(3) + 1]
        case 2:  # a value that moved from one key to another
            members[ADVERSARIAL_KEYS[below(len(ADVERSARIAL_KEYS))]] = members.pop(key)
        case _:
            members[key] = value()


def _edit_list(items: list[Any], below: Callable[[int], int], value: Callable[[], Json]) -> None:
    if not items or below(5) == 0:
        items.insert(below(len(items) + 1), value())
        return
    index = below(len(items))
    match below(5):
        case 0:
            del items[index]
        case 1:
            items.insert(below(len(items) + 1), copy.deepcopy(items[index]))
        case 2:
            items.insert(below(len(items)), items.pop(index))
        case 3:
            items[:] = items[index:] + items[:index]
        case _:
            items[index] = value()


def _require_hypothesis() -> None:
    try:
        import hypothesis  # noqa: F401  (each strategy imports it for itself; this is for the better error)
    except ImportError as error:
        raise MissingExtra("hypothesis", "testing") from error
