"""The replica against the cases that every implementation runs: conformance/replica.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from realtime_sync.document.equality import json_equal
from realtime_sync.errors import ProtocolError, UnknownDictionary
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.replica import (
    ChannelEnded,
    ChecksumMismatch,
    EventReceived,
    EventsDropped,
    Happening,
    Refused,
    Replica,
    ResyncNeeded,
)
from realtime_sync.replication.resynchronizing import Resynced
from realtime_sync.wire.frames import frame_from_wire
from realtime_sync.wire.messages import Answer

CONFORMANCE = Path(__file__).parents[2] / "conformance"
REPLICA_CASES = json.loads((CONFORMANCE / "replica.json").read_text())


def play(replica: Replica, step: dict[str, Any]) -> list[Happening]:
    answer = Answer.from_wire(step["answer"]) if "answer" in step else None
    if "ask" in step:
        return [replica.request(step["ask"])]
    if "tick" in step:
        return replica.tick(step["tick"])
    if "disconnected" in step:
        return replica.disconnected()
    if "garbage" in step:
        return replica.receive_garbage(ProtocolError("garbage"), answer, step["now"])
    if "unknown_dictionary" in step:
        return replica.receive_unknown_dictionary(UnknownDictionary("json+zstd+dictionary", "0"), answer, step["now"])
    if "part" in step:
        return replica.receive_part(answer, step["now"])
    if "frame" in step:
        return replica.receive_frame(frame_from_wire(step["frame"]), answer, step["now"])
    assert answer is not None, "a step is one input"
    return replica.receive_answer(answer, step["now"])


def check(replica: Replica, step: dict[str, Any], happened: list[Happening]) -> None:
    expected = [step["asked"]] if step.get("asked") else []
    asked = [one for one in happened if isinstance(one, ResyncNeeded)]
    assert [{"request": one.request, "position": one.position and one.position.to_wire()} for one in asked] == [
        {"request": one["request"], "position": one["position"]} for one in expected
    ]
    heard = [one.heard and one.heard.to_wire() for one, said in zip(asked, expected, strict=True) if "heard" in said]
    assert heard == [said["heard"] for said in expected if "heard" in said]
    lost = [[one.epoch, one.first, one.last] for one in happened if isinstance(one, EventsLost)]
    assert lost == step.get("lost", [])
    resynced = [
        [one.reason.value, one.from_position.to_wire(), one.to_position.to_wire()]
        for one in happened
        if isinstance(one, Resynced)
    ]
    assert resynced == ([step["resynced"]] if "resynced" in step else [])
    assert [[one.name, one.data] for one in happened if isinstance(one, EventReceived)] == step.get("events", [])
    assert sum(one.count for one in happened if isinstance(one, EventsDropped)) == step.get("dropped", 0)
    mismatches = [list(one.pointers) for one in happened if isinstance(one, ChecksumMismatch)]
    assert mismatches == ([step["mismatch"]] if "mismatch" in step else [])
    refused = [one.outcome.value for one in happened if isinstance(one, Refused)]
    assert refused == ([step["refused"]] if "refused" in step else [])
    if "state" in step:
        assert replica.state.value == step["state"]
    if "position" in step:
        assert (None if replica.position is None else replica.position.to_wire()) == step["position"]
    if "document" in step:
        assert replica.has_document
        assert json_equal(replica.document, step["document"])
    if step.get("no_document"):
        assert not replica.has_document
    if "closed" in step:
        assert replica.closed_reason == step["closed"]
        assert all(one.reason == step["closed"] for one in happened if isinstance(one, ChannelEnded))
    if "deadline" in step:
        assert replica.deadline == step["deadline"]


@pytest.mark.parametrize("case", REPLICA_CASES, ids=[case["comment"] for case in REPLICA_CASES])
def test_replica_follows_the_case(case: dict[str, Any]) -> None:
    replica = Replica(backoff=Backoff(base_s=2.0, factor=1.5, cap_s=30.0, jitter=0.0, attempts=None))
    for step in case["steps"]:
        check(replica, step, play(replica, step))
