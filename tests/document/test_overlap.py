"""Two patches that do not meet can be applied in either order."""

import os
import random
from typing import Any

import pytest

from realtime_sync.document.equality import json_equal
from realtime_sync.document.overlap import first_overlap
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Patch

from .operations import random_document, random_patch

SEEDED_PAIRS = int(os.environ.get("REALTIME_SYNC_OVERLAP_PAIRS", "4000"))

DOCUMENT: dict[str, Any] = {
    "nodes": {"n1": {"status": "RUNNING", "text": "some"}, "n2": {"status": "DONE", "text": ""}, "7": {"text": ""}},
    "plan": ["n1", "n2", {"text": ""}],
    "goal": "go",
}


def replace(path: str) -> Patch:
    return [{"op": "replace", "path": path, "value": 1}]


def add(path: str) -> Patch:
    return [{"op": "add", "path": path, "value": 1}]


def append(path: str) -> Patch:
    return [{"op": "append", "path": path, "value": "x"}]


def remove(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


def move(source: str, path: str) -> Patch:
    return [{"op": "move", "from": source, "path": path}]


def copy(source: str, path: str) -> Patch:
    return [{"op": "copy", "from": source, "path": path}]


def test(path: str) -> Patch:
    return [{"op": "test", "path": path, "value": "some"}]


test.__test__ = False  # type: ignore[attr-defined]  # an operation, not a test


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (replace("/nodes/n1/status"), replace("/nodes/n1/text")),
        (replace("/nodes/n1"), append("/nodes/n2/text")),
        (add("/nodes/n3"), add("/nodes/n4")),
        (remove("/nodes/n1"), add("/nodes/n3")),
        (add("/nodes/8"), append("/nodes/7/text")),
        (replace("/plan/0"), replace("/plan/1")),
        (replace("/plan/0"), append("/plan/2/text")),
        (add("/plan/0"), replace("/goal")),
        (move("/nodes/n1", "/nodes/n3"), replace("/nodes/n2/status")),
        (test("/nodes/n1/text"), test("/nodes/n1/text")),
        (test("/nodes/n1/text"), copy("/nodes/n1", "/kept")),
        ([], replace("")),
        (replace(""), []),
    ],
)
def test_patches_that_touch_different_places_do_not_meet(earlier: Patch, later: Patch) -> None:
    assert first_overlap(DOCUMENT, earlier, later) is None
    assert first_overlap(DOCUMENT, later, earlier) is None


@pytest.mark.parametrize(
    ("earlier", "later", "place"),
    [
        (replace("/goal"), replace("/goal"), "/goal"),
        (append("/goal"), append("/goal"), "/goal"),
        (replace("/nodes/n1"), append("/nodes/n1/text"), "/nodes/n1/text"),
        (append("/nodes/n1/text"), remove("/nodes/n1"), "/nodes/n1/text"),
        (replace("/goal"), replace(""), "/goal"),
        (add("/nodes/n3"), add("/nodes/n3"), "/nodes/n3"),
        (add("/plan/0"), replace("/plan/2"), "/plan/2"),
        (remove("/plan/0"), add("/plan/-"), "/plan"),
        (append("/plan/2/text"), move("/plan/0", "/plan/1"), "/plan/2/text"),
        (test("/nodes/n1"), append("/nodes/n1/text"), "/nodes/n1/text"),
        (append("/nodes/n1/text"), copy("/nodes/n1", "/kept"), "/nodes/n1/text"),
        (move("/nodes/n1", "/kept"), append("/nodes/n1/text"), "/nodes/n1/text"),
        (replace("/goal"), replace("/plan/0") + replace("/goal"), "/goal"),
        (add("/new") + add("/new/0"), add("/new/1"), "/new"),
    ],
)
def test_patches_that_touch_one_place_meet_there(earlier: Patch, later: Patch, place: str) -> None:
    assert first_overlap(DOCUMENT, earlier, later) == place
    assert first_overlap(DOCUMENT, later, earlier) is not None


@pytest.mark.parametrize("seed", range(8))
def test_what_does_not_meet_commutes(seed: int) -> None:
    rng = random.Random(seed)
    apart = 0
    for _ in range(SEEDED_PAIRS // 8):
        document = random_document(rng, 4)
        one, after_one = random_patch(rng, document, rng.randint(1, 3))
        other, after_other = random_patch(rng, document, rng.randint(1, 3))
        if first_overlap(document, one, other) is None:
            assert json_equal(apply_patch(after_one, other), apply_patch(after_other, one))
            assert first_overlap(document, other, one) is None
            apart += 1
    assert apart > SEEDED_PAIRS // 200, "too few pairs were apart to show anything"


def test_many_places_are_compared_in_one_pass_each() -> None:
    document = {"nodes": {f"n{number}": {"text": ""} for number in range(20_000)}}
    half = [{"op": "append", "path": f"/nodes/n{number}/text", "value": "x"} for number in range(0, 20_000, 2)]
    rest = [{"op": "append", "path": f"/nodes/n{number}/text", "value": "x"} for number in range(1, 20_000, 2)]
    assert first_overlap(document, half, rest) is None
    assert first_overlap(document, half, [*rest, half[-1]]) == half[-1]["path"]
