"""The bounded queue of events: order, priority, keys, and what is told of the lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.replication.event_queue import EventQueue, QueuedEvent
from realtime_sync.wire.frames import Event


def queued(name: str, priority: int = 0, key: str | None = None) -> QueuedEvent:
    return QueuedEvent(Event(name, None), priority, key)


def names(taken: Sequence[QueuedEvent]) -> list[str]:
    return [entry.event.name for entry in taken]


def test_order_is_the_order_of_adding_whatever_the_priority() -> None:
    queue = EventQueue(10)
    for name, priority in (("a", 0), ("b", 5), ("c", -1)):
        queue.add(queued(name, priority))
    taken, dropped = queue.take()
    assert names(taken) == ["a", "b", "c"]
    assert dropped == 0
    assert len(queue) == 0


def test_overflow_drops_the_oldest_of_the_lowest_priority() -> None:
    queue = EventQueue(3)
    for name, priority in (("low-1", 0), ("high", 9), ("low-2", 0), ("low-3", 0)):
        queue.add(queued(name, priority))
    taken, dropped = queue.take()
    assert names(taken) == ["high", "low-2", "low-3"]
    assert dropped == 1


def test_an_event_less_important_than_all_that_wait_is_the_one_that_is_dropped() -> None:
    queue = EventQueue(2)
    for name, priority in (("a", 5), ("b", 5), ("c", 1)):
        queue.add(queued(name, priority))
    assert names(queue.take()[0]) == ["a", "b"]


def test_a_key_keeps_the_newest_and_its_place_is_the_newest_ones() -> None:
    queue = EventQueue(10)
    queue.add(queued("progress-1", key="n7"))
    queue.add(queued("other"))
    queue.add(queued("progress-2", key="n7"))
    taken, dropped = queue.take()
    assert names(taken) == ["other", "progress-2"]
    assert dropped == 0, "superseded is not lost"


def test_a_key_is_free_again_after_take() -> None:
    queue = EventQueue(10)
    queue.add(queued("a", key="k"))
    queue.take()
    queue.add(queued("b", key="k"))
    assert names(queue.take()[0]) == ["b"]


def test_a_queue_without_room_for_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="max_queue_size"):
        EventQueue(0)


@given(
    st.lists(
        st.tuples(st.integers(-2, 2), st.sampled_from([None, "k", "l"])),
        max_size=60,
    )
)
def test_never_more_than_its_bound_and_every_event_accounted_for(entries: list[tuple[int, str | None]]) -> None:
    queue = EventQueue(7)
    superseded = 0
    for number, (priority, key) in enumerate(entries):
        before, dropped = len(queue), queue.dropped
        queue.add(queued(str(number), priority, key))
        superseded += before + 1 - len(queue) - (queue.dropped - dropped)
        assert len(queue) <= 7
    taken, lost = queue.take()
    assert names(taken) == sorted(names(taken), key=int)
    assert len(taken) + lost + superseded == len(entries)
