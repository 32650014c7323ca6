"""What was captured since the last frame: one patch stays as it is, several are composed, and nobody shares them."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.compose import compose
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.replication.pending_patch import PendingPatch
from realtime_sync.testing.strategies import json_values

ADD: Patch = [{"op": "add", "path": "/a", "value": {"b": [1]}}]
APPEND: Patch = [{"op": "append", "path": "/text", "value": " more"}, {"op": "replace", "path": "/a/b/0", "value": 2}]


def test_a_patch_that_is_alone_is_what_was_captured() -> None:
    pending = PendingPatch()
    assert (len(pending), pending.patch) == (0, [])
    pending.add(APPEND)
    assert (len(pending), pending.patch) == (2, APPEND)
    assert PendingPatch(APPEND).patch == APPEND


def test_several_are_composed() -> None:
    pending = PendingPatch(ADD)
    pending.add(APPEND)
    pending.add(APPEND)
    assert pending.patch == compose(ADD, APPEND, APPEND)
    assert len(pending) == 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_was_captured_and_what_is_sent_are_not_shared(count: int) -> None:
    captured = [copy.deepcopy(ADD) for _ in range(count)]
    pending = PendingPatch()
    for patch in captured:
        pending.add(patch)
    sent = pending.patch
    before = copy.deepcopy(sent)
    for patch in captured:
        patch[0]["value"]["b"].append("changed by the caller")
    pending.add([{"op": "add", "path": "/a/b/1", "value": 2}])
    assert sent == before
    assert pending.patch == [{"op": "add", "path": "/a", "value": {"b": [1, 2]}}]


@given(json_values(), st.lists(json_values(), max_size=5), st.randoms(use_true_random=False))
def test_it_leads_to_where_the_captures_lead(document: Json, others: list[Json], rng: random.Random) -> None:
    pending, head = PendingPatch(), document
    for other in others:
        patch = diff(head, other, text_append=True)
        head = apply_patch(head, patch)
        pending.add(patch)
        if rng.random() < 0.3:
            document, pending = head, PendingPatch()
    assert json_equal(apply_patch(document, pending.patch), head)
