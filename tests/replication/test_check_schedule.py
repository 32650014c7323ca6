"""Which deltas carry a checksum and over what: all of the document in time, at a cost that does not grow with it."""

import copy
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.checksum import Checksum, checksum
from realtime_sync.document.diff import diff
from realtime_sync.document.pointer import escape_token, resolve
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.replication import check_schedule
from realtime_sync.replication.check_schedule import (
    DELTAS_PER_CHECK,
    MAX_TOUCHED,
    PART_WEIGHT,
    POINTER_CHARACTERS,
    TOUCHED_WEIGHT,
    TURN_WEIGHT,
    CheckSchedule,
)
from realtime_sync.testing.strategies import graph_pairs, json_pairs, json_values
from realtime_sync.wire.frames import Check


def nested(depth: int) -> Json:
    document: Json = "x" * 200_000
    for level in range(depth):
        document = {"below": document, "beside": level} if level % 2 else [document, level]
    return document


def node(number: int) -> dict[str, Any]:
    return {"id": f"n{number}", "text": "word " * (number % 400), "calls": [{"n": call} for call in range(number % 7)]}


SHAPES: dict[str, Json] = {
    "nothing": None,
    "an empty object": {},
    "one small object": {"a": 1, "b": [True]},
    "one list of numbers": list(range(4_000)),
    "one list of objects": [{"id": number, "at": [number]} for number in range(1_200)],
    "scalars at the root": {f"key {number}": number for number in range(2_500)},
    "one long text": "x" * 2**20,
    "a long text in an object": {"text": "x" * 2**20, "status": "RUNNING"},
    "nested 100 deep": nested(100),
    "keys to escape": {f"a/b~{number}": {"": [number] * 40} for number in range(200)},
    "a task graph": {"goal": "g", "graphs": {}, "all_nodes": {f"n{number}": node(number) for number in range(300)}},
    "long keys": {"k" * 300 + str(number): number for number in range(1_000)},
}
EVERY_SHAPE = pytest.mark.parametrize("document", SHAPES.values(), ids=SHAPES)


def next_check(schedule: CheckSchedule, document: Json, patch: Patch | None = None) -> Check | None:
    """Return the check of the last of 32 deltas, of which none but the last may carry one."""
    for _ in range(DELTAS_PER_CHECK - 1):
        assert schedule.check([], document) is None
    return schedule.check(patch or [], document)


def pointers_of(check: Check | None) -> tuple[str, ...]:
    return () if check is None else check.pointers


def is_heavy(part: Json) -> bool:
    return isinstance(part, (dict, list)) and len(part) > 0 and Checksum().add(part, PART_WEIGHT) is None


def parts(part: Json, pointer: str = "") -> Iterator[tuple[str, Json]]:
    """Yield what a round comes to, with its pointer: a container that weighs too much before what is inside it."""
    yield pointer, part
    if is_heavy(part):
        yield f"#{pointer}", None
        assert isinstance(part, (dict, list))
        for name, child in part.items() if isinstance(part, dict) else enumerate(part):
            yield from parts(child, f"{pointer}/{escape_token(str(name))}")


def longest_round(document: Json) -> int:
    """Return how many checks a round takes at most, by the words of `CheckSchedule`."""
    weight = Checksum().add(document)
    assert weight is not None
    visited = list(parts(document))
    heavy = sum(is_heavy(part) for _, part in visited)
    characters = sum(len(pointer) for pointer, _ in visited)
    return 1 + (weight + PART_WEIGHT * heavy) // TURN_WEIGHT + characters // POINTER_CHARACTERS


def is_covered(document: Json, covered: set[str]) -> bool:
    """Return whether checks over the places `covered` would find any difference between `document` and another."""
    pending = [("", document)]
    while pending:
        pointer, value = pending.pop()
        if pointer in covered:
            continue
        if not isinstance(value, (dict, list)) or f"#{pointer}" not in covered:
            return False
        names = value.items() if isinstance(value, dict) else enumerate(value)
        pending += [(f"{pointer}/{escape_token(str(name))}", child) for name, child in names]
    return True


# ---- how often, and whether it holds ---------------------------------------------------------------------------------


def test_one_delta_in_thirty_two_carries_a_check() -> None:
    schedule = CheckSchedule()
    carried = [schedule.check([], {"n": 1}) is not None for _ in range(96)]
    assert [index for index, carries in enumerate(carried) if carries] == [31, 63, 95]


