"""The bounded queue of events: order, priority, keys, and what is told of the lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.errors import QueueFull
from realtime_sync.replication.event_queue import EventQueue
from realtime_sync.wire.frames import Event


def add(queue: EventQueue, name: str, priority: int = 0, key: str | None = None) -> None:
    queue.add(Event(name, None), priority, key)


def names(taken: Sequence[Event]) -> list[str]:
    return [event.name for event in taken]


def test_order_is_the_order_of_adding_whatever_the_priority() -> None:
    queue = EventQueue(10)
    for name, priority in (("a", 0), ("b", 5), ("c", -1)):
        add(queue, name, priority)
    taken, dropped = queue.take()
    assert names(taken) == ["a", "b", "c"]
    assert dropped == 0
    assert len(queue) == 0


def test_overflow_drops_the_oldest_of_the_lowest_priority() -> None:
    queue = EventQueue(3)
    for name, priority in (("low-1", 0), ("high", 9), ("low-2", 0), ("low-3", 0)):
        add(queue, name, priority)
    taken, dropped = queue.take()
    assert names(taken) == ["high", "low-2", "low-3"]
    assert dropped == 1


def test_an_event_less_important_than_all_that_wait_is_the_one_that_is_dropped() -> None:
    queue = EventQueue(2)
    for name, priority in (("a", 5), ("b", 5), ("c", 1)):
        add(queue, name, priority)
    assert names(queue.take()[0]) == ["a", "b"]


def test_a_key_keeps_the_newest_and_its_place_is_the_newest_ones() -> None:
    queue = EventQueue(10)
    add(queue, "progress-1", key="n7")
    add(queue, "other")
    add(queue, "progress-2", key="n7")
    taken, dropped = queue.take()
    assert names(taken) == ["other", "progress-2"]
    assert dropped == 0, "superseded is not lost"


def test_a_key_is_free_again_after_take() -> None:
    queue = EventQueue(10)
    add(queue, "a", key="k")
    queue.take()
    add(queue, "b", key="k")
    assert names(queue.take()[0]) == ["b"]


def test_a_queue_without_room_for_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="max_queue_size"):
        EventQueue(0)


class Slow:
    """The same queue, as simple as it can be."""

    def __init__(self, max_size: int) -> None:
        self.max_size, self.dropped = max_size, 0
        self.waiting: list[tuple[str, int, str | None]] = []

    def add(self, name: str, priority: int, key: str | None) -> None:
        self.waiting = [it for it in self.waiting if key is None or it[2] != key]
        self.waiting.append((name, priority, key))
        if len(self.waiting) > self.max_size:
            self.waiting.remove(min(self.waiting, key=lambda it: it[1]))  # the first of the lowest
            self.dropped += 1

    def take(self) -> tuple[list[str], int]:
        taken, dropped = [name for name, _, _ in self.waiting], self.dropped
        self.waiting, self.dropped = [], 0
        return taken, dropped


PRIORITIES = st.sampled_from([0, 0, 0, 1, -1, 5])
ADDITIONS = st.tuples(PRIORITIES, st.sampled_from([None, None, "k", "l", "m"]))


@given(st.lists(ADDITIONS | st.none(), max_size=80), st.sampled_from([1, 2, 7]))
def test_it_does_what_a_simple_queue_does(steps: list[tuple[int, str | None] | None], max_size: int) -> None:
    """A step adds an event, or takes all that wait."""
    queue, model = EventQueue(max_size), Slow(max_size)
    for number, step in enumerate([*steps, None]):
        if step is None:
            taken, dropped = queue.take()
            assert (names(taken), dropped) == model.take()
        else:
            add(queue, str(number), *step)
            model.add(str(number), *step)
        assert (len(queue), queue.dropped) == (len(model.waiting), model.dropped)


def test_a_priority_that_was_alone_counts_when_a_second_one_comes() -> None:
    queue = EventQueue(3)
    for name, priority in (("high-1", 5), ("high-2", 5), ("low", 1), ("high-3", 5)):
        add(queue, name, priority)
    assert names(queue.take()[0]) == ["high-1", "high-2", "high-3"]


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
        add(queue, str(number), priority, key)
        superseded += before + 1 - len(queue) - (queue.dropped - dropped)
        assert len(queue) <= 7
    taken, lost = queue.take()
    assert names(taken) == sorted(names(taken), key=int)
    assert len(taken) + lost + superseded == len(entries)


def test_a_lossless_event_is_never_dropped_whatever_the_priorities() -> None:
    queue = EventQueue(3)
    add(queue, "low")
    queue.add(Event("lossless-1", None), lossless=True)
    queue.add(Event("lossless-2", None), priority=-9, lossless=True)
    add(queue, "high", priority=5)
    add(queue, "higher", priority=6)
    taken, dropped = queue.take(7)
    assert [(event.name, event.serial) for event in taken] == [("lossless-1", 7), ("lossless-2", 8), ("higher", None)]
    assert dropped == 2


def test_lossless_events_fill_a_queue_and_what_is_ordinary_gives_way() -> None:
    queue = EventQueue(2)
    add(queue, "a")
    for name in ("l1", "l2"):
        queue.add(Event(name, None), lossless=True)
    with pytest.raises(QueueFull):
        queue.add(Event("l3", None), lossless=True)
    add(queue, "b", priority=9)
    assert (len(queue), queue.dropped) == (2, 2)
    assert names(queue.take()[0]) == ["l1", "l2"]
    queue.add(Event("l3", None), lossless=True)
    assert names(queue.take()[0]) == ["l3"]


@given(st.lists(st.tuples(PRIORITIES, st.booleans()), max_size=60), st.sampled_from([1, 3, 7]))
def test_with_lossless_ones_between_the_ordinary_ones_are_dropped_as_ever(
    steps: list[tuple[int, bool]], max_size: int
) -> None:
    queue = EventQueue(max_size)
    waiting: list[tuple[str, int, bool]] = []
    for number, (priority, lossless) in enumerate(steps):
        if lossless and sum(it[2] for it in waiting) >= max_size:
            with pytest.raises(QueueFull):
                queue.add(Event(str(number), None), priority, lossless=True)
            continue
        queue.add(Event(str(number), None), priority, lossless=lossless)
        waiting.append((str(number), priority, lossless))
        if len(waiting) > max_size:
            waiting.remove(min((it for it in waiting if not it[2]), key=lambda it: it[1]))
    assert names(queue.take()[0]) == [name for name, _, _ in waiting]


def test_it_has_room_until_it_is_full_and_for_what_replaces_another() -> None:
    queue = EventQueue(2)
    assert queue.has_room()
    add(queue, "a", key="k")
    add(queue, "b")
    assert not queue.has_room()
    assert not queue.has_room("l")
    assert queue.has_room("k")
