"""A log in memory keeps the contract of `ChannelLog`: an unbroken run, and an append that may be repeated."""

import pytest

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.errors import LogRefused
from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Keyframe

EPOCH = "a1B2c3D4"


def keyframe(offset: int, epoch: str = EPOCH) -> Keyframe:
    return Keyframe(Position(epoch, offset), {"n": offset})


def delta(base: int, epoch: str = EPOCH) -> Delta:
    patch = [{"op": "replace", "path": "/n", "value": base + 1}]
    return Delta(Position(epoch, base), Position(epoch, base + 1), patch)


def filled(*deltas: Delta) -> MemoryLog:
    log = MemoryLog()
    log.append("c", keyframe(1))
    for one in deltas:
        log.append("c", one)
    return log


def test_what_was_appended_is_read_from_any_position_that_it_has() -> None:
    log = filled(delta(1), delta(2))
    assert log.load_keyframe("c") == keyframe(1)
    assert log.read_after("c", Position(EPOCH, 1)) == [delta(1), delta(2)]
    assert log.read_after("c", Position(EPOCH, 2)) == [delta(2)]
    assert log.read_after("c", Position(EPOCH, 3)) == []
    assert log.read_after("c", Position(EPOCH, 4)) is None
    assert log.read_after("c", Position("other", 1)) is None
    assert log.read_after("another", Position(EPOCH, 1)) is None


def test_an_append_whose_outcome_was_unknown_may_be_repeated() -> None:
    log = filled(delta(1), delta(1))
    assert log.read_after("c", Position(EPOCH, 1)) == [delta(1)]


@pytest.mark.parametrize("refused", [delta(2), delta(0), delta(1, "other")])
def test_a_delta_that_does_not_follow_the_end_is_refused(refused: Delta) -> None:
    log = filled()
    with pytest.raises(LogRefused, match="the log ends at"):
        log.append("c", refused)
    assert log.read_after("c", Position(EPOCH, 1)) == []


def test_a_delta_before_any_keyframe_is_refused() -> None:
    with pytest.raises(LogRefused, match="the log is empty"):
        MemoryLog().append("c", delta(1))


def test_another_delta_from_the_same_base_is_refused() -> None:
    log = filled(delta(1))
    other = Delta(Position(EPOCH, 1), Position(EPOCH, 2), [{"op": "remove", "path": "/n"}])
    with pytest.raises(LogRefused):
        log.append("c", other)
    assert log.read_after("c", Position(EPOCH, 1)) == [delta(1)]


def test_an_epoch_begins_once() -> None:
    log = filled(delta(1))
    with pytest.raises(LogRefused, match="has begun already"):
        log.append("c", keyframe(2))
    log.append("c", keyframe(1, "b2C3d4E5"))
    assert log.read_after("c", Position("b2C3d4E5", 1)) == []


def test_a_saved_keyframe_takes_the_place_of_what_led_to_it() -> None:
    log = filled(delta(1), delta(2), delta(3))
    log.save_keyframe("c", keyframe(3))
    assert log.load_keyframe("c") == keyframe(3)
    assert log.read_after("c", Position(EPOCH, 3)) == [delta(3)]
    assert log.read_after("c", Position(EPOCH, 2)) is None
    log.save_keyframe("c", keyframe(9, "other"))
    assert log.load_keyframe("c") == keyframe(3)
