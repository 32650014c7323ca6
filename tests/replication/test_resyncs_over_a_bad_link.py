"""Every jump of a document is told as part of one resync, whatever the link and the server do, and nothing else is."""

import random
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.replica import Happening, PatchApplied, SnapshotReplaced, State
from realtime_sync.replication.resynchronizing import Resynced
from tests.replication.test_lossless_over_a_bad_link import Pair


@attrs.frozen
class Jump:
    """Two documents that were shown one after the other, and are not neighbours; by their places in what was shown."""

    before: int
    after: int


class Watched(Pair):
    """A pair that keeps what was shown, and the resyncs that were told, as places in it."""

    def __init__(self, *arguments: Any) -> None:
        self.shown: list[Position] = []
        self.jumps: list[Jump] = []
        self.told: list[Jump] = []
        super().__init__(*arguments)

    def take(self, happened: list[Happening]) -> None:
        super().take(happened)
        for happening in happened:
            match happening:
                case SnapshotReplaced(_, position) | PatchApplied(_, _, position):
                    self.show(position)
                case Resynced(_, before, after):
                    assert self.replica.state is State.LIVE
                    assert after == self.shown[-1] == self.replica.position
                    last = self.told[-1].after if self.told else 0
                    assert before in self.shown[last:], "no two overlap"
                    self.told.append(Jump(last + self.shown[last:].index(before), len(self.shown) - 1))

    def show(self, position: Position) -> None:
        if self.shown and position != Position(self.shown[-1].epoch, self.shown[-1].offset + 1):
            self.jumps.append(Jump(len(self.shown) - 1, len(self.shown)))
        self.shown.append(position)


@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.4), steps=st.integers(20, 120))
def test_every_jump_is_told_once_the_link_is_quiet(seed: int, loss: float, steps: int) -> None:
    chance = random.Random(seed)
    harm = {"loss": loss, "duplication": 0.1, "reordering": 0.2}
    pair = Watched(seed, harm, HistoryLimits(max_frames=4))
    pair.primary.publish({"n": 0})
    for number in range(steps):
        match chance.choices(["write", "cut", "crash", "spoil"], [90, 4, 3, 3])[0]:
            case "write":
                pair.primary.publish({"n": number})
            case "cut":
                pair.cut()
            case "crash":
                pair.crash(in_append=False, keeps_log=chance.random() < 0.5)
                pair.primary.publish({"n": number})
                pair.cut()
            case "spoil":
                pair.spoil()
        pair.flush()
        pair.step()
    pair.settle()
    assert pair.shown[-1] == pair.primary.position
    untold = [jump for jump in pair.jumps if not any(is_within(jump, one) for one in pair.told)]
    assert untold == []


def is_within(jump: Jump, resync: Jump) -> bool:
    return resync.before <= jump.before and jump.after <= resync.after


@given(seed=st.integers(0, 2**32))
def test_over_a_good_link_nothing_is_told(seed: int) -> None:
    pair = Watched(seed, {}, HistoryLimits())
    pair.primary.publish({"n": 0})
    for number in range(40):
        pair.primary.publish({"n": number})
        pair.flush()
        pair.step()
    assert len(pair.shown) > 30
    assert pair.told == pair.jumps == []
