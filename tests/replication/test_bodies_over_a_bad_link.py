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
from realtime_sync.replication.replica import Replica, ResyncNeeded
from realtime_sync.replication.subscription import Status, Subscription
from realtime_sync.testing import LossyLink
from realtime_sync.testing.strategies import graph_edits, task_graphs
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.dictionary import Dictionary, dictionary_body, uses_dictionary
from realtime_sync.wire.encoding import encode_frame
from realtime_sync.wire.frames import Delta, Frame, frame_to_wire
from realtime_sync.wire.messages import RESYNC, SUBSCRIBE, Answer, Outcome, Resync, Subscribe
from realtime_sync.wire.parts import split_bytes, split_text
from tests.replication.test_recovery import versions_of


@attrs.frozen
class Said:
    """The arguments of one `batch_update`, without the channel's name."""

    body: Any
    answer: Any


DICTIONARY_LIFE = 7
"""Frames after which the server here makes another dictionary: never good ones, but many."""


class Server:
    """A primary, and what it says in one codec.

    Args:
        codec: Of all frames.
        max_bytes: Larger frames go in parts.
        link: Takes what is said to the one subscriber.
    """

    def __init__(self, codec: str, max_bytes: int, link: LossyLink[Said]) -> None:
        self.codec, self.max_bytes, self.link = get_codec(codec), max_bytes, link
        self.dictionary: Dictionary | None = None
        self.dictionaries_said = 0
        self.needed_dictionaries = 0
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
        if uses_dictionary(self.codec) and isinstance(frame, Delta) and frame.position.offset % DICTIONARY_LIFE == 0:
            self.dictionary = Dictionary(self.codec.sample(frame_to_compact(frame)))
            self.bring_dictionary(())

    def bring_dictionary(self, held: tuple[str, ...]) -> None:
        if self.dictionary is not None and self.dictionary.id not in held:
            assert uses_dictionary(self.codec)
            self.dictionaries_said += 1
            self.link.send(Said(dictionary_body(self.dictionary, self.codec), None))

    def say(self, frame: Frame, answer: Any) -> None:
        self.frames_said += 1
        for body in self.bodies(frame):
            self.link.send(Said(body, answer))

    def bodies(self, frame: Frame) -> list[Any]:
        """Return a frame as it travels."""
        part_id = str(self.frames_said)
        data = encode_frame(frame, self.codec, self.dictionary)
        self.needed_dictionaries += data[0] == 2
        if len(data) <= self.max_bytes:
            return [frame_to_wire(frame) if self.codec.is_text else data]
        split = split_text if self.codec.is_text else split_bytes
        parts = split(data, part_id, self.max_bytes)
        self.parts_said += len(parts)
        return [part.to_wire() for part in parts]

    def answer(self, event: str, message: Any, now: float) -> None:
        wanted = (Subscribe if event == SUBSCRIBE else Resync).from_wire(message)
        cut = self.primary.catch_up(wanted.position, now)
        answer = Answer(cut.outcome, wanted.request, self.codec.name, cut.position).to_wire()
        self.bring_dictionary(wanted.dictionaries)
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
            if said.event != "sync:ack":  # this server never parks anybody
                self.up.send((said.event, said.message))
        for event, message in self.up.receive():
            if event in (SUBSCRIBE, RESYNC):
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
    codec=st.sampled_from(["json", "msgpack", "json+deflate+dictionary", "msgpack+zstd+dictionary"]),
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


HARMS = pytest.mark.parametrize(
    "harm", [{"loss": 0.05}, {"duplication": 0.05}, {"reordering": 0.05}], ids=["loss", "duplication", "reordering"]
)


@HARMS
@pytest.mark.parametrize("codec", ["json", "msgpack"])
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
    assert pair.server.parts_said > 150


@HARMS
@pytest.mark.parametrize("codec", ["json+deflate+dictionary", "json+zstd+dictionary"])
def test_a_hundred_frames_and_fourteen_dictionaries_over_a_bad_link(codec: str, harm: dict[str, float]) -> None:
    pair = Pair(codec, 10_000, seed=11, **{name: 3 * share for name, share in harm.items()})
    for number in range(100):
        pair.server.publish({"text": f"in the {number}th year " * 10, "status": ["on", "off"][number % 2]}, pair.now)
        pair.step()
    pair.settle({"text": "over", "status": "off"})
    assert pair.client.status is Status.LIVE
    assert pair.client.replica.document == {"text": "over", "status": "off"}
    assert pair.server.needed_dictionaries > 80
    assert pair.server.dictionaries_said >= 14
    assert len(pair.client.dictionaries) == 2


def test_a_dictionary_that_was_renewed_while_its_reader_was_away_comes_before_what_needs_it() -> None:
    pair = Pair("json+zstd+dictionary", 10_000, seed=3)
    for number in range(DICTIONARY_LIFE + 1):
        pair.server.publish({"text": f"in the {number}th year " * 10}, pair.now)
        pair.step()
    [first] = pair.client.dictionaries
    pair.client.disconnected()
    pair.down.loss = 1.0
    for number in range(3 * DICTIONARY_LIFE):
        pair.server.publish({"text": f"in the {number}th year " * 10}, pair.now)
    pair.down.loss = 0.0
    pair.down.receive()
    pair.client.connected(pair.now)
    for _ in range(3):
        pair.step()
    second, kept = pair.client.dictionaries
    assert kept == first
    assert pair.server.dictionary is not None
    assert second == pair.server.dictionary.id
    assert pair.client.status is Status.LIVE
    assert pair.client.replica.document == pair.server.primary.document
    assert not any(isinstance(one, ResyncNeeded) for one in pair.happened)
