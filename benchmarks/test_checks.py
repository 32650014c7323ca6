"""What checksums add to the cost of a delta, at any size of the document: for who sends it and for who receives it.

pytest benchmarks/test_checks.py

Times are of 32 deltas in a row, of which one carries a check.
"""

from itertools import cycle

import pytest

from benchmarks.cases import NORMALIZER, SIZES, pairs
from benchmarks.timing import Timing, mean_bytes
from realtime_sync.document.checksum import checksum
from realtime_sync.document.diff import diff
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.replication.check_schedule import DELTAS_PER_CHECK, CheckSchedule
from realtime_sync.wire.frames import Check

TABLE = "checks"
ROUNDS = 400


@pytest.mark.parametrize("nodes", SIZES)
def test_checks_of_a_living_graph(timing: Timing, nodes: int) -> None:
    steps = [(diff(pair.old, pair.new, text_append=True, normalizer=NORMALIZER), pair.new) for pair in pairs(nodes)]
    schedule = CheckSchedule()
    checks: list[tuple[Json, Check]] = []

    def send(step: tuple[Patch, Json]) -> None:
        for _ in range(DELTAS_PER_CHECK):
            check = schedule.check(*step)
        if check is not None:
            checks.append((step[1], check))

    timing("32 deltas sent", send, steps, size=nodes, rounds=ROUNDS)
    assert all(checksum(document, check.pointers) == check.crc32 for document, check in checks)
    timing.add(right=True, bytes=mean_bytes([[check.crc32, *check.pointers] for _, check in checks]) / DELTAS_PER_CHECK)


@pytest.mark.parametrize("nodes", SIZES)
def test_checks_that_a_replica_verifies(timing: Timing, nodes: int) -> None:
    schedule = CheckSchedule()
    steps = cycle(
        (diff(pair.old, pair.new, text_append=True, normalizer=NORMALIZER), pair.new) for pair in pairs(nodes)
    )
    received: list[tuple[Json, Check]] = []
    while len(received) < 100:
        patch, document = next(steps)
        check = schedule.check(patch, document)
        if check is not None:
            received.append((document, check))

    def verify(arrived: tuple[Json, Check]) -> int | None:
        return checksum(arrived[0], arrived[1].pointers)

    assert all(verify(arrived) == arrived[1].crc32 for arrived in received)
    timing("the check of 32 deltas verified", verify, received, size=nodes, rounds=ROUNDS, right=True)


def test_one_finished_node(timing: Timing) -> None:
    document = pairs(1_000)[0].new
    assert isinstance(document, dict)
    finished = [name for name, node in document["all_nodes"].items() if node["status"] == "DONE"]
    timing("one finished node", lambda name: checksum(document, [f"/all_nodes/{name}"]), finished, size=1, rounds=400)
    timing.add(right=True)
