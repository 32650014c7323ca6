"""Frames in their compact form and back, and what is no frame: conformance/compact.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.jsontypes import Patch
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.testing.strategies import json_values
from realtime_sync.wire.compact import changes_of, frame_from_compact, frame_to_compact, patch_of
from realtime_sync.wire.frames import Delta, frame_from_wire, frame_to_wire
from tests.wire.test_frames import FRAMES, as_read

CASES = json.loads((Path(__file__).parents[2] / "conformance" / "compact.json").read_text())
VALID = [case for case in CASES if "expected" in case]
INVALID = [case for case in CASES if "expected" not in case]


def limits_of(case: dict[str, Any]) -> Limits:
    return Limits(**case.get("limits", {}))


@pytest.mark.parametrize("case", VALID, ids=[case["comment"] for case in VALID])
def test_a_frame_is_read(case: dict[str, Any]) -> None:
    assert as_read(frame_from_compact(case["compact"], limits=limits_of(case))) == case["expected"]


@pytest.mark.parametrize("case", VALID, ids=[case["comment"] for case in VALID])
def test_a_frame_is_written(case: dict[str, Any]) -> None:
    written = frame_to_compact(frame_from_wire(case["expected"]))
    assert (written == case["compact"]) is not case.get("read_only", False)


@pytest.mark.parametrize("case", INVALID, ids=[case["comment"] for case in INVALID])
def test_what_is_no_frame_is_refused(case: dict[str, Any]) -> None:
    assert case["error"] is True
    with pytest.raises(LimitExceeded if "limits" in case else ProtocolError):
        frame_from_compact(case["compact"], limits=limits_of(case))


def tokens() -> st.SearchStrategy[str]:
    return st.sampled_from(["a", "b", "", "0", "-", "=", "~1", "~0", "c d", "\U0001f680"])


def paths() -> st.SearchStrategy[Any]:
    return st.lists(tokens(), max_size=3).map(lambda path: "".join(f"/{token}" for token in path)) | st.just("a")


def operations() -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["add", "replace", "append", "test", "remove", "move", "copy", "add?", 7, ["add"]])
    members = {"path": paths(), "from": paths(), "value": json_values(max_leaves=3), "more": st.none()}
    return st.fixed_dictionaries({"op": names}, optional=members)


@given(st.lists(operations(), max_size=12))
def test_any_list_of_operations_comes_back_to_the_letter(patch: list[dict[str, Any]]) -> None:
    changes = json.loads(json.dumps(changes_of(patch)))
    assert patch_of(changes) == patch


@pytest.mark.parametrize("frame", FRAMES)
def test_both_forms_say_the_same(frame: Any) -> None:
    compact = json.loads(json.dumps(frame_to_compact(frame)))
    assert frame_from_compact(compact) == frame
    assert len(json.dumps(compact)) < len(json.dumps(frame_to_wire(frame)))


def test_values_are_shared_and_never_changed() -> None:
    value = {"a": [1]}
    patch: Patch = [{"op": "add", "path": "/x", "value": value}, {"op": "frobnicate"}]
    changes = changes_of(patch)
    assert changes[0][2] is value
    assert changes[1] is patch[1]
    assert patch_of(changes)[0]["value"] is value
    assert apply_patch({}, patch_of(changes)[:1]) == {"x": value}


def test_a_parent_that_is_said_ever_again_is_stopped_before_it_fills_memory() -> None:
    changes = [["/" + "a" * 10_000, *["-"] * 5_000]]
    with pytest.raises(LimitExceeded) as refusal:
        patch_of(changes)
    assert (refusal.value.limit, refusal.value.allowed) == ("max_decoded_bytes", 2**24)
    assert refusal.value.found < 2**24 + 20_000


def test_an_operation_is_not_judged_when_it_is_grouped() -> None:
    frame = Delta(Position("A", 1), Position("A", 2), [{"op": "append", "path": "/a", "value": 7}])
    assert frame_from_compact(frame_to_compact(frame)) == frame
