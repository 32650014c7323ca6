"""Two real ends and a bad link between them: after quiet, the replica equals the primary."""

import copy
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
from realtime_sync.replication.replica import Replica, ResyncNeeded, State
from realtime_sync.testing import LossyLink
from realtime_sync.testing.strategies import GraphEdit, graph_edits, json_values, task_graphs
from realtime_sync.wire.frames import Frame, frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import Answer, Outcome


@attrs.frozen
class Sent:
    frame: dict[str, Any] | None
    answer: Answer | None


class Pair:
    """A primary and a replica with a lossy link each way, in virtual seconds."""

    def __init__(self, seed: int, loss: float, duplication: float, reordering: float, max_frames: int) -> None:
        self.down: LossyLink[Sent] = LossyLink(seed, loss=loss, duplication=duplication, reordering=reordering)
        self.up: LossyLink[ResyncNeeded] = LossyLink(seed + 1, loss=loss, duplication=duplication)
        self.history = HistoryLimits(max_frames=max_frames)
        self.epochs = 0
        self.now = 0.0
        self.restart()
        self.replica = Replica(uniform=lambda: 0.0)
        self.documents: dict[Position, Json] = {}
        self.up.send(self.replica.request(self.now))

    def restart(self) -> None:
        """The writing process dies, and another begins without a log."""
        self.epochs += 1
        self.primary = Primary(f"epoch-{self.epochs}", history=self.history)

    def flush(self) -> None:
        frame = self.primary.take()
        if frame is None:
            return
        self.primary.commit(self.now)
        assert not isinstance(frame, LooseEvents)
        self.documents[frame.position] = self.primary.document
        self.send(frame, None)

    def send(self, frame: Frame | None, answer: Answer | None) -> None:
        self.down.send(Sent(None if frame is None else frame_to_wire(frame), answer))

    def step(self) -> None:
        """Let one second pass."""
        self.now += 1.0
        for asked in self.up.receive():
            self.answer(asked)
        for sent in self.down.receive():
            self.deliver(sent)
        self.ask(self.replica.tick(self.now))
        self.check()

    def answer(self, asked: ResyncNeeded) -> None:
        cut = self.primary.catch_up(asked.position, self.now)
        answer = Answer(cut.outcome, asked.request, "json", cut.position)
        if cut.outcome is Outcome.KEYFRAME:
            self.send(cut.keyframe, answer)
        else:
            self.send(cut.delta, answer)

    def deliver(self, sent: Sent) -> None:
        before = self.replica.position
        if sent.frame is not None:
            happened = self.replica.receive_frame(frame_from_wire(sent.frame), sent.answer, self.now)
        else:
            assert sent.answer is not None
            happened = self.replica.receive_answer(sent.answer, self.now)
        after = self.replica.position
        if before is not None and after is not None and before.epoch == after.epoch:
            assert after.offset >= before.offset, "went back in time"
        self.ask(happened)

    def ask(self, happened: list[Any]) -> None:
        for happening in happened:
            if isinstance(happening, ResyncNeeded):
                self.up.send(happening)

    def check(self) -> None:
        if self.replica.state is State.LIVE:
            assert self.replica.position is not None
            assert json_equal(self.replica.document, self.documents[self.replica.position]), "a wrong document as live"

    def settle(self) -> None:
        self.down.heal()
        self.up.heal()
        # A last change makes a replica that missed the frame before see the gap.
        self.primary.emit("tick", None)
        self.flush()
        for _ in range(200):
            self.step()


def versions_of(graph: dict[str, Any], edits: list[GraphEdit]) -> list[Json]:
    versions: list[Json] = [graph]
    for edit in edits:
        graph = copy.deepcopy(graph)
        edit.apply(graph)
        versions.append(graph)
    return versions


VERSIONS = st.builds(versions_of, task_graphs(), graph_edits()) | st.lists(json_values(), min_size=2, max_size=8)
SHARES = st.sampled_from([0.0, 0.1, 0.3])


@given(
    versions=VERSIONS,
    seed=st.integers(0, 10_000),
    loss=SHARES,
    duplication=SHARES,
    reordering=SHARES,
    max_frames=st.sampled_from([1, 3, 1_000]),
    restart_at=st.none() | st.integers(0, 6),
)
def test_after_quiet_the_replica_equals_the_primary(
    versions: Any,
    seed: int,
    loss: float,
    duplication: float,
    reordering: float,
    max_frames: int,
    restart_at: int | None,
) -> None:
    pair = Pair(seed, loss, duplication, reordering, max_frames)
    for number, version in enumerate(versions):
        if number == restart_at:
            pair.restart()
        pair.primary.publish(version)
        pair.flush()
        pair.step()
    pair.settle()
    if pair.epochs > 1 and pair.replica.state is not State.LIVE:
        # That its server is gone, a replica learns from its connection alone: it asks again on the next one.
        pair.replica.disconnected()
    if pair.replica.position is None or pair.replica.position.epoch != pair.primary.position.epoch:
        pair.up.send(pair.replica.request(pair.now))
        pair.settle()
    assert pair.replica.state is State.LIVE
    assert pair.replica.position == pair.primary.position
    assert json_equal(pair.replica.document, pair.primary.document)


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_a_thousand_appends_over_a_bad_link_end_equal(loss: float) -> None:
    pair = Pair(7, loss, 0.2, 0.2, 50)
    pair.primary.publish({"text": ""})
    pair.flush()
    for number in range(1_000):
        pair.primary.append_text("/text", f"{number} ")
        pair.flush()
        pair.step()
    pair.settle()
    assert pair.replica.document == {"text": "".join(f"{number} " for number in range(1_000))}