@given(st.lists(graph_pairs() | json_pairs(max_leaves=60), min_size=1, max_size=4))
def test_every_check_holds_for_the_document_that_the_patch_led_to(pairs: list[tuple[Json, Json]]) -> None:
    schedule = CheckSchedule()
    for old, new in pairs:
        check = next_check(schedule, new, diff(old, new, text_append=True))
        assert check is not None
        assert checksum(copy.deepcopy(new), check.pointers) == check.crc32


@EVERY_SHAPE
def test_every_check_of_every_shape_holds(document: Json) -> None:
    schedule = CheckSchedule()
    for _ in range(30):
        check = next_check(schedule, document)
        if check is not None:
            assert checksum(document, check.pointers) == check.crc32


# ---- all of the document, in bounded time ----------------------------------------------------------------------------


@EVERY_SHAPE
def test_every_part_is_covered_within_one_round(document: Json) -> None:
    schedule = CheckSchedule()
    covered: set[str] = set()
    for _ in range(longest_round(document)):
        covered.update(pointers_of(next_check(schedule, document)))
    assert is_covered(document, covered)


@EVERY_SHAPE
def test_rounds_follow_each_other(document: Json) -> None:
    schedule = CheckSchedule()
    covered: list[set[str]] = [set(), set()]
    for of_round in covered:
        for _ in range(2 * longest_round(document)):
            of_round.update(pointers_of(next_check(schedule, document)))
    assert all(is_covered(document, of_round) for of_round in covered)


def test_a_member_that_a_replica_has_too_much_is_covered_by_the_shape() -> None:
    document, schedule = SHAPES["scalars at the root"], CheckSchedule()
    assert "#" in [pointer for _ in range(4) for pointer in pointers_of(next_check(schedule, document))]
    assert checksum(document, ["#"]) != checksum({**document, "one more": 1}, ["#"])  # type: ignore[dict-item]


@given(st.lists(json_values(max_leaves=40), min_size=1, max_size=12))
def test_a_document_that_becomes_another_one_all_the_time_is_walked_without_an_error(versions: list[Json]) -> None:
    schedule = CheckSchedule()
    for version in [*versions, *versions]:
        padded = {"version": version, "ballast": [version] * 600}  # too heavy to be covered whole
        check = next_check(schedule, padded)
        if check is not None:
            assert checksum(padded, check.pointers) == check.crc32


def test_what_is_removed_while_a_round_is_under_way_is_passed_by() -> None:
    schedule = CheckSchedule()
    next_check(schedule, {f"k{number}": number for number in range(5_000)})
    rest = {"k4999": [1], "new": 2}
    seen = [pointer for _ in range(20) for pointer in pointers_of(next_check(schedule, rest))]
    assert "/k4999" in seen
    assert "" in seen[seen.index("/k4999") :], "the next round covers it whole, the new member too"


def test_a_part_that_was_divided_and_became_a_number_is_passed_by() -> None:
    schedule = CheckSchedule()
    for _ in range(5):
        next_check(schedule, {"list": list(range(10_000)), "n": 1})
    seen = [pointer for _ in range(40) for pointer in pointers_of(next_check(schedule, {"list": 7, "n": 1}))]
    assert "/n" in seen


# ---- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SHAPES if "text" not in name and "nested" not in name])
def test_no_check_weighs_more_than_its_budget(name: str) -> None:
    document, schedule = SHAPES[name], CheckSchedule()
    for _ in range(200):
        check = next_check(schedule, document)
        weight = sum(weigh(document, pointer) for pointer in pointers_of(check))
        assert weight <= TURN_WEIGHT + PART_WEIGHT


def weigh(document: Json, pointer: str) -> int:
    weight = 1 if pointer.startswith("#") else Checksum().add(resolve(document, pointer))
    assert weight is not None
    return weight


@EVERY_SHAPE
def test_the_checks_of_a_long_time_weigh_no_more_than_their_turns(document: Json) -> None:
    schedule = CheckSchedule()
    weights = [
        sum(weigh(document, pointer) for pointer in pointers_of(next_check(schedule, document))) for _ in range(100)
    ]
    assert sum(weights) <= 100 * TURN_WEIGHT + max(PART_WEIGHT, max(weights))


def test_after_a_long_text_nothing_is_covered_until_it_is_made_up_for() -> None:
    schedule = CheckSchedule()
    document = {"text": "x" * 2**20, "n": 1}
    lengths = [len(pointers_of(next_check(schedule, document))) for _ in range(60)]
    longest_pause = max(map(len, "".join("0" if length == 0 else "1" for length in lengths).split("1")))
    assert 14 <= longest_pause <= 17, "8,192 of text, at 512 a check"


