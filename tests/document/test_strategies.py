"""The strategies draw what they promise, and their module does without hypothesis until it is used."""

import builtins
import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from realtime_sync.errors import MissingExtra
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json
from realtime_sync.testing import strategies
from realtime_sync.testing.strategies import (
    ADVERSARIAL_KEYS,
    EditKind,
    GraphEdit,
    graph_edits,
    graph_pairs,
    json_keys,
    json_pairs,
    json_scalars,
    json_values,
    task_graphs,
)


def assert_normal(value: Json) -> None:
    if isinstance(value, dict):
        for key, child in value.items():
            assert type(key) is str
            key.encode()
            assert_normal(child)
    elif isinstance(value, list):
        for child in value:
            assert_normal(child)
    elif type(value) is int:
        assert abs(value) <= MAX_SAFE_INTEGER
    elif type(value) is float:
        assert math.isfinite(value)
    elif type(value) is str:
        value.encode()  # a lone surrogate would raise
    else:
        assert value is None or type(value) is bool


def containers(value: Json) -> set[int]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(containers(child) for child in children))


@given(json_values())
def test_json_values_are_normal(value: Json) -> None:
    assert_normal(value)


@given(json_values(keys=st.just("only")))
def test_json_values_take_keys_from_where_they_are_told(value: Json) -> None:
    if isinstance(value, dict):
        assert set(value) <= {"only"}


def test_adversarial_keys_and_traps_are_drawn() -> None:
    assert find(json_keys(), lambda key: key == "__proto__") in ADVERSARIAL_KEYS
    assert find(json_scalars(), lambda value: value is True) is True
    assert repr(find(json_scalars(), lambda value: repr(value) == "-0.0")) == "-0.0"


@given(json_pairs())
def test_pairs_share_no_container(pair: tuple[Json, Json]) -> None:
    old, new = pair
    assert_normal(new)
    assert not containers(old) & containers(new)


@given(task_graphs())
def test_nodes_of_a_task_graph_have_parents_that_planned_them(graph: dict[str, Any]) -> None:
    assert_normal(graph)
    nodes = graph["all_nodes"]
    assert graph["graphs"]["graph_root"]["nodes"] == list(nodes)
    for node_id, node in nodes.items():
        parent = node["parent_node_id"]
        assert parent is None or node_id in nodes[parent]["planned_sub_task_ids"]


@given(graph_pairs())
def test_edited_graphs_are_normal_and_share_no_container(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = pair
    assert_normal(new)
    assert not containers(old) & containers(new)


@pytest.mark.parametrize("kind", EditKind)
def test_every_kind_of_edit_changes_some_graph(kind: EditKind) -> None:
    graph: dict[str, Any] = {
        "overall_project_goal": "",
        "root_graph_id": "g",
        "graphs": {"g": {"nodes": [], "edges": []}},
        "all_nodes": {},
    }
    strategies.add_node(graph, "n0", None, "root")
    strategies.add_node(graph, "n1", "n0", "first")
    strategies.add_node(graph, "n2", "n0", "second")
    GraphEdit(EditKind.CALL_TOOL, 0, "words").apply(graph)
    before = copy.deepcopy(graph)
    GraphEdit(kind, 0, "text").apply(graph)
    assert repr(graph) != repr(before)


@given(task_graphs(), graph_edits(min_size=1))
def test_edits_apply_to_any_graph_and_repeatably(graph: dict[str, Any], edits: list[GraphEdit]) -> None:
    twin = copy.deepcopy(graph)
    for edit in edits:
        edit.apply(graph)
        edit.apply(twin)
    assert repr(graph) == repr(twin)


@pytest.mark.parametrize("strategy", [json_keys, json_values, json_pairs, task_graphs, graph_edits, graph_pairs])
def test_without_hypothesis_only_the_call_fails(
    strategy: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without_hypothesis(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_hypothesis)
    with pytest.raises(MissingExtra, match=r"realtime-sync\[testing\]"):
        strategy()
