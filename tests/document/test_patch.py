"""Patches: the conformance cases, an independent implementation as oracle, and what may and may not be shared."""

import contextlib
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch, apply_patch_in_place, invert
from realtime_sync.document.pointer import format_pointer, resolve
from realtime_sync.errors import InvalidPatch, InvalidPointer, PatchError, PathNotFound, TestFailed
from realtime_sync.jsontypes import Json, Operation, Patch
from realtime_sync.limits import Limits
from realtime_sync.testing.strategies import json_keys, json_values

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "conformance" / "patch.json").read_bytes())

Apply = Callable[[Json, Patch], Json]
BOTH_WAYS = pytest.mark.parametrize("apply", [apply_patch, apply_patch_in_place])


def nested_list(levels: int) -> Json:
    value: Json = []
    for _ in range(levels):
        value = [value]
    return value


def container_ids(value: Json) -> set[int]:
    """Return the identities of all containers in `value`."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(container_ids(child) for child in children))


def locations(value: Json, path: tuple[str | int, ...] = ()) -> list[str]:
    """Return the pointers of everything in `value`, and of the places where something could be added."""
    found = [format_pointer(path)]
    if isinstance(value, dict):
        found.append(format_pointer((*path, "new")))
        for key, child in value.items():
            found += locations(child, (*path, key))
    elif isinstance(value, list):
        found += [format_pointer((*path, "-")), format_pointer((*path, len(value)))]
        for index, child in enumerate(value):
            found += locations(child, (*path, index))
    return found


@st.composite
def operations(draw: st.DrawFn, document: Json) -> Operation:
    """Draw an operation that makes sense for `document` more often than not."""
    places = st.sampled_from(locations(document))
    pointers = st.one_of(places, places, places, json_keys().map(lambda key: format_pointer([key])))
    op = draw(st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "append"]))
    operation: Operation = {"op": op, "path": draw(pointers)}
    if op in ("move", "copy"):
        operation["from"] = draw(pointers)
    elif op == "append":
        operation["value"] = draw(st.text(max_size=4))
    elif op != "remove":
        operation["value"] = draw(json_values(max_leaves=4))
    return operation


@st.composite
def documents_with_patches(draw: st.DrawFn) -> tuple[Json, Patch]:
    """Draw a document, and a patch whose operations all apply, except for the last one now and then."""
    document = state = draw(json_values(max_leaves=12))
    patch: Patch = []
    for _ in range(draw(st.integers(0, 5))):
        operation = draw(operations(state))
        if operation["op"] == "test" and draw(st.booleans()):
            with contextlib.suppress(PatchError):
                operation["value"] = copy.deepcopy(resolve(state, operation["path"]))
        try:
            state = apply_patch(state, [operation])
        except PatchError:
            if draw(st.booleans()):
                return document, [*patch, operation]
        else:
            patch.append(operation)
    return document, patch


def outcome(apply: Apply, document: Json, patch: Patch) -> tuple[Json, str]:
    """Return the result and no problem, or nothing and the problem."""
    try:
        return apply(document, patch), ""
    except PatchError as error:
        return None, f"{type(error).__name__}: {error}"


class TestConformance:
    @BOTH_WAYS
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
    def test_case(self, case: dict[str, Any], apply: Apply) -> None:
        document, patch = copy.deepcopy(case["document"]), copy.deepcopy(case["patch"])
        if "error" in case:
            with pytest.raises(PatchError):
                apply(document, patch)
            assert json_equal(document, case["document"])
        else:
            assert json_equal(apply(document, patch), case["expected"])
        assert json_equal(patch, case["patch"])

    @pytest.mark.parametrize("case", [case for case in CASES if "expected" in case], ids=lambda case: case["comment"])
    def test_the_inverse_of_a_case_leads_back(self, case: dict[str, Any]) -> None:
        undo = invert(case["document"], case["patch"])
        assert json_equal(apply_patch(case["expected"], undo), case["document"])

    @pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: case["comment"])
    def test_a_patch_that_does_not_apply_has_no_inverse(self, case: dict[str, Any]) -> None:
        with pytest.raises(PatchError):
            invert(case["document"], case["patch"])


class TestProperties:
    @given(documents_with_patches())
    def test_jsonpatch_agrees(self, drawn: tuple[Json, Patch]) -> None:
        document, patch = drawn
        # The one difference: jsonpatch refuses to append to a document that is itself a string.
        assume(not any(operation["op"] == "append" and operation["path"] == "" for operation in patch))
        try:
            expected = jsonpatch.JsonPatchWithAppend(patch).apply(document)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
            with pytest.raises(PatchError):
                apply_patch(document, patch)
        else:
            assert json_equal(apply_patch(document, patch), expected)

    @given(documents_with_patches())
    def test_in_place_agrees_with_copy_on_write(self, drawn: tuple[Json, Patch]) -> None:
        document, patch = drawn
        working_copy = copy.deepcopy(document)
        expected, problem = outcome(apply_patch, document, patch)
        found, same_problem = outcome(apply_patch_in_place, working_copy, patch)
        assert json_equal(found, expected)
        assert same_problem == problem
        assert json_equal(working_copy, document) or not problem

    @given(documents_with_patches())
    def test_neither_document_nor_patch_is_touched(self, drawn: tuple[Json, Patch]) -> None:
        before = json.dumps(drawn)
        document, patch = drawn
        try:
            apply_patch(document, patch)
            invert(document, patch)
        except PatchError:
            pass
        assert json.dumps(drawn) == before

    @given(documents_with_patches())
    def test_what_a_patch_carries_is_not_shared_with_the_result(self, drawn: tuple[Json, Patch]) -> None:
        document, patch = drawn
        carried = set().union(*(container_ids(operation.get("value")) for operation in patch))
        try:
            results = [apply_patch(document, patch), apply_patch_in_place(copy.deepcopy(document), patch)]
        except PatchError:
            return
        assert all(carried.isdisjoint(container_ids(result)) for result in results)

    @given(documents_with_patches())
    def test_the_inverse_undoes_the_patch_and_shares_nothing(self, drawn: tuple[Json, Patch]) -> None:
        document, patch = drawn
        try:
            undo = invert(document, patch)
        except PatchError:
            with pytest.raises(PatchError):
                apply_patch(document, patch)
            return
        changed = apply_patch(document, patch)
        assert json_equal(apply_patch(changed, undo), document)
        shared = container_ids([document, changed, patch])
        assert all(shared.isdisjoint(container_ids(operation.get("value"))) for operation in undo)


class TestSharing:
    def test_branches_that_the_patch_does_not_reach_are_the_same_objects(self) -> None:
        document: Any = {"touched": {"inner": {}, "other": []}, "untouched": {"x": [1]}}
        result: Any = apply_patch(document, [{"op": "add", "path": "/touched/inner/a", "value": 1}])
        assert result["untouched"] is document["untouched"]
        assert result["touched"]["other"] is document["touched"]["other"]
        assert result["touched"] is not document["touched"]

    def test_an_empty_patch_gives_the_document_itself(self) -> None:
        document: Json = {"a": []}
        assert apply_patch(document, []) is document

    def test_test_copies_nothing(self) -> None:
        document: Json = {"a": [1]}
        assert apply_patch(document, [{"op": "test", "path": "/a/0", "value": 1}]) is document

    def test_each_container_is_copied_once_a_patch(self) -> None:
        class Counted(dict[str, Any]):
            copies = 0

            def copy(self) -> "Counted":
                Counted.copies += 1
                return Counted(self)

        document = Counted(a=Counted(n=0))
        apply_patch(document, [{"op": "replace", "path": "/a/n", "value": n} for n in range(50)])
        assert Counted.copies == 2

    def test_one_container_at_two_places_changes_at_the_place_that_is_named(self) -> None:
        shared: Json = [1]
        document: Json = {"a": shared, "b": shared, "c": {"d": shared}}
        patch = [{"op": "add", "path": path, "value": 2} for path in ("/a/-", "/c/d/0")]
        assert apply_patch(document, patch) == {"a": [1, 2], "b": [1], "c": {"d": [2, 1]}}

    @BOTH_WAYS
    def test_later_changes_of_the_patch_do_not_show(self, apply: Apply) -> None:
        patch: Patch = [{"op": "add", "path": "/a", "value": {"b": [1]}}]
        result = apply({}, patch)
        patch[0]["value"]["b"].append(2)
        assert result == {"a": {"b": [1]}}

    @BOTH_WAYS
    def test_operations_do_not_change_the_values_of_those_before(self, apply: Apply) -> None:
        patch: Patch = [{"op": "add", "path": "/a", "value": {"b": [1]}}, {"op": "add", "path": "/a/b/-", "value": 2}]
        assert apply({}, patch) == {"a": {"b": [1, 2]}}
        assert patch[0]["value"] == {"b": [1]}

    @BOTH_WAYS
    def test_a_copy_can_be_changed_in_place_later(self, apply: Apply) -> None:
        result = apply({"a": {"n": [1]}}, [{"op": "copy", "from": "/a", "path": "/b"}])
        apply_patch_in_place(result, [{"op": "add", "path": "/a/n/-", "value": 2}])
        assert result == {"a": {"n": [1, 2]}, "b": {"n": [1]}}

    def test_in_place_changes_the_document_that_it_was_given(self) -> None:
        inner: Json = {"n": 1}
        document: Json = {"a": inner}
        patch: Patch = [{"op": "replace", "path": "/a/n", "value": 2}]
        assert apply_patch_in_place(document, patch) is document
        assert inner == {"n": 2}

    def test_in_place_returns_a_new_root(self) -> None:
        document: Json = {"a": 1}
        assert apply_patch_in_place(document, [{"op": "replace", "path": "", "value": [1]}]) == [1]
        assert document == {"a": 1}


class TestFailure:
    def test_rollback_restores_the_same_containers(self) -> None:
        inner: list[Json] = [1, 2]
        document: Json = {"a": inner, "b": {}}
        patch: Patch = [
            {"op": "add", "path": "/a/0", "value": 0},
            {"op": "move", "from": "/a", "path": "/b/c"},
            {"op": "remove", "path": "/b/c/1"},
            {"op": "test", "path": "/b", "value": None},
        ]
        with pytest.raises(TestFailed):
            apply_patch_in_place(document, patch)
        assert document == {"a": [1, 2], "b": {}}
        assert document["a"] is inner

    @BOTH_WAYS
    def test_an_error_carries_index_and_operation(self, apply: Apply) -> None:
        patch: Patch = [{"op": "add", "path": "/b", "value": 1}, {"op": "remove", "path": "/a/5"}]
        with pytest.raises(PathNotFound) as caught:
            apply({"a": [1, 2, 3]}, patch)
        assert caught.value.index == 1
        assert caught.value.operation is patch[1]
        assert str(caught.value) == f"operation 1 ({patch[1]!r}): '/a/5': the list has 3 elements"

    @pytest.mark.parametrize(
        ("operation", "kind", "problem"),
        [
            ({"op": "remove", "path": "/n/x"}, PathNotFound, "'/n/x': the value above it is a number, which has"),
            ({"op": "remove", "path": "/n/x/y"}, PathNotFound, "'/n/x': the value above it is a number, which has"),
            (
                {"op": "replace", "path": "/b", "value": 1},
                PathNotFound,
                "'/b': the object has no such member, only 'n'",
            ),
            ({"op": "add", "path": "/l/3", "value": 1}, PathNotFound, "'/l/3': the list has 1 element"),
            ({"op": "remove", "path": "/l/-"}, PathNotFound, "'/l/-': '-' means the place after the last element"),
            ({"op": "copy", "from": "/q", "path": "/n"}, PathNotFound, "'/q': the object has no such member"),
            ({"op": "test", "path": "/n", "value": True}, TestFailed, "'/n' holds 1, not True"),
            ({"op": "append", "path": "/l", "value": "x"}, InvalidPatch, "'/l' is a list, and only a string can be"),
            ({"op": "append", "path": "/s", "value": 1}, InvalidPatch, "'value' must be a string, not a number"),
            ({"op": "move", "from": "/l", "path": "/l/0"}, InvalidPatch, "'/l' cannot be moved into itself, to '/l/0'"),
            ({"op": "remove", "path": ""}, InvalidPatch, "the whole document cannot be removed, only replaced"),
            ({"op": "spam", "path": ""}, InvalidPatch, "there is no operation 'spam', only add, remove"),
            ({"op": "add", "path": ""}, InvalidPatch, "the member 'value' is missing"),
            ({"op": "add", "path": None, "value": 1}, InvalidPatch, "the member 'path' must be a string, not null"),
            (
                {"op": "add", "path": "n", "value": 1},
                InvalidPointer,
                "'n' is no pointer: it must be empty or begin with",
            ),
            (None, InvalidPatch, "an operation is an object, not null"),
        ],
    )
    def test_an_error_says_what_was_there(self, operation: Any, kind: type[PatchError], problem: str) -> None:
        with pytest.raises(kind) as caught:
            apply_patch({"n": 1, "l": [0], "s": "text"}, [operation])
        assert problem in caught.value.problem

    def test_a_failed_test_of_a_large_document_has_a_short_text(self) -> None:
        document: Json = {str(n): "x" * 1000 for n in range(1000)}
        with pytest.raises(TestFailed) as caught:
            apply_patch(document, [{"op": "test", "path": "", "value": 1}])
        assert len(str(caught.value)) < 600

    @BOTH_WAYS
    def test_a_value_nested_too_deeply_is_a_patch_error(self, apply: Apply) -> None:
        document: Json = {"a": 1}
        patch: Patch = [{"op": "replace", "path": "/a", "value": 2}]
        with pytest.raises(InvalidPatch, match="nested more deeply"):
            apply(document, [*patch, {"op": "add", "path": "/b", "value": nested_list(100_000)}])
        assert document == {"a": 1}

    @BOTH_WAYS
    def test_a_long_pointer_into_a_deep_document_is_followed(self, apply: Apply) -> None:
        result = apply(nested_list(239), [{"op": "add", "path": "/0" * 239 + "/-", "value": "deep"}])
        for _ in range(240):
            assert isinstance(result, list)
            result = result[0]
        assert result == "deep"

    @pytest.mark.parametrize("apply", [apply_patch, apply_patch_in_place, invert])
    def test_copies_that_double_a_document_end_at_the_limit(self, apply: Any) -> None:
        document: Json = {"a": [0]}
        bomb: Patch = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 64
        with pytest.raises(InvalidPatch, match="may add 1000 values"):
            apply(document, bomb, limits=Limits(max_elements=1000))
        assert document == {"a": [0]}

    def test_copies_up_to_the_limit_are_made(self) -> None:
        document: Json = {"a": [1, 2, 3]}
        patch: Patch = [{"op": "copy", "from": "/a", "path": path} for path in ("/b", "/c")]
        limits = Limits(max_elements=8)
        assert apply_patch(document, patch, limits=limits) == {"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2, 3]}
        with pytest.raises(InvalidPatch):
            apply_patch(document, [*patch, {"op": "copy", "from": "/a/0", "path": "/d"}], limits=limits)


class TestInvert:
    def test_a_move_inverts_to_a_move(self) -> None:
        assert invert([0, 1, 2], [{"op": "move", "from": "/0", "path": "/-"}]) == [
            {"op": "move", "from": "/2", "path": "/0"}
        ]

    def test_an_addition_at_the_end_inverts_to_the_removal_of_its_index(self) -> None:
        assert invert([0, 1], [{"op": "add", "path": "/-", "value": 2}]) == [{"op": "remove", "path": "/2"}]

    def test_tests_leave_nothing_to_undo(self) -> None:
        assert invert({"a": 1}, [{"op": "test", "path": "/a", "value": 1}]) == []

    def test_booleans_come_back_as_booleans(self) -> None:
        undo = invert({"a": True}, [{"op": "replace", "path": "/a", "value": 1}])
        assert undo == [{"op": "replace", "path": "/a", "value": True}]
        assert undo[0]["value"] is True

    def test_what_a_move_overwrites_comes_back(self) -> None:
        document: Json = [{"x": 1}, {"x": 2}, {"x": 3}]
        patch: Patch = [{"op": "move", "from": "/0", "path": "/1/x"}]
        changed = apply_patch(document, patch)
        assert changed == [{"x": 2}, {"x": {"x": 1}}]
        assert apply_patch(changed, invert(document, patch)) == document

    def test_an_error_carries_index_and_operation(self) -> None:
        patch: Patch = [{"op": "add", "path": "/b", "value": 1}, {"op": "remove", "path": "/c"}]
        with pytest.raises(PathNotFound) as caught:
            invert({}, patch)
        assert (caught.value.index, caught.value.operation) == (1, patch[1])
