"""What it costs to normalise, to compose, and what others take for a copy or the text of the same snapshot.

pytest benchmarks/test_values.py
"""

import copy
import json
from collections.abc import Callable
from functools import reduce
from typing import Any

import orjson
import pytest

from benchmarks.cases import NORMALIZER, ROUNDS, SIZES, Pair, pairs, updates
from benchmarks.timing import Timing, mean_bytes
from realtime_sync.document.compose import compose
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch

TABLE = "values"

WHOLE: dict[str, Callable[[Any], Any]] = {
    "normalize": NORMALIZER,
    "orjson.dumps": orjson.dumps,
    "json.dumps": json.dumps,
    "copy.deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("row", WHOLE)
@pytest.mark.parametrize("nodes", SIZES)
def test_whole_snapshot(timing: Timing, nodes: int, row: str) -> None:
    timing(
        row,
        lambda pair: WHOLE[row](pair.new),
        pairs(nodes),
        size=nodes,
        rounds=max(3, ROUNDS[nodes] // 3),
        floor=Pair.floor,
    )


@pytest.mark.parametrize("nodes", SIZES)
def test_compose_a_hundred_patches(timing: Timing, nodes: int) -> None:
    patches = [update.patch for update in updates(nodes)]
    first = updates(nodes)[0].before
    composed = compose(*patches)
    assert json_equal(apply_patch(first, composed), reduce(apply_patch, patches, first))
    assert mean_bytes([composed]) <= sum(mean_bytes([patch]) for patch in patches)
    timing(
        "compose 100 patches",
        lambda patches: compose(*patches),
        [patches],
        size=nodes,
        rounds=50,
        operations=len(composed),
        operations_before=sum(map(len, patches)),
        bytes=mean_bytes([composed]),
        bytes_before=sum(mean_bytes([patch]) for patch in patches),
    )
