"""An edit that stays open for long meets all that was captured since, and costs no more for that."""

import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from realtime_sync.document.compose import compose
from realtime_sync.document.overlap import first_overlap
from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import EditConflict
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.replication import open_edits
from realtime_sync.replication.open_edits import MAX_OPERATIONS, MIN_PLACES, OpenEdits
from realtime_sync.replication.primary import Primary
from tests.document.operations import random_document, random_patch

SEEDS = 50


def replace(path: str, value: Any = 1) -> Patch:
    return [{"op": "replace", "path": path, "value": value}]


@attrs.define
class Edit:
    """An edit under way, and what it wants to change."""

    version: int
    document: Json
    patch: Patch


class Uncompacted:
    """Keeps every patch that was ever captured."""

    def __init__(self) -> None:
        self.patches: list[Patch] = []

    def first_met(self, edit: Edit) -> str | None:
        since = self.patches[edit.version :]
        return first_overlap(edit.document, compose(*since), edit.patch) if since else None


def ends_of_edits(
    rng: random.Random, document: Json, captures: int, make_patch: Any
) -> Iterator[tuple[str | None, str | None]]:
    """Let edits begin and end between captures; yield what each meets: of all patches, and of what was kept of them."""
    everything, kept = Uncompacted(), OpenEdits()
    under_way: list[Edit] = []
    for version in range(captures):
        while rng.random() < 0.4:
            under_way.append(Edit(version, document, make_patch(rng, document, rng.randint(1, 2))[0]))
            kept.begin(version, document)
        patch, document = make_patch(rng, document, rng.randint(1, 3))
        everything.patches.append(patch)
        kept.captured(patch)
        while under_way and rng.random() < 0.3:
            edit = under_way.pop(rng.randrange(len(under_way)))
            yield everything.first_met(edit), kept.first_met(edit.version, edit.patch)
            kept.end(edit.version)
    for edit in under_way:
        yield everything.first_met(edit), kept.first_met(edit.version, edit.patch)
        kept.end(edit.version)
    assert len(kept) == 0


def random_members(rng: random.Random, document: Json, operations: int) -> tuple[Patch, Json]:
    """Return a patch of a document of objects, and what it makes of it."""
    patch: Patch = []
    for _ in range(operations):
        assert isinstance(document, dict)
        branch = rng.choice(sorted(document))
        members = document[branch]
        assert isinstance(members, dict)
        place = f"/{branch}/{rng.randrange(4)}"
        ops = ["add"] if place[-1] not in members else ["replace", "remove", "test", "add"]
        operation = {"op": rng.choice(ops), "path": place, "value": members.get(place[-1], rng.randrange(9))}
        if operation["op"] == "remove":
            del operation["value"]
        patch.append(operation)
        document = apply_patch(document, [operation])
    return patch, document


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_few_hundred_operations_are_kept_as_they_are(seed: int) -> None:
    rng = random.Random(seed)
    for expected, met in ends_of_edits(rng, random_document(rng, 3), 12, random_patch):
        assert met == expected


@pytest.mark.parametrize("max_operations", [0, 2])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_past_them_no_conflict_is_missed_wherever_it_is(
    seed: int, max_operations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_edits, "MAX_OPERATIONS", max_operations)
    rng = random.Random(seed)
    for expected, met in ends_of_edits(rng, random_document(rng, 3), 12, random_patch):
        assert met is not None or expected is None


@pytest.mark.parametrize("max_operations", [0, 2])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_past_them_members_of_objects_conflict_exactly_as_before(
    seed: int, max_operations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_edits, "MAX_OPERATIONS", max_operations)
    rng = random.Random(seed)
    document: Json = {branch: {str(number): number for number in range(3)} for branch in "abcdefgh"}
    ends = list(ends_of_edits(rng, document, 12, random_members))
    assert [met is None for _, met in ends] == [expected is None for expected, _ in ends]


def test_those_are_edits_of_both_kinds() -> None:
    document: Json = {branch: {str(number): number for number in range(3)} for branch in "abcdefgh"}
    ends = [end for seed in range(SEEDS) for end in ends_of_edits(random.Random(seed), document, 12, random_members)]
    assert sum(expected is None for expected, _ in ends) > SEEDS
    assert sum(expected is not None for expected, _ in ends) > SEEDS


@pytest.mark.parametrize("seed", range(SEEDS))
def test_where_places_are_taken_together_none_is_missed_either(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_edits, "MAX_OPERATIONS", 2)
    monkeypatch.setattr(open_edits, "MIN_PLACES", 4)
    monkeypatch.setattr(open_edits, "count_values", lambda document: 1)
    rng = random.Random(seed)
    for expected, met in ends_of_edits(rng, random_document(rng, 3), 12, random_patch):
        assert met is not None or expected is None


# ---- what it costs ---------------------------------------------------------------------------------------------------


def kept_by(edits: OpenEdits) -> tuple[int, int]:
    """Return how many operations, and how many places, are kept for the oldest edit."""
    since = next(iter(edits._since.values()))
    return len(since._recent), len(since._earlier or ())


def test_streaming_into_a_few_places_keeps_a_few_operations() -> None:
    edits = OpenEdits()
    edits.begin(0, {"nodes": {f"n{number}": "" for number in range(10)}})
    for number in range(5_000):
        edits.captured([{"op": "append", "path": f"/nodes/n{number % 10}", "value": "x"}])
    assert kept_by(edits) == (10, 0)


def test_many_places_of_a_large_document_are_all_told_apart() -> None:
    document = {"nodes": {f"n{number}": {"status": 0} for number in range(3 * MIN_PLACES)}}
    edits = OpenEdits()
    edits.begin(0, document)
    for number in range(2 * MIN_PLACES):
        edits.captured(replace(f"/nodes/n{number}/status"))
    assert edits.first_met(0, replace(f"/nodes/n{2 * MIN_PLACES}/status")) is None
    assert edits.first_met(0, replace("/nodes/n7/status")) == "/nodes/n7/status"


def test_keys_without_number_that_come_and_go_cost_a_bounded_number_of_places() -> None:
    edits = OpenEdits()
    edits.begin(0, {"nodes": {}, "other": 0})
    most = 0
    for number in range(3 * MIN_PLACES):
        edits.captured([{"op": "add", "path": f"/nodes/n{number}", "value": {"text": "x" * 100}}])
        edits.captured([{"op": "remove", "path": f"/nodes/n{number}"}])
        most = max(most, *kept_by(edits))
    assert most <= MIN_PLACES + MAX_OPERATIONS
    assert edits.first_met(0, replace("/other")) is None
    assert edits.first_met(0, replace("/nodes/n0")) is not None
    assert edits.first_met(0, replace("/nodes/never")) is not None, "a conflict too many: nothing is ever missed"


def test_a_channel_with_an_edit_that_never_ends_does_not_grow() -> None:
    primary = Primary("A")
    primary.publish({"nodes": {f"n{number}": "" for number in range(50)}})
    open_for_ever = primary.begin_edit()

    def go_on(captures: int) -> None:
        for number in range(captures):
            primary.publish("x" * 1_000 + str(number), at=f"/nodes/n{number % 50}")
            if primary.take() is not None:
                primary.commit(number)

    go_on(1_000)
    tracemalloc.start()
    try:
        go_on(1_000)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 1_000 * 1_000, "history and the values of one document, and not those of a thousand captures"
    with pytest.raises(EditConflict):
        primary.commit_edit(open_for_ever, replace("/nodes/n7"))
