"""What is kept for catching up, and how far back."""

from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.history import History
from realtime_sync.wire.frames import Delta, Event


def delta(offset: int, *, text: str = "", events: int = 0, dropped: int = 0) -> Delta:
    return Delta(
        Position("A", offset - 1),
        Position("A", offset),
        [{"op": "replace", "path": "/n", "value": text or offset}],
        tuple(Event("e", n) for n in range(events)),
        dropped,
    )


def filled(limits: HistoryLimits, count: int) -> History:
    history = History(limits)
    for offset in range(2, count + 2):
        history.append(delta(offset), now=float(offset))
    return history


def test_since_returns_exactly_what_came_after() -> None:
    history = filled(HistoryLimits(), 5)
    missed = history.since(Position("A", 4), now=10.0)
    assert missed is not None
    assert [one.position.offset for one in missed] == [5, 6]
    assert history.since(Position("A", 6), now=10.0) == []


def test_an_unknown_position_has_no_answer() -> None:
    history = filled(HistoryLimits(), 5)
    assert history.since(Position("A", 0), now=10.0) is None, "before the first"
    assert history.since(Position("A", 7), now=10.0) is None, "after the last"
    assert history.since(Position("B", 4), now=10.0) is None, "another epoch"
    assert History(HistoryLimits()).since(Position("A", 1), now=0.0) is None


def test_it_is_bounded_by_frames() -> None:
    history = filled(HistoryLimits(max_frames=3), 100)
    assert len(history) == 3
    assert history.since(Position("A", 98), now=101.0) is not None
    assert history.since(Position("A", 97), now=101.0) is None


def test_it_is_bounded_by_bytes() -> None:
    history = History(HistoryLimits(max_bytes=1_000))
    for offset in range(2, 100):
        history.append(delta(offset, text="x" * 100), now=0.0)
        assert history.size_bytes <= 1_000
    assert len(history) >= 1


def test_it_is_bounded_by_age() -> None:
    history = filled(HistoryLimits(max_age_s=10), 5)
    assert history.since(Position("A", 5), now=100.0) is None
    assert len(history) == 0
    assert history.size_bytes == 0


def test_a_catch_up_replays_the_newest_events_and_counts_the_others() -> None:
    history = History(HistoryLimits(max_catchup_events=3))
    deltas = [delta(2, events=2, dropped=4), delta(3, events=2)]
    events, left_out = history.events_of(deltas)
    assert [event.data for event in events] == [1, 0, 1]
    assert left_out == 1 + 4
