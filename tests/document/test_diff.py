"""`diff` finds exactly what changed, in JSON's terms, and says it in as few bytes as it can."""

import collections
import copy
import datetime
import enum
import inspect
import random
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.diff import diff, diff_into
from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import Normalizer, normalize
from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import InvalidValue
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.limits import HIGHEST_DEPTH, Limits
from realtime_sync.testing.strategies import TRAPS, graph_pairs, json_pairs, json_values
from tests.document.checked_diff import assert_right, compact, exact

pytestmark = pytest.mark.usefixtures("implementation")


class TestProperties:
    @given(json_pairs(), st.booleans())
    def test_applied_it_gives_the_new_document(self, pair: tuple[Json, Json], text_append: bool) -> None:
        assert_right(*pair, text_append=text_append)

    @given(json_values(), json_values(), st.booleans())
    def test_it_leads_from_any_document_to_any_other(self, old: Json, new: Json, text_append: bool) -> None:
        assert_right(old, new, text_append=text_append)

    @given(graph_pairs(), st.booleans())
    def test_it_follows_a_task_graph(self, pair: tuple[dict[str, Any], dict[str, Any]], text_append: bool) -> None:
        assert_right(*pair, text_append=text_append)

    @given(
        st.lists(st.sampled_from(TRAPS) | st.lists(st.sampled_from(TRAPS), max_size=2), max_size=9).flatmap(
            lambda items: st.tuples(st.just(items), st.permutations(items), st.integers(0, 3))
        )
    )
    def test_it_reorders_lists_with_repeats(self, case: tuple[list[Any], list[Any], int]) -> None:
        old, new, dropped = case
        assert_right(old, copy.deepcopy(new[dropped:] + old[:dropped]), text_append=False)

    @given(json_pairs())
    def test_a_document_is_no_change_to_itself(self, pair: tuple[Json, Json]) -> None:
        document, _ = pair
        assert diff(document, document) == []
        assert diff(document, copy.deepcopy(document)) == []


class TestOneChange:
    @pytest.mark.parametrize("size", [9, 33, 40, 300])
    @pytest.mark.parametrize("kind", ["object", "list"])
    def test_one_change_in_a_container_of_any_size_is_one_operation(self, size: int, kind: str) -> None:
        rng = random.Random(size)
        rows: list[Any] = [
            {"text": "words " * 5, "n": number, "deep": {"flags": [1, True, None, 0.5]}} for number in range(size)
        ]
        old: Any = rows if kind == "list" else {f"row {number}": row for number, row in enumerate(rows)}
        for changed in rng.sample(range(size), 5):
            new = copy.deepcopy(old)
            target = new[changed] if isinstance(new, list) else new[f"row {changed}"]
            target["deep"]["flags"][0] = True
            name = str(changed) if kind == "list" else f"row {changed}"
            path = f"/{name}/deep/flags/0"
            assert assert_right(old, new, text_append=False) == [{"op": "replace", "path": path, "value": True}]