def test_pointers_take_bounded_room() -> None:
    schedule = CheckSchedule()
    document = {f"key {number}": number for number in range(5_000)}
    patch = diff(document, {**document, **{f"key {number}": -1 for number in range(500)}})
    for _ in range(50):
        pointers = pointers_of(next_check(schedule, document, patch))
        assert sum(map(len, pointers)) <= MAX_TOUCHED * 9 + POINTER_CHARACTERS + 9


def test_a_text_too_long_for_any_check_is_left_out_and_the_round_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_schedule, "TEXT_WEIGHT", 4_000)
    schedule = CheckSchedule()
    document = {"text": "x" * 2**20, "n": 1}
    seen = [pointer for _ in range(60) for pointer in pointers_of(next_check(schedule, document))]
    assert "/text" not in seen
    assert seen.count("/n") > 1


def test_no_old_document_is_kept_from_being_freed() -> None:
    document = {f"key {number}": [number] for number in range(5_000)}
    before = sys.getrefcount(document), sys.getrefcount(document["key 4999"])
    schedule = CheckSchedule()
    for _ in range(10):
        next_check(schedule, document)
    assert (sys.getrefcount(document), sys.getrefcount(document["key 4999"])) == before


# ---- what a patch touched comes first --------------------------------------------------------------------------------

GRAPH: dict[str, Any] = SHAPES["a task graph"]  # type: ignore[assignment]


def first_pointers(document: Json, patch: Patch) -> tuple[str, ...]:
    """Return what a check covers for a patch, and after it in turn."""
    return pointers_of(next_check(CheckSchedule(), document, patch))


@pytest.mark.parametrize(
    ("operation", "covered"),
    [
        ({"op": "replace", "path": "/all_nodes/n290/id", "value": "n290"}, "/all_nodes/n290"),
        ({"op": "append", "path": "/all_nodes/n290/text", "value": ""}, "/all_nodes/n290"),
        ({"op": "add", "path": "/all_nodes/n290/calls/0", "value": {}}, "/all_nodes/n290/calls"),
        ({"op": "add", "path": "/all_nodes/n299", "value": {}}, "/all_nodes/n299"),
        ({"op": "remove", "path": "/all_nodes/gone"}, "/all_nodes/gone"),
        ({"op": "replace", "path": "/goal", "value": "g"}, "/goal"),
        ({"op": "move", "from": "/all_nodes/n291/calls/0", "path": "/goal"}, "/goal"),
    ],
)
def test_what_a_patch_wrote_into_is_covered_first(operation: dict[str, Any], covered: str) -> None:
    assert first_pointers(GRAPH, [operation])[0] == covered


def test_where_a_value_was_moved_from_is_covered_too() -> None:
    operation = {"op": "move", "from": "/all_nodes/n291/calls/0", "path": "/goal"}
    assert first_pointers(GRAPH, [operation])[:2] == ("/goal", "/all_nodes/n291/calls")


def test_nothing_is_covered_twice() -> None:
    patch: Patch = [
        {"op": "replace", "path": "/all_nodes/n290/id", "value": "n290"},
        {"op": "replace", "path": "/all_nodes/n290/calls/0/n", "value": 0},
        {"op": "append", "path": "/all_nodes/n290/text", "value": ""},
    ]
    assert first_pointers(GRAPH, patch).count("/all_nodes/n290") == 1
    assert "/all_nodes/n290/calls/0" not in first_pointers(GRAPH, patch)
    small = {"a": 1, "b": 2}
    assert first_pointers(small, [{"op": "replace", "path": "/a", "value": 1}]) == ("",)


def test_what_a_patch_touched_weighs_no_more_than_its_budget() -> None:
    document = {f"list {number}": [0] * 200 for number in range(100)}
    patch: Patch = [{"op": "replace", "path": f"/list {number}/3", "value": 0} for number in range(50, 100)]
    touched = [pointer for pointer in first_pointers(document, patch) if int(pointer.split()[1].split("/")[0]) >= 50]
    assert 1 <= len(touched) <= MAX_TOUCHED
    assert sum(weigh(document, pointer) for pointer in touched) <= TOUCHED_WEIGHT


def test_a_patch_that_replaced_everything_covers_the_root() -> None:
    assert first_pointers({"a": 1}, [{"op": "replace", "path": "", "value": {"a": 1}}]) == ("",)
    assert first_pointers(7, [{"op": "replace", "path": "", "value": 7}]) == ("",)
