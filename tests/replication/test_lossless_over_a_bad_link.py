"""Each lossless event comes exactly once, or is reported by number, whatever the link and the server do."""

import itertools
import random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.primary import LooseEvents, Primary
from realtime_sync.replication.replica import EventReceived, Happening, Replica, ResyncNeeded, State
from realtime_sync.testing import LossyLink
from realtime_sync.wire.frames import Delta, Event, Frame, Keyframe, frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import Answer, Heard, Outcome


@attrs.frozen
class Sent:
    frame: dict[str, Any] | None
    answer: Answer | None


def numbers_of(events: tuple[Event, ...]) -> list[int]:
    """Return what the lossless ones carry."""
    return [event.data for event in events if event.serial is not None and isinstance(event.data, int)]


class Pair:
    """A primary with a log, and a replica with an application, in virtual seconds."""

    def __init__(self, seed: int, harm: dict[str, float], limits: HistoryLimits) -> None:
        self.down: LossyLink[Sent] = LossyLink(seed, **harm)
        self.up: LossyLink[ResyncNeeded] = LossyLink(seed + 1, **harm)
        self.limits, self.log = limits, MemoryLog()
        self.epochs, self.emitted = itertools.count(1), itertools.count(1)
        self.now = 0.0
        self.kept: dict[str, list[int]] = {}  # what the log took: by epoch the event with serial 1, 2, ...
        self.got: list[tuple[str, int]] = []
        self.lost: list[EventsLost] = []
        self.began: Heard | None = None
        self.entered: set[str] = set()  # epochs that the replica heard of; of others it cannot say more than that
        self.begin()
        self.replica = Replica(uniform=lambda: 0.0)
        self.up.send(self.replica.request(self.now))

    # ---- the writing end

    def begin(self) -> None:
        """A process begins, and goes on where the log ended."""
        self.primary = Primary(f"epoch-{next(self.epochs)}", history=self.limits)
        keyframe = self.log.load_keyframe("c")
        if keyframe is not None:
            deltas = self.log.read_after("c", keyframe.position)
            assert deltas is not None
            self.primary.recover(keyframe, deltas, self.now)

    def emit(self) -> None:
        self.primary.emit("question", next(self.emitted), lossless=True)

    def flush(self) -> None:
        frame = self.primary.take()
        if frame is None:
            return
        if not isinstance(frame, LooseEvents):
            self.log.append("c", frame)
        lane = len(self.kept.setdefault(self.primary.position.epoch, []))
        self.primary.commit(self.now)
        self.kept[self.primary.position.epoch] += numbers_of(frame.events)
        serials = [event.serial for event in frame.events if event.serial is not None]
        assert serials == list(range(lane + 1, lane + len(serials) + 1)), "serials are dense"
        if isinstance(frame, Keyframe):
            self.send(attrs.evolve(frame, events=(*frame.lane, *frame.events)), None)
        elif not isinstance(frame, LooseEvents):
            self.send(frame, None)

    def save(self) -> None:
        if self.primary.position.offset > 0:
            self.log.save_keyframe("c", self.primary.keyframe())

    def crash(self, *, in_append: bool, keeps_log: bool) -> None:
        """Die with all that is pending, before or after the log has the frame."""
        frame = self.primary.take()
        if in_append and frame is not None and not isinstance(frame, LooseEvents):
            self.log.append("c", frame)
            self.primary.commit(self.now)
            self.kept.setdefault(self.primary.position.epoch, []).extend(numbers_of(frame.events))
        if not keeps_log:
            self.log = MemoryLog()
        self.begin()

    def send(self, frame: Frame | None, answer: Answer | None) -> None:
        self.down.send(Sent(None if frame is None else frame_to_wire(frame), answer))

    def answer(self, asked: ResyncNeeded) -> None:
        cut = self.primary.catch_up(asked.position, self.now, asked.heard)
        answer = Answer(cut.outcome, asked.request, "json", cut.position, dropped=cut.dropped, serial=cut.serial)
        self.send(cut.keyframe if cut.outcome is Outcome.KEYFRAME else cut.delta, answer)

    # ---- the link and the reading end

    def cut(self) -> None:
        """The connection breaks, and another one is made."""
        self.down.cut()
        self.up.cut()
        self.take(self.replica.disconnected())
        self.up.send(self.replica.request(self.now))

    def spoil(self) -> None:
        """The document turns out to be wrong; what was told stays told."""
        position = self.replica.position
        if self.replica.state is State.LIVE and position is not None:
            bad = Delta(position, Position(position.epoch, position.offset + 1), [{"op": "remove", "path": "/no"}])
            self.take(self.replica.receive_frame(bad, None, self.now))

    def step(self) -> None:
        self.now += 1.0
        for asked in self.up.receive():
            self.answer(asked)
        for sent in self.down.receive():
            if sent.frame is not None:
                self.take(self.replica.receive_frame(frame_from_wire(sent.frame), sent.answer, self.now))
            else:
                assert sent.answer is not None
                self.take(self.replica.receive_answer(sent.answer, self.now))
        self.take(self.replica.tick(self.now))

    def take(self, happened: list[Happening]) -> None:
        for happening in happened:
            match happening:
                case ResyncNeeded():
                    self.up.send(happening)
                case EventReceived("question", int(number)):
                    assert self.replica.heard is not None
                    self.got.append((self.replica.heard.epoch, number))
                case EventsLost():
                    self.lost.append(happening)
        if self.replica.heard is not None:
            assert self.began is not None or not self.got, "a fresh join begins with the present"
            self.began = self.began or self.replica.heard
            self.entered.add(self.replica.heard.epoch)

    def settle(self) -> None:
        self.down.heal()
        self.up.heal()
        self.primary.publish({"the": "end"})
        self.flush()
        self.cut()
        for _ in range(40):
            self.step()

    # ---- what was promised

    def check(self) -> None:
        assert self.replica.state is State.LIVE
        position = self.primary.position
        assert self.replica.position == position
        assert self.replica.heard == Heard(position.epoch, len(self.kept.get(position.epoch, [])))
        numbers = [number for _, number in self.got]
        assert len(set(numbers)) == len(numbers), "each at most once"
        assert numbers == sorted(numbers), "in order"
        assert self.began is not None
        for epoch, kept in list(self.kept.items()):
            for serial, number in enumerate(kept, 1):
                if not self.is_owed(epoch, serial):
                    continue
                delivered = (epoch, number) in self.got
                reported = sum(one.epoch == epoch and one.first <= serial <= (one.last or serial) for one in self.lost)
                assert delivered + reported == 1, f"event {serial} of {epoch}: {delivered=}, {reported=}"

    def is_owed(self, epoch: str, serial: int) -> bool:
        assert self.began is not None
        began, mine = (int(name.removeprefix("epoch-")) for name in (self.began.epoch, epoch))
        if mine == began:
            return serial > self.began.serial
        return mine > began and epoch in self.entered


