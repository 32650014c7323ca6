"""Frames as they really travel, over a link that loses, repeats and reorders: after quiet, both ends are equal."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.equality import json_equal
from realtime_sync.jsontypes import Json
from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.primary import LooseEvents, Primary
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Status, Subscription
from realtime_sync.testing import LossyLink
from realtime_sync.testing.strategies import graph_edits, task_graphs
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.frames import Frame, frame_to_wire
from realtime_sync.wire.messages import Answer, Outcome, Resync, Subscribe
from realtime_sync.wire.parts import split_bytes, split_text
from tests.replication.test_recovery import versions_of


@attrs.frozen
class Said:
    """The arguments of one `batch_update`, without the channel's name."""

    body: Any
    answer: Any


class Server:
    """A primary, and what it says in one codec.

    Args:
        codec: Of all frames.
        max_bytes: Larger frames go in parts.
        send: Takes what is said to the one subscriber.
    """

    def __init__(self, codec: str, max_bytes: int, link: LossyLink[Said]) -> None:
        self.codec, self.max_bytes, self.link = codec, max_bytes, link
        self.primary = Primary("A", history=HistoryLimits(max_frames=5))
        self.documents: dict[Position, Json] = {}
        self.parts_said = 0
        self.frames_said = 0

    def publish(self, version: Any, now: float) -> None:
        self.primary.publish(version)
        self.primary.emit("tick", None)
        frame = self.primary.take()
        assert frame is not None
        assert not isinstance(frame, LooseEvents)
        self.primary.commit(now)
        self.documents[frame.position] = self.primary.document
        self.say(frame, None)

    def say(self, frame: Frame, answer: Any) -> None:
        self.frames_said += 1
        for body in self.bodies(frame):
            self.link.send(Said(body, answer))

    def bodies(self, frame: Frame) -> list[Any]:
        """Return a frame as it travels."""
        part_id = str(self.frames_said)
        data = get_codec(self.codec).encode(frame_to_wire(frame))
        if len(data) <= self.max_bytes:
            return [frame_to_wire(frame) if self.codec == "json" else data]
        split = split_text if self.codec == "json" else split_bytes
        parts = split(data, part_id, self.max_bytes)
        self.parts_said += len(parts)
        return [part.to_wire() for part in parts]

    def answer(self, event: str, message: Any, now: float) -> None:
        wanted = (Subscribe if event == "sync:subscribe" else Resync).from_wire(message)
        cut = self.primary.catch_up(wanted.position, now)
        answer = Answer(cut.outcome, wanted.request, self.codec, cut.position).to_wire()
        frame = cut.keyframe if cut.outcome is Outcome.KEYFRAME else cut.delta
        if frame is None:
            self.link.send(Said(None, answer))
        else:
            self.say(frame, answer)


class Pair:
    """A server and one subscriber, in virtual seconds."""

    def __init__(self, codec: str, max_bytes: int, seed: int, **harm: float) -> None:
        self.now = 0.0
        self.down: LossyLink[Said] = LossyLink(seed, **harm)
        self.up: LossyLink[tuple[str, Any]] = LossyLink(seed + 1, **harm)
        self.server = Server(codec, max_bytes, self.down)
        self.client = Subscription("c", (codec,), Replica(uniform=lambda: 0.0))
        self.client.connected(self.now)
        self.happened: list[Any] = []

    def step(self) -> None:
        """Let one second pass."""
        self.now += 1.0
        for said in self.client.outgoing():
            self.up.send((said.event, said.message))
        for event, message in self.up.receive():
            self.server.answer(event, message, self.now)
        for told in self.down.receive():
            before = self.client.replica.position
            self.happened += self.client.receive(told.body, told.answer, self.now)
            self.check(before)
        self.happened += self.client.tick(self.now)

    def check(self, before: Position | None) -> None:
        replica = self.client.replica
        if before is not None and replica.position is not None:
            assert replica.position.offset >= before.offset, "went back in time"
        if self.client.status is Status.LIVE:
            assert replica.position is not None
            assert json_equal(replica.document, self.server.documents[replica.position]), "a wrong document as live"

    def settle(self, last: Any) -> None:
        self.down.heal()
        self.up.heal()
        self.server.publish(last, self.now)
        for _ in range(200):
            self.step()


@given(
    versions=st.builds(versions_of, task_graphs(), graph_edits()),
    codec=st.sampled_from(["json", "msgpack"]),
    seed=st.integers(0, 10_000),
    loss=st.sampled_from([0.0, 0.05]),
    duplication=st.sampled_from([0.0, 0.05]),
    reordering=st.sampled_from([0.0, 0.05]),
    max_bytes=st.sampled_from([50, 200, 1_000]),
)
def test_after_quiet_both_ends_are_equal(
    versions: Any, codec: str, seed: int, loss: float, duplication: float, reordering: float, max_bytes: int
) -> None:
    pair = Pair(codec, max_bytes, seed, loss=loss, duplication=duplication, reordering=reordering)
    for version in versions:
        pair.server.publish(version, pair.now)
        pair.step()
    pair.settle(versions[-1])
    assert pair.client.status is Status.LIVE
    assert json_equal(pair.client.replica.document, pair.server.primary.document)
    assert pair.client._assembly.size_bytes == 0


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.parametrize(
    "harm", [{"loss": 0.05}, {"duplication": 0.05}, {"reordering": 0.05}], ids=["loss", "duplication", "reordering"]
)
def test_a_hundred_frames_in_parts_over_a_bad_link(codec: str, harm: dict[str, float]) -> None:
    pair = Pair(codec, 30, seed=7, **harm)
    texts: list[str] = []
    for number in range(100):
        texts.append(f"line {number}")
        pair.server.publish({"texts": list(texts)}, pair.now)
        pair.step()
    pair.settle({"texts": texts})
    assert pair.client.status is Status.LIVE
    assert pair.client.replica.document == {"texts": texts}
    assert pair.server.parts_said > 300
