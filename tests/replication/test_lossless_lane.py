"""The lossless events that a channel keeps, and those that an application has got."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.limits import HistoryLimits
from realtime_sync.replication.lossless_hearing import EventsLost, Hearing
from realtime_sync.replication.lossless_lane import LosslessLane
from realtime_sync.wire.frames import Event
from realtime_sync.wire.messages import Heard


def lossless(*serials: int) -> tuple[Event, ...]:
    return tuple(Event("e", serial, serial) for serial in serials)


def filled(count: int, **limits: float) -> LosslessLane:
    """Return a lane whose event `n` came with the frame at offset `10 * n`, at second `n`."""
    lane = LosslessLane(HistoryLimits(**limits))  # type: ignore[arg-type]
    for serial in range(1, count + 1):
        lane.extend(lossless(serial), 10 * serial, float(serial))
    return lane


# ---- the lane --------------------------------------------------------------------------------------------------------


def test_ordinary_events_are_not_kept() -> None:
    lane = LosslessLane(HistoryLimits())
    lane.extend([Event("a", 1), *lossless(1), Event("b", 2), *lossless(2)], 5, 0.0)
    assert lane.events == lossless(1, 2)
    assert lane.serial == 2


@given(st.integers(0, 12), st.integers(0, 15), st.integers(1, 8))
def test_since_is_what_is_kept_of_those_after_a_number(count: int, serial: int, kept: int) -> None:
    lane = filled(count, max_lossless_events=kept)
    first = max(serial, count - kept) + 1
    assert lane.since(serial, float(count)) == lossless(*range(first, count + 1))


def test_a_lane_forgets_by_number_size_and_age_but_never_how_many_there_were() -> None:
    assert filled(9, max_lossless_events=3).events == lossless(7, 8, 9)
    assert filled(9, max_lossless_bytes=22).events == lossless(7, 8, 9), "of 7 bytes each"
    lane = filled(9, max_lossless_age_s=3.0)
    assert lane.events == lossless(6, 7, 8, 9)
    assert lane.since(0, 100.0) == ()
    assert (len(lane), lane.serial) == (0, 9)


def test_an_event_larger_than_the_lane_is_not_kept_and_counts() -> None:
    lane = filled(3, max_lossless_bytes=22)
    lane.extend([Event("e", "x" * 100, 4)], 40, 4.0)
    assert (lane.events, lane.serial) == ((), 4)


def test_the_serial_at_an_offset_is_never_higher_than_what_its_holder_may_have() -> None:
    lane = filled(9, max_lossless_events=3)
    assert [lane.serial_at(offset) for offset in (0, 69, 70, 75, 80, 90, 1_000)] == [6, 6, 7, 7, 8, 9, 9]
    assert LosslessLane(HistoryLimits()).serial_at(5) == 0


def test_a_lane_goes_on_where_a_log_ended() -> None:
    lane = LosslessLane(HistoryLimits(max_lossless_events=2))
    lane.recover([*lossless(5, 6), Event("ordinary", None), *lossless(7)], 6, 30, 100.0)
    assert (lane.events, lane.serial) == (lossless(6, 7), 7)
    lane.extend(lossless(8), 31, 101.0)
    assert lane.events == lossless(7, 8)


def test_a_lane_whose_log_forgot_all_events_goes_on_counting() -> None:
    lane = LosslessLane(HistoryLimits())
    lane.recover([], 6, 30, 0.0)
    lane.extend(lossless(7), 31, 0.0)
    assert lane.events == lossless(7)


# ---- the hearing -----------------------------------------------------------------------------------------------------


def heard(serial: int, epoch: str = "A") -> Hearing:
    hearing = Hearing()
    hearing.hear(epoch, (), serial)
    return hearing


def test_who_joins_begins_with_what_is_to_come() -> None:
    hearing = Hearing()
    assert hearing.hear("A", (), 7) == ((), ())
    assert hearing.hear("A", lossless(8)) == (lossless(8), ())


def test_the_first_events_that_come_are_the_beginning() -> None:
    hearing = Hearing()
    assert hearing.hear("A", lossless(4, 5), 5) == (lossless(4, 5), ())
    assert hearing.heard == Heard("A", 5)


def test_each_is_let_through_once_and_ordinary_ones_always() -> None:
    hearing = heard(3)
    ordinary = Event("o", None)
    assert hearing.hear("A", [*lossless(3), ordinary, *lossless(4)]) == ((ordinary, *lossless(4)), ())
    assert hearing.hear("A", [*lossless(3), ordinary, *lossless(4, 5)]) == ((ordinary, *lossless(5)), ())


@pytest.mark.parametrize(
    ("events", "serial", "lost"),
    [
        (lossless(6, 7), 7, [(4, 5)]),
        ((), 9, [(4, 9)]),
        (lossless(4, 5), 9, [(6, 9)]),
        (lossless(2, 3, 4), 4, []),
        (lossless(5, 7), 0, [(4, 4), (6, 6)]),
        ((), 2, []),
    ],
)
def test_what_is_missing_is_lost_by_number(events: tuple[Event, ...], serial: int, lost: list[tuple[int, int]]) -> None:
    assert heard(3).hear("A", events, serial)[1] == tuple(EventsLost("A", *one) for one in lost)


def test_another_epoch_ends_the_one_before_and_is_heard_from_its_beginning() -> None:
    hearing = heard(3)
    fresh, lost = hearing.hear("B", lossless(2), 2)
    assert fresh == lossless(2)
    assert lost == (EventsLost("A", 4, None), EventsLost("B", 1, 1))
    assert hearing.heard == Heard("B", 2)


def test_of_an_epoch_that_said_its_last_number_nothing_is_owed() -> None:
    hearing = heard(3)
    assert hearing.end("A", 5) == (EventsLost("A", 4, 5),)
    assert hearing.hear("B", lossless(1), 1) == (lossless(1), ())


def test_an_epoch_that_was_closed_and_goes_on_can_end_again() -> None:
    hearing = heard(3)
    hearing.end("A", 3)
    hearing.hear("A", lossless(4))
    assert hearing.hear("B", ())[1] == (EventsLost("A", 5, None),)


def test_one_that_waits_is_not_given_what_went_before_but_one_that_was_here_is() -> None:
    fresh, known = Hearing(), heard(3)
    assert fresh.wait("B", 2) == ()
    assert known.wait("B", 2) == (EventsLost("A", 4, None),)
    assert fresh.hear("B", lossless(1, 2, 3), 3)[0] == lossless(3)
    assert known.hear("B", lossless(1, 2, 3), 3)[0] == lossless(1, 2, 3)
