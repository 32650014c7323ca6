"""One composed patch does what its parts do in sequence, in no more bytes."""

import copy
import json
import os
import random
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.compose import PatchComposer, compose
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import InvalidPatch, InvalidPointer, PatchError
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.testing.strategies import GraphEdit, graph_edits, json_pairs, task_graphs

from .operations import History, random_history

SEEDED_HISTORIES = int(os.environ.get("REALTIME_SYNC_COMPOSE_HISTORIES", "4000"))


def compact(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def containers(value: Json) -> set[int]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(containers(child) for child in children))


def assert_right(history: History) -> Patch:
    """Check everything that holds for the composition of any patches, and return it."""
    before = repr(history.patches)
    composed = compose(*history.patches)
    assert json_equal(apply_patch(history.document, composed), history.result), history
    assert compact(composed) <= compact(history.operations), history
    assert repr(history.patches) == before
    assert not containers(composed) & containers(list(history.patches))
    return composed


class TestProperties:
    @pytest.mark.parametrize("seed", range(8))
    def test_it_does_what_the_sequence_does(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(SEEDED_HISTORIES // 8):
            assert_right(random_history(rng))

    @given(st.randoms(use_true_random=False))
    def test_hypothesis_finds_no_smaller_mistake(self, rng: random.Random) -> None:
        assert_right(random_history(rng))

    @pytest.mark.parametrize("seed", range(4))
    def test_long_histories(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(SEEDED_HISTORIES // 100):
            assert_right(random_history(rng, patches=20, operations=3))

    @given(task_graphs(), st.lists(graph_edits(max_size=3), max_size=5))
    def test_the_diffs_of_a_living_graph(self, graph: dict[str, Any], steps: list[list[GraphEdit]]) -> None:
        current, patches = graph, []
        for edits in steps:
            edited = copy.deepcopy(current)
            for edit in edits:
                edit.apply(edited)
            patches.append(diff(current, edited, text_append=True))
            current = edited
        assert_right(History(graph, patches, current))

    @given(json_pairs(), json_pairs())
    def test_the_way_through_a_third_document(self, first: tuple[Json, Json], second: tuple[Json, Json]) -> None:
        patches = [diff(*first), diff(first[1], second[0]), diff(*second)]
        assert_right(History(first[0], patches, second[1]))

    @pytest.mark.parametrize("seed", range(4))
    def test_adding_one_by_one_or_in_front_gives_the_same_effect(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(SEEDED_HISTORIES // 20):
            history = random_history(rng)
            middle = rng.randint(0, len(history.patches))
            composer = PatchComposer(compose(*history.patches[middle:]))
            composer.prepend(compose(*history.patches[:middle]))
            assert json_equal(apply_patch(history.document, composer.patch), history.result)
            assert len(composer) == len(composer.patch)


def op(name: str, path: str, value: Any = None) -> dict[str, Any]:
    return {"op": name, "path": path} if name == "remove" else {"op": name, "path": path, "value": value}


MOVE = {"op": "move", "from": "/l/0", "path": "/l/1"}
COPY = {"op": "copy", "from": "/a", "path": "/b"}

COLLAPSING = {
    "replace, replace": ([op("replace", "/a", 1), op("replace", "/a", 2)], [op("replace", "/a", 2)]),
    "append, append": ([op("append", "/a", "x"), op("append", "/a", "y")], [op("append", "/a", "xy")]),
    "replace, append": ([op("replace", "/a", "x"), op("append", "/a", "y")], [op("replace", "/a", "xy")]),
    "append, replace": ([op("append", "/a", "x"), op("replace", "/a", 1)], [op("replace", "/a", 1)]),
    "append, remove": ([op("append", "/a", "x"), op("remove", "/a")], [op("remove", "/a")]),
    "add, replace": ([op("add", "/a", 1), op("replace", "/a", 2)], [op("add", "/a", 2)]),
    "add, append": ([op("add", "/l/0", "x"), op("append", "/l/0", "y")], [op("add", "/l/0", "xy")]),
    "add, add of a member": ([op("add", "/a", 1), op("add", "/a", 2)], [op("add", "/a", 2)]),
    "append, add of a member": ([op("append", "/a", "x"), op("add", "/a", 2)], [op("add", "/a", 2)]),
    "replace, remove": ([op("replace", "/a", 1), op("remove", "/a")], [op("remove", "/a")]),
    "remove, add": ([op("remove", "/a"), op("add", "/a", 1)], [op("replace", "/a", 1)]),
    "remove, add of an element": ([op("remove", "/l/1"), op("add", "/l/1", 1)], [op("replace", "/l/1", 1)]),
    "remove, add, remove": ([op("remove", "/a"), op("add", "/a", 1), op("remove", "/a")], [op("remove", "/a")]),
    "add, remove: the value goes": (
        [op("add", "/a", "a long value"), op("remove", "/a")],
        [op("add", "/a", 0), op("remove", "/a")],
    ),
    "add, remove, add": ([op("add", "/a", 1), op("remove", "/a"), op("add", "/a", 2)], [op("add", "/a", 2)]),
    "writes below what is replaced": (
        [op("add", "/a/b", 1), op("remove", "/a/c"), op("append", "/a/d/e", "x"), op("replace", "/a", 2)],
        [op("replace", "/a", 2)],
    ),
    "writes below what is removed": (
        [op("replace", "/a/0/b", 1), op("remove", "/a/0"), op("add", "/a/3", 1), op("remove", "/a")],
        [op("remove", "/a")],
    ),
    "writes inside what was added": (
        [op("add", "/a", {"l": [1, 3]}), op("add", "/a/l/1", 2), op("remove", "/a/l/0"), op("add", "/a/k", 4)],
        [op("add", "/a", {"l": [2, 3], "k": 4})],
    ),
    "a move inside what was added": (
        [op("add", "/a", {"l": [1, 2, 3]}), {"op": "move", "from": "/a/l/0", "path": "/a/l/2"}],
        [op("add", "/a", {"l": [2, 3, 1]})],
    ),
    "a test inside what was added": ([op("add", "/a", {"b": 1}), op("test", "/a/b", 1.0)], [op("add", "/a", {"b": 1})]),
    "elements before the one that shifts": (
        [op("replace", "/l/1", 1), op("add", "/l/2", 9), op("remove", "/l/3"), op("replace", "/l/1", 2)],
        [op("replace", "/l/1", 2), op("add", "/l/2", 9), op("remove", "/l/3")],
    ),
    "everything before the whole document": (
        [op("test", "/a", 1), op("remove", "/a"), MOVE, op("replace", "", [1]), op("append", "", "x")],
        [op("replace", "", [1]), op("append", "", "x")],
    ),
    "a document that is a string": ([op("append", "", "x"), op("append", "", "y")], [op("append", "", "xy")]),
}


@pytest.mark.parametrize(("operations", "expected"), COLLAPSING.values(), ids=COLLAPSING)
def test_operations_that_join(operations: Patch, expected: Patch) -> None:
    assert compose(operations) == expected
    assert compose(*([operation] for operation in operations)) == expected


@pytest.mark.parametrize(
    "operations",
    [
        [op("replace", "/l/1", 1), op("add", "/l/0", 9), op("replace", "/l/1", 2)],
        [op("replace", "/l/1", 1), op("remove", "/l/0"), op("replace", "/l/1", 2)],
        [op("remove", "/l/1"), op("replace", "/l/1", 2)],
        [op("add", "/l/0", 1), op("add", "/l/0", 2)],
        [op("add", "/l/-", 1), op("add", "/l/-", 2)],
        [op("remove", "/l/0"), op("remove", "/l/0")],
        [op("remove", "/l/0"), op("replace", "/l/1", 5), op("add", "/l/0", 1)],
        [op("append", "/a", "x"), op("test", "/a", "x"), op("append", "/a", "y")],
        [op("replace", "/a/b", 1), COPY, op("replace", "/a/b", 2)],
        [op("replace", "/a/b", 1), COPY, op("remove", "/a")],
        [op("replace", "/l/3", 1), MOVE, op("replace", "/l/3", 2)],
    ],
    ids=json.dumps,
)
def test_operations_that_must_stay_apart(operations: Patch) -> None:
    assert compose(operations) == operations


def test_what_reads_elsewhere_keeps_nothing_apart() -> None:
    assert compose([op("append", "/t", "x"), COPY, MOVE, op("append", "/t", "y")]) == [
        op("append", "/t", "xy"),
        COPY,
        MOVE,
    ]


def test_keys_are_escaped_inside_values_too() -> None:
    patch = [op("add", "/a~1b", {"m~n": {"": 1}}), op("replace", "/a~1b/m~0n/", 2)]
    assert compose(patch) == [op("add", "/a~1b", {"m~n": {"": 2}})]


def test_nothing_is_composed_of_nothing() -> None:
    assert compose() == compose([], []) == []


@pytest.mark.parametrize(
    "operations",
    [
        [op("add", "/a", {"b": 1}), op("replace", "/a/c", 2)],
        [op("add", "/a", {"b": 1}), op("append", "/a/b", "x")],
        [op("add", "/a", {"b": 1}), op("test", "/a/b", True)],
        [op("add", "/a", [1]), {"op": "move", "from": "/a/1", "path": "/a/0"}],
        [op("remove", "/a"), op("replace", "/a", 1)],
    ],
    ids=json.dumps,
)
def test_a_sequence_that_applies_to_no_document_does_not_begin_to(operations: Patch) -> None:
    assert compose(operations, [op("add", "/b", 1)]) == [*operations, op("add", "/b", 1)]
    with pytest.raises(PatchError):
        apply_patch({"a": "text"}, compose(operations))


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "increment", "path": "/a"}, InvalidPatch),
        ({"path": "/a"}, InvalidPatch),
        ({"op": "add", "path": "/a"}, InvalidPatch),
        ({"op": "append", "path": "/a", "value": 1}, InvalidPatch),
        ({"op": "remove", "path": 1}, InvalidPatch),
        ({"op": "move", "path": "/a"}, InvalidPatch),
        ("remove", InvalidPatch),
        ({"op": "remove", "path": "a"}, InvalidPointer),
        ({"op": "copy", "from": "/~2", "path": "/a"}, InvalidPointer),
    ],
)
def test_what_is_no_operation_is_refused(operation: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        compose([operation])


class TestComposer:
    def test_what_was_handed_out_does_not_change(self) -> None:
        composer = PatchComposer([op("add", "/a", {"b": [1], "text": ""}), op("append", "/t", "x")])
        handed_out = composer.patch
        before = copy.deepcopy(handed_out)
        composer.add([op("add", "/a/b/0", 0), op("append", "/a/text", "y"), op("append", "/t", "z")])
        assert handed_out == before
        assert composer.patch == [op("add", "/a", {"b": [0, 1], "text": "y"}), op("append", "/t", "xz")]

    def test_changing_what_was_handed_out_does_not_change_the_composer(self) -> None:
        composer = PatchComposer([op("append", "/t", "x")])
        composer.patch[0]["value"] = "changed"
        assert composer.patch == [op("append", "/t", "x")]

    def test_a_patch_put_in_front_joins_what_is_there(self) -> None:
        composer = PatchComposer([op("append", "/t", "y"), op("replace", "/n", 2)])
        composer.prepend([op("append", "/t", "x"), op("replace", "/n", 1)])
        assert composer.patch == [op("append", "/t", "xy"), op("replace", "/n", 2)]

    def test_its_length_is_that_of_the_patch(self) -> None:
        composer = PatchComposer()
        assert len(composer) == 0
        composer.add([op("replace", "/a", 1), op("replace", "/a", 2), op("replace", "/b", 1)])
        assert len(composer) == 2


NODES = 500


class TestCost:
    """Counted, not timed."""

    @pytest.mark.parametrize(
        "operation",
        [
            lambda number: op("append", "/nodes/n1/text", "token "),
            lambda number: op("append", f"/nodes/n{number % NODES}/text", "token "),
            lambda number: op("replace", f"/nodes/n{number % NODES}/at", number),
            lambda number: op("add", "/list/0", number),
            lambda number: op("add", f"/list/{number}", number),
            lambda number: op("add" if number % 2 else "remove", "/list/3", number),
            lambda number: op("replace", f"/list/{number * 7919 % 10_000}", number),
            lambda number: (op("replace", f"/list/{number}", 1), op("remove", f"/list/{10_000 + number}"))[number % 2],
            lambda number: {"op": "move", "from": f"/list/{number}", "path": "/list/0"},
        ],
        ids=[
            *("one text", "many texts", "one field of many", "insert at the head", "add at the end", "add and remove"),
            *("elements in any order", "low elements between high removals", "moves"),
        ],
    )
    def test_a_patch_costs_the_same_whatever_went_before(self, operation: Callable[[int], dict[str, Any]]) -> None:
        composer = PatchComposer()
        first = calls_of(lambda: add_all(composer, operation, range(1_000, 2_000)))
        add_all(composer, operation, range(2_000, 9_000))
        last = calls_of(lambda: add_all(composer, operation, range(9_000, 10_000)))
        assert last < 1.5 * first

    def test_many_texts_grow_inside_one_value_that_was_just_added(self) -> None:
        nodes = {f"n{number}": {"text": "", "at": 0} for number in range(NODES)}
        composer = PatchComposer([op("replace", "", {"nodes": nodes})])
        steps = calls_of(lambda: add_all(composer, token_and_time, range(200)))
        more = calls_of(lambda: add_all(composer, token_and_time, range(2_000, 2_200)))
        assert more < 1.5 * steps
        [operation] = composer.patch
        assert operation["value"]["nodes"]["n3"] == {"text": "token token ", "at": 0}

    @pytest.mark.parametrize("begin", [[], [op("add", "/a", {"text": ""})]], ids=["alone", "in an added value"])
    def test_one_more_token_does_not_copy_the_text_before_it(self, begin: Patch) -> None:
        composer = PatchComposer(begin)
        composer.add([op("append", "/a/text", "x" * 1_000_000)])
        tracemalloc.start()
        try:
            for _ in range(100):
                composer.add([op("append", "/a/text", "token")])
            assert tracemalloc.get_traced_memory()[1] < 100_000
        finally:
            tracemalloc.stop()
        assert compact(composer.patch) > 1_000_500

    def test_ten_thousand_appends_are_one_operation(self) -> None:
        composer = PatchComposer()
        for number in range(10_000):
            composer.add([op("append", "/t", f"{number} ")])
        assert composer.patch == [op("append", "/t", "".join(f"{number} " for number in range(10_000)))]


def token_and_time(number: int) -> dict[str, Any]:
    node = f"/nodes/n{number // 2 % NODES}"
    return op("append", f"{node}/text", "token ") if number % 2 else op("replace", f"{node}/at", 0)


def add_all(composer: PatchComposer, operation: Callable[[int], dict[str, Any]], numbers: range) -> None:
    for number in numbers:
        composer.add([operation(number)])


def calls_of(function: Callable[[], object]) -> int:
    """Return how many calls of functions, those in C included, `function` makes."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls
