"""What a recorded update costs: record it, close the draft, take the patch.

    pytest benchmarks/test_draft.py

The edits are those of the workload's steps (`workload.py`), replayed as an application writes them: members are set,
lists appended to, texts grow with `+=`. The last test prints a table of microseconds an update, beside what a diff of
two whole snapshots that share nothing takes for one step, all of one run.
"""

import json
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import attrs
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.workload import Workload
from realtime_sync.document.diff import diff
from realtime_sync.document.draft import draft
from realtime_sync.document.equality import json_equal
from realtime_sync.document.pointer import parse_pointer
from realtime_sync.jsontypes import Json, Operation, Patch

SIZES = (100, 1_000, 10_000)
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
    """One step of the workload: the document before it, and what is written."""

    before: Json
    edits: list[Edit]

    def record(self) -> Patch:
        with draft(self.before) as d:
            for edit in self.edits:
                edit.write(d)
        return d.patch


@cache
def updates(nodes: int) -> list[Update]:
    """Return the updates that the workload makes in `STEPS` steps."""
    workload = Workload(nodes)
    document: Json = workload.snapshot()
    result = []
    for _ in range(STEPS):
        with draft(document) as d:
            workload.graph = d  # type: ignore[assignment]  # a draft does what a dict does
            workload.step()
        result.append(Update(document, [Edit.of(operation) for operation in d.patch]))
        assert json_equal(result[-1].record(), d.patch)
        document = d.result
    return result


@pytest.mark.parametrize("nodes", SIZES)
def test_record_close_and_patch(benchmark: BenchmarkFixture, nodes: int) -> None:
    steps = updates(nodes)
    benchmark.extra_info["updates a round"] = len(steps)
    benchmark.extra_info["operations an update"] = sum(len(update.edits) for update in steps) / len(steps)
    benchmark(record_all, steps)


@pytest.mark.parametrize("nodes", SIZES)
def test_record_close_patch_and_result(benchmark: BenchmarkFixture, nodes: int) -> None:
    steps = updates(nodes)[:10]

    def results() -> None:
        for update in steps:
            with draft(update.before) as d:
                for edit in update.edits:
                    edit.write(d)
            assert d.result is not update.before

    benchmark.extra_info["updates a round"] = len(steps)
    benchmark(results)


def test_append_tokens_to_a_text_of_a_megabyte(benchmark: BenchmarkFixture) -> None:
    document = {"text": "x" * 2**20}

    def append_tokens() -> None:
        with draft(document) as d:
            for _ in range(1_000):
                d.append_text("/text", " token")
        assert len(d.patch) == 1

    benchmark.extra_info["tokens a round"] = 1_000
    benchmark(append_tokens)


def test_the_cost_does_not_grow_with_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    recorded = {nodes: float("inf") for nodes in SIZES}
    for _ in range(20):  # interleaved, so that a busy moment does not hit one size alone
        for nodes in SIZES:
            recorded[nodes] = min(recorded[nodes], seconds(partial(record_all, updates(nodes))) / STEPS)
    with capsys.disabled():
        print("\n nodes   draft us   diff of snapshots us")
        for nodes in SIZES:
            old, new = (json.loads(json.dumps(update.before)) for update in updates(nodes)[:2])
            compared = min(seconds(partial(diff, old, new)) for _ in range(3))
            print(f"{nodes:6}   {recorded[nodes] * 1e6:8.1f}   {compared * 1e6:8.0f}")
    assert recorded[10_000] <= 2 * recorded[100]


def record_all(steps: list[Update]) -> None:
    for update in steps:
        update.record()


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