class TestObjects:
    def test_members_are_removed_added_replaced_and_looked_into(self) -> None:
        text = "long enough that nobody would rather send the whole document, which has this text in it, once again"
        old = {"gone": 1, "same": [1, {"x": None}], "changed": "a", "deep": {"n": 1, "text": text}, "text": text}
        new = {"same": [1, {"x": None}], "changed": "b", "deep": {"n": 2, "text": text}, "text": text, "come": {}}
        assert diff(old, new) == [
            {"op": "remove", "path": "/gone"},
            {"op": "replace", "path": "/changed", "value": "b"},
            {"op": "replace", "path": "/deep/n", "value": 2},
            {"op": "add", "path": "/come", "value": {}},
        ]

    def test_keys_are_escaped(self) -> None:
        text = "a text that is long enough not to be replaced with its whole document"
        assert diff({"a/b": {"m~n": 1}, "": text}, {"a/b": {"m~n": 2}, "": text}) == [
            {"op": "replace", "path": "/a~1b/m~0n", "value": 2}
        ]

    def test_the_order_of_members_is_no_difference(self) -> None:
        members = {f"key {number}": {"a": 1, "b": 2} for number in range(50)}
        turned = {key: {"b": 2, "a": 1} for key in reversed(members)}
        assert diff(members, turned) == []

    @pytest.mark.parametrize(("old", "new"), [(True, 1), (1, True), (0, False), (False, 0.0), (1.0, True), (None, 0)])
    def test_a_change_of_type_is_seen_although_python_calls_the_values_equal(self, old: Json, new: Json) -> None:
        for wrap in WRAPS:
            [operation] = diff(wrap(old), wrap(new))
            assert operation["op"] == "replace"
            assert exact(apply_patch(wrap(old), [operation])) == exact(wrap(new))

    @pytest.mark.parametrize(
        ("old", "new"), [(1, 1.0), (1.0, 1), (0, -0.0), (0.0, -0.0), (2**53 - 1, float(2**53 - 1))]
    )
    def test_numbers_are_compared_by_value(self, old: Json, new: Json) -> None:
        for wrap in WRAPS:
            assert diff(wrap(old), wrap(new)) == []


WRAPS: tuple[Callable[[Any], Any], ...] = (
    lambda value: value,
    lambda value: {"a": {"b": [value, "something that stays"]}, "c": "a text so long that no one would replace it all"},
    lambda value: [[{"id": number, "n": number} for number in range(40)], [value]],
    lambda value: {str(number): {"id": number, "v": value if number == 77 else number} for number in range(100)},
)
"""Documents with a value somewhere: alone, deep in a small one, after many elements, among many members."""


class TestSize:
    def test_the_whole_document_is_replaced_when_that_is_smaller(self) -> None:
        old = {f"old {number}": number for number in range(50)}
        assert diff(old, {"a": 1}) == [{"op": "replace", "path": "", "value": {"a": 1}}]

    def test_a_part_is_replaced_when_that_is_smaller(self) -> None:
        old = {"part": {"a": 1, "b": 2, "c": 3}, "text": "this is so long that nobody would want it sent again"}
        new = {"part": {"d": 4, "e": 5, "f": 6}, "text": "this is so long that nobody would want it sent again"}
        assert diff(old, new) == [{"op": "replace", "path": "/part", "value": {"d": 4, "e": 5, "f": 6}}]

    def test_what_is_not_ascii_counts_in_bytes(self) -> None:
        old = {"\U0001f600" * 9 + str(number): number for number in range(4)}
        new = {"\U0001f600" * 9 + str(number): number + 1 for number in range(4)}
        assert_right(old, new, text_append=False)

    def test_a_small_change_does_not_serialise_a_large_document(self, monkeypatch: pytest.MonkeyPatch) -> None:
        serialised = count_serialised(monkeypatch)
        old = {"nodes": {f"n{number}": {"text": "words " * 200, "n": 0} for number in range(300)}}
        new = copy.deepcopy(old)
        new["nodes"]["n7"]["n"] = 1
        diff(old, new)
        assert sum(serialised) < 3 * compact(old)  # both sides once to prove that the rest is the same, and some change

    def test_no_value_is_serialised_once_for_each_level_above_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        serialised = count_serialised(monkeypatch)
        old: Any = {"leaf": ["words " * 1_000] * 30, "n": 0}
        new: Any = {"leaf": ["words " * 1_000] * 30, "n": False}  # so that == sees nothing, at any level
        for _ in range(60):
            old, new = (
                {**dict.fromkeys("abcde", 0), "below": below, **dict.fromkeys("vwxyz", 0)} for below in (old, new)
            )
        assert [operation["value"] for operation in diff(old, new)] == [False]
        print(sum(serialised) / compact(old))
        assert sum(serialised) < 40 * compact(old)


