"""What it costs to apply a patch of six operations, to a copy that shares the rest or in place.

pytest benchmarks/test_apply.py
"""

import copy
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest

from benchmarks.cases import ROUNDS, SIZES, SLOW_ROUNDS, update_of_six
from benchmarks.timing import Timing
from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch, apply_patch_in_place, invert
from realtime_sync.jsontypes import Json, Patch

TABLE = "apply"


class Target:
    """A document that a patch is applied to again and again: before each time it is as it was before the first."""

    def __init__(self, nodes: int, *, text_append: bool) -> None:
        update = update_of_six(nodes)
        self.after = apply_patch(update.before, update.patch)
        self.patch = update.patch if text_append else diff(update.before, self.after)
        self.document: Json = copy.deepcopy(update.before)
        self._undo = invert(self.document, self.patch)
        self._is_changed = False

    def restored(self) -> "Target":
        if self._is_changed:
            apply_patch_in_place(self.document, self._undo)
        self._is_changed = False
        return self

    def change(self, apply: Callable[[Any, Patch], Any]) -> None:
        self._is_changed = True
        apply(self.document, self.patch)


@pytest.mark.parametrize("nodes", SIZES)
def test_copy_on_write(timing: Timing, nodes: int) -> None:
    target = Target(nodes, text_append=True)
    timing(
        "apply_patch",
        lambda target: apply_patch(target.document, target.patch),
        [target],
        size=nodes,
        rounds=300,
    )
    assert json_equal(apply_patch(target.document, target.patch), target.after)
    timing.add(right=True, operations=len(target.patch))


@pytest.mark.parametrize("nodes", SIZES)
def test_in_place(timing: Timing, nodes: int) -> None:
    target = Target(nodes, text_append=True)
    timing(
        "apply_patch_in_place",
        lambda target: target.change(apply_patch_in_place),
        [target],
        size=nodes,
        rounds=300,
        prepare=Target.restored,
    )
    target.restored().change(apply_patch_in_place)
    assert json_equal(target.document, target.after)
    timing.add(right=True, operations=len(target.patch))


@pytest.mark.parametrize("nodes", SIZES)
def test_jsonpatch_on_a_copy(timing: Timing, nodes: int) -> None:
    target = Target(nodes, text_append=False)
    timing(
        "jsonpatch.apply_patch",
        lambda target: jsonpatch.apply_patch(target.document, target.patch),
        [target],
        size=nodes,
        rounds=SLOW_ROUNDS[nodes],
        is_slow=True,
    )
    applied = jsonpatch.apply_patch(target.document, target.patch)
    timing.add(right=json_equal(applied, target.after), operations=len(target.patch))


@pytest.mark.parametrize("nodes", SIZES)
def test_jsonpatch_in_place(timing: Timing, nodes: int) -> None:
    target = Target(nodes, text_append=False)

    def apply(document: Any, patch: Patch) -> None:
        jsonpatch.apply_patch(document, patch, in_place=True)

    timing(
        "jsonpatch.apply_patch, in_place=True",
        lambda target: target.change(apply),
        [target],
        size=nodes,
        rounds=ROUNDS[nodes],
        prepare=Target.restored,
    )
    target.restored().change(apply)
    timing.add(right=json_equal(target.document, target.after), operations=len(target.patch))
