"""Frames to the wire and back, and what is no frame: conformance/frames.json."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.wire.frames import Check, Closed, Delta, Event, Frame, Keyframe, frame_from_wire, frame_to_wire

CASES = json.loads((Path(__file__).parents[2] / "conformance" / "frames.json").read_text())
VALID = [case for case in CASES if "expected" in case]
INVALID = [case for case in CASES if "expected" not in case]

FRAMES: list[Frame] = [
    Keyframe(Position("A", 1), {"a": [1, None]}),
    Keyframe(Position("A", 7), None, (Event("e", {"x": 1}), Event("f", None)), 3),
    Delta(Position("A", 7), Position("A", 9), [{"op": "remove", "path": "/a"}]),
    Delta(Position("A", 7), Position("A", 8), [], (Event("e", []),), 1),
    Delta(Position("A", 7), Position("A", 8), [], check=Check(2**32 - 1, ("/a", "", "/b~1c"))),
    Delta(Position("A", 7), Position("A", 8), [], (Event("e", []),), 1, Check(0, ())),
    Closed("A", "archived"),
]


def as_read(frame: Frame) -> dict[str, Any]:
    wire = frame_to_wire(frame)
    return wire if isinstance(frame, Closed) else {"events": [], "dropped": 0, **wire}


@pytest.mark.parametrize("case", VALID, ids=[case["comment"] for case in VALID])
def test_a_frame_is_read(case: dict[str, Any]) -> None:
    assert as_read(frame_from_wire(case["frame"])) == case["expected"]


@pytest.mark.parametrize("case", INVALID, ids=[case["comment"] for case in INVALID])
def test_what_is_no_frame_is_refused(case: dict[str, Any]) -> None:
    assert case["error"] is True
    with pytest.raises(ProtocolError):
        frame_from_wire(case["frame"])


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_survives_the_wire(frame: Frame) -> None:
    assert frame_from_wire(json.loads(json.dumps(frame_to_wire(frame)))) == frame


def test_a_patch_of_too_many_operations_is_refused_with_both_numbers() -> None:
    patch = [{"op": "remove", "path": "/a"}] * 11
    wire = frame_to_wire(Delta(Position("A", 1), Position("A", 2), patch))
    with pytest.raises(LimitExceeded, match="11 is over max_operations=10"):
        frame_from_wire(wire, limits=attrs.evolve(Limits(), max_operations=10))


def test_a_check_of_too_many_values_is_refused_with_both_numbers() -> None:
    wire = frame_to_wire(Delta(Position("A", 1), Position("A", 2), [], check=Check(0, ("/a",) * 11)))
    with pytest.raises(LimitExceeded, match="11 is over max_operations=10"):
        frame_from_wire(wire, limits=attrs.evolve(Limits(), max_operations=10))
