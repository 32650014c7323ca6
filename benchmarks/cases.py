"""What is measured on: pairs of snapshots, recorded edits, and lists of ten thousand, made once a run."""

import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import attrs

from benchmarks.workload import Workload
from realtime_sync.document.draft import draft
from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import Normalizer
from realtime_sync.document.pointer import parse_pointer
from realtime_sync.jsontypes import Json, Operation, Patch
from realtime_sync.limits import Limits

SIZES = (100, 1_000, 10_000)
ROUNDS = {100: 200, 1_000: 60, 10_000: 12}
SLOW_ROUNDS = {100: 10, 1_000: 5, 10_000: 2}  # for what takes more than a hundred times as long as the floor

LIMITS = Limits(max_elements=10_000_000, max_decoded_bytes=2**28)
"""A graph of 10,000 nodes holds 640,000 values; by default a channel takes 500,000."""

NORMALIZER = Normalizer(limits=LIMITS)


# ---- whole snapshots -----------------------------------------------------------------------------------------------


@attrs.frozen
class Pair:
    """Two successive snapshots, and one that equals the second; no two share an object."""

    old: Json
    new: Json
    same_as_new: Json

    def floor(self) -> bool:
        """Compare two equal snapshots with `==`: whoever compares whole snapshots looks at everything, as this does."""
        return bool(self.new == self.same_as_new)


@cache
def pairs(nodes: int) -> list[Pair]:
    """Return the pairs of some steps: no single one is typical."""
    workload = Workload(nodes)
    found = []
    for _ in range(5 if nodes < 10_000 else 2):
        old = workload.snapshot()
        workload.step()
        found.append(Pair(old, workload.snapshot(), workload.snapshot()))
    return found


# ---- edits ---------------------------------------------------------------------------------------------------------

STEPS = 100


@attrs.frozen
class Edit:
    """One write: to the member `key`, or at the end of the list when `key` is a position, of what `path` leads to."""

    path: tuple[str | int, ...]
    key: str | int
    value: Json
    grows_text: bool

    @classmethod
    def of(cls, operation: Operation) -> "Edit":
        tokens = [int(token) if token.isdigit() else token for token in parse_pointer(operation["path"])]
        return cls(tuple(tokens[:-1]), tokens[-1], operation["value"], operation["op"] == "append")

    def write(self, document: Any) -> None:
        """Write as an application does: members are set, lists appended to, texts grow with `+=`."""
        for token in self.path:
            document = document[token]
        if self.grows_text:
            document[self.key] += self.value
        elif isinstance(self.key, int):
            document.append(self.value)
        else:
            document[self.key] = self.value


@attrs.frozen
class Update:
    """One step of the workload: the document before it, what is written, and what that is as a patch."""

    before: Json
    edits: list[Edit]
    patch: Patch

    def record(self) -> Patch:
        """Record the edits, close the draft, take the patch."""
        with draft(self.before, normalizer=NORMALIZER) as d:
            self.write(d)
        return d.patch

    def write(self, document: Any) -> None:
        for edit in self.edits:
            edit.write(document)


@cache
def updates(nodes: int, steps: int = STEPS) -> list[Update]:
    """Return the updates that the workload makes in so many steps."""
    workload = Workload(nodes)
    document: Json = workload.snapshot()
    found = []
    for _ in range(steps):
        with draft(document, normalizer=NORMALIZER) as d:
            workload.graph = d  # type: ignore[assignment]  # a draft does what a dict does
            workload.step()
        found.append(Update(document, [Edit.of(operation) for operation in d.patch], d.patch))
        assert json_equal(found[-1].record(), d.patch)
        document = d.result
    return found


@cache
def update_of_six(nodes: int) -> Update:
    """Return an update of six operations."""
    return next(update for update in updates(nodes) if len(update.patch) == 6)


# ---- lists ---------------------------------------------------------------------------------------------------------


def rows(count: int) -> list[Any]:
    return [{"id": f"n{number}", "text": "some words " * 8, "number": number} for number in range(count)]


def inserted_at_the_head(count: int) -> list[Any]:
    return [{"id": "new", "text": "some words", "number": 0}, *rows(count)]


def changed_here_and_there(count: int) -> list[Any]:
    elements = rows(count)
    for element in elements[::100]:
        element["number"] = -1
    return elements


def shuffled(count: int) -> list[Any]:
    elements = rows(count)
    random.Random(7).shuffle(elements)
    return elements


LIST_CHANGES: dict[str, Callable[[int], list[Any]]] = {
    "one inserted at the head": inserted_at_the_head,
    "one in a hundred changed": changed_here_and_there,
    "shuffled": shuffled,
}


@cache
def list_pair(change: str, count: int) -> Pair:
    new = LIST_CHANGES[change](count)
    return Pair(rows(count), json.loads(json.dumps(new)), json.loads(json.dumps(new)))