def count_serialised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []

    def dumps(*args: Any) -> bytes:
        encoded = original(*args)
        sizes.append(len(encoded))
        return encoded

    original = orjson.dumps
    monkeypatch.setattr(orjson, "dumps", dumps)
    return sizes


class TestText:
    def test_a_string_that_grew_is_appended_to(self) -> None:
        old, new = {"text": "some tokens"}, {"text": "some tokens more"}
        assert diff(old, new, text_append=True) == [{"op": "append", "path": "/text", "value": " more"}]

    def test_an_element_that_grew_is_appended_to(self) -> None:
        assert diff(["a long enough text", 1], ["a long enough text!", 1], text_append=True) == [
            {"op": "append", "path": "/0", "value": "!"}
        ]

    def test_without_text_append_it_is_replaced(self) -> None:
        old, new = {"text": "some tokens", "n": 1}, {"text": "some tokens more", "n": 1}
        assert diff(old, new)[0]["op"] == "replace"

    def test_an_empty_string_grows_too(self) -> None:
        assert diff({"text": ""}, {"text": "a"}, text_append=True) == [{"op": "append", "path": "/text", "value": "a"}]

    def test_a_document_that_is_a_string_is_replaced_as_jsonpatch_has_no_append_for_it(self) -> None:
        assert diff("a", "ab", text_append=True) == [{"op": "replace", "path": "", "value": "ab"}]

    def test_what_was_appended_is_checked(self) -> None:
        with pytest.raises(InvalidValue, match="surrogate") as caught:
            diff({"text": "a"}, {"text": "a\ud800"}, text_append=True)
        assert caught.value.path == "/text"


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    ONE = 1


@attrs.define
class Node:
    name: str
    children: list["Node"]


class AgreesWithAll:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Refuses:
    def __eq__(self, other: object) -> bool:
        raise ArithmeticError("no comparison")

    __hash__ = None  # type: ignore[assignment]


