"""Events that wait for the next frame, in a bounded queue."""

import attrs

from realtime_sync.wire.frames import Event


@attrs.frozen
class QueuedEvent:
    """An event with what decides its fate while it waits.

    Attributes:
        event: What will be sent.
        priority: Events of a higher one survive longer when the queue overflows; the order never changes.
        key: A later event of the same key replaces this one; None for never.
    """

    event: Event
    priority: int = 0
    key: str | None = None


class EventQueue:
    """Events in the order of `add`, at most `max_size` of them.

    On overflow the lowest priority loses its oldest event, counted in `dropped`. Every operation is O(1) in the number
    of queued events, because overflow is when there is no time.

    Attributes:
        dropped: Events lost to overflow since the last `take`.
    """

    def __init__(self, max_size: int) -> None:
        if max_size <= 0:
            raise ValueError(f"max_queue_size must be positive, not {max_size}")
        self._max_size = max_size
        self._next = 0
        self._events: dict[int, QueuedEvent] = {}
        self._by_priority: dict[int, dict[int, None]] = {}  # inner: an ordered set of numbers
        self._by_key: dict[str, int] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, queued: QueuedEvent) -> None:
        """Append an event; drop the least important one when there is no room."""
        if queued.key is not None:
            superseded = self._by_key.get(queued.key)
            if superseded is not None:
                self._remove(superseded)
            self._by_key[queued.key] = self._next
        self._events[self._next] = queued
        self._by_priority.setdefault(queued.priority, {})[self._next] = None
        self._next += 1
        if len(self._events) > self._max_size:
            self._remove(next(iter(self._by_priority[min(self._by_priority)])))
            self.dropped += 1

    def take(self) -> tuple[list[QueuedEvent], int]:
        """Remove and return all events, oldest first, and how many were dropped before them."""
        taken, dropped = list(self._events.values()), self.dropped
        self._events.clear()
        self._by_priority.clear()
        self._by_key.clear()
        self.dropped = 0
        return taken, dropped

    def _remove(self, number: int) -> None:
        queued = self._events.pop(number)
        peers = self._by_priority[queued.priority]
        del peers[number]
        if not peers:
            del self._by_priority[queued.priority]
        if queued.key is not None:
            del self._by_key[queued.key]
