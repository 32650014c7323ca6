"""Events that wait for the next frame, in a bounded queue."""

import itertools
from collections.abc import Iterable

from realtime_sync.errors import QueueFull
from realtime_sync.wire.frames import Event


class EventQueue:
    """Events in the order of `add`, at most `max_size` of them.

    On overflow the lowest priority loses its oldest event, counted in `dropped`; lossless events are never dropped.
    Every operation is O(1) in the number of queued events, because overflow is when there is no time; and as long as
    all that wait have one priority, as mostly, nothing is written down about it.

    Attributes:
        dropped: Events lost to overflow since the last `take`.
    """

    def __init__(self, max_size: int) -> None:
        if max_size <= 0:
            raise ValueError(f"max_queue_size must be positive, not {max_size}")
        self._max_size = max_size
        self._next = 0
        self._events: dict[int, Event] = {}
        self._lossless: set[int] = set()
        self._by_key: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._priority = 0  # of all of them, until there is a second one
        self._ranks: _Ranks | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def max_size(self) -> int:
        """How many may wait."""
        return self._max_size

    def has_room(self, key: str | None = None) -> bool:
        """Whether an event could be added without losing one."""
        return len(self._events) < self._max_size or key in self._by_key

    def add(self, event: Event, priority: int = 0, key: str | None = None, *, lossless: bool = False) -> None:
        """Append an event; drop the least important one when there is no room.

        Args:
            event: What will be sent.
            priority: Events of a higher one survive longer when the queue overflows; the order never changes.
            key: A later event of the same key replaces this one; None for never.
            lossless: It is never dropped, and gets a serial when it is taken.

        Raises:
            QueueFull: It is lossless, and so are all that wait.
        """
        if lossless and len(self._lossless) >= self._max_size:
            raise QueueFull(self._max_size)
        number = self._next
        self._next = number + 1
        if key is not None:
            self._supersede(key, number)
        if lossless:
            assert key is None, "what replaces another loses it"
            self._set_apart(number)
        elif priority != self._priority or self._ranks is not None:
            self._rank(number, priority)
        self._events[number] = event
        if len(self._events) > self._max_size:
            self._remove(next(iter(self._events)) if self._ranks is None else self._ranks.least_important())
            self.dropped += 1

    def take(self, first_serial: int = 1) -> tuple[list[Event], int]:
        """Remove and return all events, oldest first, and how many were dropped before them.

        Args:
            first_serial: The number that the first lossless one gets.
        """
        taken = self._numbered(first_serial) if self._lossless else list(self._events.values())
        dropped = self.dropped
        self._events.clear()
        self._lossless.clear()
        self._by_key.clear()
        self._keys.clear()
        self._ranks = None
        self.dropped = 0
        return taken, dropped

    def _supersede(self, key: str, number: int) -> None:
        superseded = self._by_key.get(key)
        if superseded is not None:
            self._remove(superseded)
        self._by_key[key] = number
        self._keys[number] = key

    def _numbered(self, first_serial: int) -> list[Event]:
        serials = itertools.count(first_serial)
        return [
            Event(event.name, event.data, next(serials)) if number in self._lossless else event
            for number, event in self._events.items()
        ]

    def _set_apart(self, number: int) -> None:
        """Let it have no rank: whoever looks for what can be dropped does not find it."""
        self._lossless.add(number)
        if self._ranks is None:
            self._ranks = _Ranks(self._events, self._priority)

    def _rank(self, number: int, priority: int) -> None:
        if not self._events:
            self._priority, self._ranks = priority, None
            return
        if self._ranks is None:
            self._ranks = _Ranks(self._events, self._priority)
        self._ranks.add(number, priority)

    def _remove(self, number: int) -> None:
        del self._events[number]
        key = self._keys.pop(number, None)
        if key is not None:
            del self._by_key[key]
        if self._ranks is not None:
            self._ranks.remove(number)


class _Ranks:
    """Which of the events that wait are the least important."""

    def __init__(self, numbers: Iterable[int], priority: int) -> None:
        self._priorities = dict.fromkeys(numbers, priority)
        in_order: dict[int, None] = dict.fromkeys(self._priorities)
        self._by_priority = {priority: in_order} if in_order else {}

    def add(self, number: int, priority: int) -> None:
        self._priorities[number] = priority
        self._by_priority.setdefault(priority, {})[number] = None

    def remove(self, number: int) -> None:
        priority = self._priorities.pop(number)
        peers = self._by_priority[priority]
        del peers[number]
        if not peers:
            del self._by_priority[priority]

    def least_important(self) -> int:
        """Return the number of the oldest event of the lowest priority."""
        return next(iter(self._by_priority[min(self._by_priority)]))