class TestForeignValues:
    """What stands in `new` may be anything; it is compared as what `normalize` makes of it."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ([1, 2], (1, 2)),
            ("red", Colour.RED),
            (1, Level.ONE),
            ("2026-01-01T00:00:00", datetime.datetime(2026, 1, 1)),
            (str(uuid.UUID(int=7)), uuid.UUID(int=7)),
            ({"name": "a", "children": []}, Node("a", [])),
            ({"a": 1}, collections.OrderedDict(a=1)),
            ({"a": {"b": 1}}, collections.defaultdict(dict, a={"b": 1})),
            ({"red": 1}, {Colour.RED: 1}),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_values_that_normalize_to_the_old_ones_are_no_change(self, old: Json, new: object) -> None:
        for wrap in WRAPS:
            assert diff(wrap(old), wrap(new)) == []

    @pytest.mark.parametrize("value", [(1, 3), Colour.RED, Node("a", [Node("b", [])]), {Colour.RED: (Level.ONE,)}])
    def test_values_that_changed_arrive_normalised(self, value: object) -> None:
        for wrap in WRAPS:
            old = wrap({"red": 1})
            assert exact(apply_patch(old, diff(old, wrap(value)))) == exact(wrap(normalize(value)))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (None, float("nan")),
            (None, float("inf")),
            (1, float("nan")),
            (1, Decimal(1)),
            (1, complex(1)),
            ([1], {1}),
            ("a", "\ud800"),
            (1.0, 2**60),
            (float(2**60), 2**60),
            (2**53, 2**53),
            ({"1": 2}, {1: 2}),
            ({"a": 1}, {"\ud800": 1}),
            (1, AgreesWithAll()),
            ({"a": [None]}, {"a": [AgreesWithAll()]}),
            (1, Refuses()),
            (1, b"1"),
        ],
        ids=repr,
    )
    def test_what_is_no_json_is_refused_at_its_place_whatever_stood_there(self, old: Json, new: object) -> None:
        if old == 2**53:  # normal JSON holds no such integer, so a document cannot either
            old = 2**53 - 1
        for wrap in WRAPS:
            with pytest.raises(InvalidValue) as caught:
                diff(wrap(old), wrap(new))
            assert caught.value.path.startswith(place_in(wrap("here"), "here"))

    def test_a_cycle_is_refused(self) -> None:
        cycle: list[Any] = [1]
        cycle.append(cycle)
        with pytest.raises(InvalidValue, match="inside each other"):
            diff([1, [1, [1]]], cycle)

    def test_the_chosen_normalizer_is_used(self) -> None:
        normalizer = Normalizer(default=lambda value: sorted(value), big_integers="string")
        assert diff({"a": [1, 2]}, {"a": {2, 1}}, normalizer=normalizer) == []
        assert diff([str(2**60)], [2**60], normalizer=normalizer) == []
        assert diff([1], [2**60], normalizer=normalizer) == [{"op": "replace", "path": "/0", "value": str(2**60)}]

    def test_only_what_changed_is_normalised(self) -> None:
        class Counted(Normalizer):
            def __call__(self, value: object, path: str = "", depth: int = 0) -> Json:
                paths.append(path)
                return super().__call__(value, path, depth)

        paths: list[str] = []
        old = {"nodes": {f"n{number}": {"text": "words " * 20, "n": number} for number in range(200)}}
        new = copy.deepcopy(old)
        new["nodes"]["n7"]["n"] = "changed"
        diff(old, new, normalizer=Counted())
        assert paths == ["/nodes/n7/n"]


def place_in(value: Any, wanted: Any) -> str:
    for path, leaf in leaves(value, ""):
        if leaf == wanted:
            return path
    raise AssertionError("not there")


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(child, f"{path}/{key}")
    else:
        yield path, value


class TestDepth:
    @pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: [0, inner, 1]])
    def test_documents_of_the_greatest_depth_are_compared(self, wrap: Callable[[Any], Any]) -> None:
        def nested(leaf: Json) -> Json:
            for _ in range(HIGHEST_DEPTH):
                leaf = wrap(leaf)
            return leaf

        normalizer = Normalizer(limits=Limits(max_depth=HIGHEST_DEPTH))
        old = nested("a")
        assert diff(old, nested("a"), normalizer=normalizer) == []
        patch = diff(old, nested("b"), normalizer=normalizer)
        assert json_equal(apply_patch(old, patch), nested("b"))
        assert diff(nested(1), nested(1.0), normalizer=normalizer) == []

    def test_lists_that_are_aligned_at_every_level_leave_room_on_the_stack(self) -> None:
        old: Json = list(range(300))  # large, so that the lists around it are recognised without being serialised
        new: Json = list(range(1, 301))
        for _ in range(HIGHEST_DEPTH - 1):
            old, new = ["first", "second", old, "last"], [new, "first", "second", "third", "last"]
        normalizer = Normalizer(limits=Limits(max_depth=HIGHEST_DEPTH))
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack()) + 600)  # as if the caller had used up the rest
        try:
            patch = diff(old, new, normalizer=normalizer)
        finally:
            sys.setrecursionlimit(usual)
        assert json_equal(apply_patch(old, patch), new)

    def test_what_is_added_too_deep_is_refused(self) -> None:
        with pytest.raises(InvalidValue, match="max_depth") as caught:
            diff({"a": {}}, {"a": {"b": [[]]}}, normalizer=Normalizer(limits=Limits(max_depth=3)))
        assert caught.value.path == "/a/b/0"


class TestLists:
    ROWS = tuple({"id": f"n{number}", "text": "some words that make an element worth keeping"} for number in range(20))

    def rows(self) -> list[dict[str, Any]]:
        return copy.deepcopy(list(self.ROWS))

    def test_one_inserted_at_the_head_of_many_is_one_operation(self) -> None:
        old = [{"id": number, "text": "words"} for number in range(10_000)]
        new = [{"id": "new", "text": "words"}, *copy.deepcopy(old)]
        assert diff(old, new) == [{"op": "add", "path": "/0", "value": {"id": "new", "text": "words"}}]

    def test_an_element_that_moved_is_moved(self) -> None:
        new = self.rows()
        new.append(new.pop(3))
        assert diff(list(self.ROWS), new) == [{"op": "move", "from": "/3", "path": "/19"}]

    def test_two_that_changed_places_are_moved(self) -> None:
        new = self.rows()
        new[3], new[12] = new[12], new[3]
        assert [operation["op"] for operation in assert_right(list(self.ROWS), new, text_append=False)] == ["move"] * 2

    def test_an_element_known_by_its_identity_is_changed_where_it_went(self) -> None:
        new = self.rows()
        new.insert(0, new.pop(7))
        new[0]["status"] = "DONE"
        assert diff(list(self.ROWS), new) == [
            {"op": "move", "from": "/7", "path": "/0"},
            {"op": "add", "path": "/0/status", "value": "DONE"},
        ]

    def test_removals_do_not_disturb_each_other(self) -> None:
        new = [row for number, row in enumerate(self.rows()) if number not in (2, 3, 11)]
        assert diff(list(self.ROWS), new) == [{"op": "remove", "path": f"/{index}"} for index in (11, 3, 2)]

    def test_what_came_where_something_went_replaces_it(self) -> None:
        assert diff(["a", "b", "c", "d" * 60], ["a", "x", "y", "d" * 60]) == [
            {"op": "replace", "path": "/1", "value": "x"},
            {"op": "replace", "path": "/2", "value": "y"},
        ]

    def test_true_and_one_are_two_elements(self) -> None:
        long_text = "x" * 50
        assert diff([1, True, long_text], [True, 1, long_text]) == [{"op": "move", "from": "/1", "path": "/0"}]
        assert_right([[True], [1], "x" * 50], [[1], [True], "x" * 50], text_append=False)

    def test_a_list_with_little_in_common_is_replaced(self) -> None:
        assert diff(list(range(100)), list(range(1_000, 1_005))) == [
            {"op": "replace", "path": "", "value": [1000, 1001, 1002, 1003, 1004]}
        ]

    @pytest.mark.parametrize(
        "elements",
        [
            [{"id": number, "text": "words " * 5} for number in range(10_000)],
            [{"source": number, "target": number + 1} for number in range(10_000)],
            list(range(10_000)),
            [number % 2 == 0 for number in range(10_000)],
            ["same"] * 10_000,
            [[number % 3, [number % 5]] for number in range(10_000)],
        ],
        ids=["identity", "objects", "integers", "booleans", "one value", "nested"],
    )
    def test_work_grows_with_the_length_and_not_with_its_square(self, elements: list[Any]) -> None:
        small, large = (
            calls_of(lambda old=old, new=new: diff(old, new))  # type: ignore[misc]
            for old, new in (shuffled(elements[:1_000]), shuffled(elements))
        )
        assert large < 25 * small

    def test_past_the_bound_a_list_is_replaced_or_compared_by_position(self) -> None:
        old = list(range(40_000))
        assert [operation["op"] for operation in diff(old, old[::-1])] == ["replace"]
        assert [operation["op"] for operation in diff(old, old[39_000:])] == ["replace"]
        new = [*old[:10], -1, *old[11:39_000], -1, *old[39_001:]]
        assert diff(old, new) == [{"op": "replace", "path": path, "value": -1} for path in ("/10", "/39000")]


def shuffled(elements: list[Any]) -> tuple[list[Any], list[Any]]:
    new = copy.deepcopy(elements)
    random.Random(7).shuffle(new)
    return elements, new


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


def test_diff_into_writes_behind_what_is_there_with_paths_below_a_place() -> None:
    patch: Patch = [{"op": "test", "path": "", "value": 0}]
    diff_into([1, "x" * 60], [2, "x" * 60], "/rows/0", patch)
    assert patch == [{"op": "test", "path": "", "value": 0}, {"op": "replace", "path": "/rows/0/0", "value": 2}]