SHARES = st.sampled_from([0.0, 0.1, 0.3])
HARM = st.fixed_dictionaries({"loss": SHARES, "duplication": SHARES, "reordering": SHARES})
LIMITS = st.builds(
    HistoryLimits,
    max_frames=st.sampled_from([1, 3, 1_000]),
    max_lossless_events=st.sampled_from([1, 3, 1_000]),
    max_lossless_age_s=st.sampled_from([15.0, 86_400.0]),
)
WEIGHTS = {
    "emit": 10,
    "ordinary": 2,
    "publish": 2,
    "flush": 8,
    "step": 12,
    "wait": 1,
    "spoil": 1,
    "cut": 1,
    "save": 1,
    "crash": 0.5,
    "crash in append": 0.5,
    "restart without log": 0.5,
}


def play(pair: Pair, step: str) -> None:
    match step:
        case "emit":
            pair.emit()
        case "ordinary":
            pair.primary.emit("beat", None)
        case "publish":
            pair.primary.publish({"n": next(pair.emitted)})
        case "flush":
            pair.flush()
        case "step":
            pair.step()
        case "wait":
            pair.now += 10.0
        case "spoil":
            pair.spoil()
        case "cut":
            pair.cut()
        case "save":
            pair.save()
        case "crash":
            pair.crash(in_append=False, keeps_log=True)
        case "crash in append":
            pair.crash(in_append=True, keeps_log=True)
        case "restart without log":
            pair.crash(in_append=False, keeps_log=False)


def check_a_life(seed: int, harm: dict[str, float], limits: HistoryLimits, steps: int) -> None:
    pair = Pair(seed, harm, limits)
    for step in random.Random(seed).choices(list(WEIGHTS), list(WEIGHTS.values()), k=steps):
        play(pair, step)
    pair.settle()
    pair.check()


@given(st.integers(0, 10_000), HARM, LIMITS, st.integers(0, 150))
def test_each_lossless_event_comes_exactly_once_or_is_reported(
    seed: int, harm: dict[str, float], limits: HistoryLimits, steps: int
) -> None:
    check_a_life(seed, harm, limits, steps)


@pytest.mark.parametrize("max_lossless_events", [1, 4, 1_000])
@pytest.mark.parametrize("seed", range(8))
def test_a_long_life_loses_nothing_silently(seed: int, max_lossless_events: int) -> None:
    harm = {"loss": 0.1, "duplication": 0.2, "reordering": 0.2}
    limits = HistoryLimits(max_frames=3, max_lossless_events=max_lossless_events, max_lossless_age_s=15.0)
    check_a_life(seed, harm, limits, 800)


@pytest.mark.parametrize("loss", [0.0, 0.4])
def test_nothing_is_lost_where_the_lane_is_long_enough(loss: float) -> None:
    """With a log, on a link that loses frames but in order, a thousand questions come, and none is reported."""
    pair = Pair(3, {"loss": loss, "duplication": 0.1}, HistoryLimits(max_frames=5))
    pair.primary.publish({"n": 0})
    pair.flush()
    while pair.began is None:
        pair.step()
    for number in range(1_000):
        pair.emit()
        if number % 3 == 0:
            pair.flush()
            pair.step()
        if number % 100 == 50:
            pair.flush()
            pair.crash(in_append=False, keeps_log=True)
            pair.cut()
    pair.flush()
    pair.settle()
    pair.check()
    assert pair.lost == []
    assert [number for _, number in pair.got] == list(range(1, 1_001))
