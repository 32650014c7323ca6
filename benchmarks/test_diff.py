"""What it costs to find out what changed between two whole snapshots that share no object.

    pytest benchmarks/test_diff.py

The floor is `==` over two equal snapshots, timed beside each call. Every result is checked: applied to the old
snapshot by the library that made it, it gives the new one, exactly.
"""

import statistics
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.cases import NORMALIZER, ROUNDS, SIZES, SLOW_ROUNDS, Pair, pairs
from benchmarks.rivals import RIVALS
from benchmarks.timing import Timing, mean_bytes
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Patch

TABLE = "diff"


def ours(pair: Pair, *, text_append: bool = True) -> Patch:
    return diff(pair.old, pair.new, text_append=text_append, normalizer=NORMALIZER)


def ours_plain(pair: Pair) -> Patch:
    return ours(pair, text_append=False)


def ours_without_a_change(pair: Pair) -> Patch:
    return diff(pair.new, pair.same_as_new, text_append=True, normalizer=NORMALIZER)


OURS: dict[str, Callable[[Pair], Patch]] = {
    "diff": ours,
    "diff, RFC 6902 alone": ours_plain,
    "diff, no change": ours_without_a_change,
}


@pytest.mark.parametrize("row", OURS)
@pytest.mark.parametrize("nodes", SIZES)
def test_ours(timing: Timing, nodes: int, row: str) -> None:
    find = OURS[row]
    for pair in pairs(nodes):
        before = pair.new if find is ours_without_a_change else pair.old
        assert json_equal(apply_patch(before, find(pair)), pair.new)
    size = mean_bytes([find(pair) for pair in pairs(nodes)])
    timing(row, find, pairs(nodes), size=nodes, rounds=ROUNDS[nodes], floor=Pair.floor, bytes=size, right=True)


@pytest.mark.parametrize("nodes", SIZES)
def test_floor(timing: Timing, nodes: int) -> None:
    timing("old == new", Pair.floor, pairs(nodes), size=nodes, rounds=ROUNDS[nodes], floor=Pair.floor)


@pytest.mark.parametrize(
    ("nodes", "name"), [(nodes, name) for nodes in SIZES for name, rival in RIVALS.items() if nodes <= rival.largest]
)
def test_rivals(timing: Timing, nodes: int, name: str) -> None:
    rival = RIVALS[name]
    rounds = (SLOW_ROUNDS if rival.is_slow else ROUNDS)[nodes]
    patches = []

    def find(pair: Pair) -> Any:
        patches.append((pair, rival.diff(pair.old, pair.new)))

    timing(rival.label, find, pairs(nodes), size=nodes, rounds=rounds, floor=Pair.floor, is_slow=rival.is_slow)
    made = patches[-min(len(patches), len(pairs(nodes))) :]
    timing.add(
        bytes=statistics.mean(rival.size(patch) for _, patch in made),
        right=all(json_equal(rival.applied(pair.old, patch), pair.new) for pair, patch in made),
    )
