"""What it costs to compare lists of many objects, and to apply the patch.

    pytest benchmarks/test_lists.py

Work that grows with the length shows as ten times the time for ten times the objects.
"""

import pytest

from benchmarks.cases import LIST_CHANGES, Pair, list_pair
from benchmarks.rivals import RIVALS
from benchmarks.timing import Timing, mean_bytes
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch

TABLE = "lists"
LENGTHS = (1_000, 10_000)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("change", LIST_CHANGES)
def test_diff(timing: Timing, change: str, length: int) -> None:
    pair = list_pair(change, length)
    patch = diff(pair.old, pair.new)
    assert json_equal(apply_patch(pair.old, patch), pair.new)
    assert change != "one inserted at the head" or len(patch) == 1
    timing(
        f"diff, {change}",
        lambda pair: diff(pair.old, pair.new),
        [pair],
        size=length,
        rounds=5,
        floor=Pair.floor,
        operations=len(patch),
        bytes=mean_bytes([patch]),
        right=True,
    )


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("change", LIST_CHANGES)
def test_apply(timing: Timing, change: str, length: int) -> None:
    pair = list_pair(change, length)
    patch = diff(pair.old, pair.new)
    timing(
        f"apply_patch, {change}",
        lambda pair: apply_patch(pair.old, patch),
        [pair],
        size=length,
        rounds=5,
        operations=len(patch),
        right=True,
    )


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("change", ["one inserted at the head", "one in a hundred changed"])
@pytest.mark.parametrize("name", [name for name in RIVALS if name in ("jsonpatch", "fastjsonpatch")])
def test_rivals(timing: Timing, change: str, length: int, name: str) -> None:
    rival, pair = RIVALS[name], list_pair(change, length)
    patches = []
    timing(
        f"{rival.label}, {change}",
        lambda pair: patches.append(rival.diff(pair.old, pair.new)),
        [pair],
        size=length,
        rounds=1,
        is_slow=True,
    )
    timing.add(
        operations=len(patches[-1]),
        bytes=mean_bytes([patches[-1]]),
        right=json_equal(rival.applied(pair.old, patches[-1]), pair.new),
    )
