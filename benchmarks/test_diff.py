"""What it costs to find out what changed between two whole snapshots that share no object.

    pytest benchmarks/test_diff.py
    pytest benchmarks/test_diff.py -k ratios -s      # the table alone

The floor is `==` over two equal snapshots: it looks at everything, as whoever compares snapshots has to, and stops
nowhere early. Every result is checked before it is timed: applied to the old snapshot, it gives the new one, exactly.
"""

import copy
import json
import random
import statistics
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
import jsonpatch
import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.workload import Workload
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json, Patch

SIZES = (100, 1_000, 10_000)
ROUNDS = {100: 40, 1_000: 20, 10_000: 7}
STEPS = 5  # of the workload, each a pair of snapshots: no single one is typical


@attrs.frozen
class Pair:
    """Two successive snapshots, and one that equals the second."""

    old: Json
    new: Json
    same_as_new: Json


@cache
def pairs(nodes: int) -> list[Pair]:
    workload = Workload(nodes)
    found = []
    for _ in range(STEPS if nodes < 10_000 else 1):
        old = workload.snapshot()
        workload.step()
        found.append(Pair(old, workload.snapshot(), workload.snapshot()))
    return found


def compare(pair: Pair) -> bool:
    return bool(pair.new == pair.same_as_new)


def ours(pair: Pair) -> Patch:
    return diff(pair.old, pair.new, text_append=True)


def ours_without_a_change(pair: Pair) -> Patch:
    return diff(pair.new, pair.same_as_new, text_append=True)


def rival(pair: Pair) -> Patch:
    patch: Patch = jsonpatch.make_patch(pair.old, pair.new).patch
    return patch


CONTENDERS: dict[str, Callable[[Pair], Any]] = {
    "==": compare,
    "diff": ours,
    "diff, no change": ours_without_a_change,
    "jsonpatch": rival,
}


def check(contender: str, pair: Pair, result: Any) -> None:
    match contender:
        case "==":
            assert result is True
        case "diff, no change":
            assert result == []
        case "diff":
            assert json_equal(apply_patch(pair.old, result), pair.new)
        case _:
            assert json_equal(jsonpatch.apply_patch(pair.old, result), pair.new)


@pytest.mark.parametrize("contender", CONTENDERS)
@pytest.mark.parametrize("nodes", SIZES)
def test_one_step(benchmark: BenchmarkFixture, nodes: int, contender: str) -> None:
    benchmark.group = f"{nodes} nodes"
    pair = pairs(nodes)[0]
    rounds = 3 if contender == "jsonpatch" else ROUNDS[nodes]
    result = benchmark.pedantic(  # type: ignore[no-untyped-call]
        CONTENDERS[contender], args=(pair,), rounds=rounds, warmup_rounds=1
    )
    check(contender, pair, result)


@pytest.mark.parametrize("nodes", SIZES)
def test_ratios(nodes: int, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = {contender: median_s(contender, nodes) for contender in CONTENDERS}
    floor, strict = seconds["=="], seconds["diff"]
    with capsys.disabled():
        print(
            f"\n{nodes:>6} nodes: == {floor * 1e3:.3f} ms, diff {strict * 1e3:.3f} ms = {strict / floor:.2f} x ==, "
            f"without a change {seconds['diff, no change'] / floor:.2f} x ==, "
            f"jsonpatch {seconds['jsonpatch'] * 1e3:.1f} ms = {seconds['jsonpatch'] / strict:.0f} x diff; "
            f"{mean_bytes(nodes, ours):.0f} bytes, jsonpatch {mean_bytes(nodes, rival):.0f}"
        )


def median_s(contender: str, nodes: int) -> float:
    """Return the median time of one call, over all pairs of snapshots."""
    times = []
    for pair in pairs(nodes):
        check(contender, pair, CONTENDERS[contender](pair))
        for _ in range(1 if contender == "jsonpatch" else ROUNDS[nodes]):
            start = time.perf_counter()
            CONTENDERS[contender](pair)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def mean_bytes(nodes: int, make: Callable[[Pair], Patch]) -> float:
    return statistics.mean(len(orjson.dumps(make(pair))) for pair in pairs(nodes))


ROWS = 10_000


def rows() -> list[Any]:
    return [{"id": f"n{number}", "text": "some words " * 8, "number": number} for number in range(ROWS)]


def inserted_at_the_head() -> list[Any]:
    return [{"id": "new", "text": "some words", "number": 0}, *rows()]


def shuffled() -> list[Any]:
    elements = rows()
    random.Random(7).shuffle(elements)
    return elements


def changed_here_and_there() -> list[Any]:
    elements = rows()
    for element in elements[::100]:
        element["number"] = -1
    return elements


@pytest.mark.parametrize("change", [inserted_at_the_head, changed_here_and_there, shuffled], ids=lambda it: it.__name__)
def test_a_list_of_ten_thousand(benchmark: BenchmarkFixture, change: Callable[[], list[Any]]) -> None:
    benchmark.group = "list of 10,000 objects"
    old, new = rows(), json.loads(json.dumps(change()))
    patch = benchmark.pedantic(  # type: ignore[no-untyped-call]
        diff, args=(old, new), rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["operations"] = len(patch)
    assert json_equal(apply_patch(copy.deepcopy(old), patch), new)
    assert change is not inserted_at_the_head or len(patch) == 1
