"""How many events a subscriber missed, long after they were forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.replication.event_counts import MOST_COUNTED, EventCounts


@given(st.lists(st.integers(0, 3), max_size=40))
def test_events_since_an_offset_are_the_sum_of_those_after_it(carried: list[int]) -> None:
    counts = EventCounts()
    for offset, events in enumerate(carried, 1):
        counts.append(offset, events)
    for offset in range(len(carried) + 3):
        assert counts.since(offset) == sum(carried[offset:])


def test_counts_are_bounded_and_what_was_forgotten_is_not_claimed() -> None:
    counts = EventCounts()
    frames = 5 * MOST_COUNTED
    for offset in range(1, frames + 1):
        counts.append(offset, 2)
        assert len(counts._offsets) <= MOST_COUNTED
    assert counts.since(frames - 100) == 200
    assert MOST_COUNTED <= counts.since(0) <= 2 * MOST_COUNTED, "as far as it is known"


def test_frames_without_events_take_no_room() -> None:
    counts = EventCounts()
    counts.append(1, 7)
    for offset in range(2, 3 * MOST_COUNTED):
        counts.append(offset, 0)
    assert counts.since(0) == 7
    assert len(counts._offsets) == 1
