"""Lossless events of one channel, kept apart from its frames."""

from collections import deque
from collections.abc import Iterable

import attrs
import orjson

from realtime_sync.limits import HistoryLimits
from realtime_sync.wire.frames import Event


@attrs.frozen
class _Kept:
    event: Event
    serial: int
    offset: int  # of the frame that carried it
    size_bytes: int
    at_s: float


class LosslessLane:
    """The newest lossless events of one epoch, which numbers them 1, 2, 3, ... without a gap.

    Why the numbers are dense: a reader at 3 that is given 6 knows by itself that it has lost 4 and 5, whatever became
    of them, and can say so.

    Args:
        limits: How many are kept, and how long.

    Attributes:
        serial: Of the last one; 0 before the first.
    """

    def __init__(self, limits: HistoryLimits) -> None:
        self._limits = limits
        self._kept: deque[_Kept] = deque()
        self._size_bytes = 0
        self.serial = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def events(self) -> tuple[Event, ...]:
        """All that are kept, oldest first."""
        return tuple(kept.event for kept in self._kept)

    def extend(self, events: Iterable[Event], offset: int, now: float) -> None:
        """Keep the lossless ones of the `events` that the frame at `offset` carried."""
        for event in events:
            if event.serial is not None:
                self._append(event, event.serial, offset, now)
        self._forget_old(now)

    def recover(self, events: Iterable[Event], serial: int, offset: int, now: float) -> None:
        """Go on after what a log kept.

        Args:
            events: The lossless ones that it has, and others; oldest first.
            serial: Of the last one that the log's keyframe knows of, be it forgotten.
            offset: Where the log ends.
            now: From which they are kept anew: nobody knows how long the channel was away.
        """
        self.extend(events, offset, now)
        self.serial = max(self.serial, serial)

    def since(self, serial: int, now: float) -> tuple[Event, ...]:
        """Return those after number `serial` that are kept, oldest first."""
        self._forget_old(now)
        wanted = min(self.serial - serial, len(self._kept))
        return tuple(self._kept[index].event for index in range(len(self._kept) - max(wanted, 0), len(self._kept)))

    def serial_at(self, offset: int) -> int:
        """Return the number of the last one up to `offset`: at most the one before all that are kept."""
        for kept in reversed(self._kept):
            if kept.offset <= offset:
                return kept.serial
        return self._kept[0].serial - 1 if self._kept else self.serial

    def _append(self, event: Event, serial: int, offset: int, now: float) -> None:
        assert self.serial in (0, serial - 1), "a gap in the lossless lane"
        size = len(orjson.dumps([event.name, event.data]))
        self._kept.append(_Kept(event, serial, offset, size, now))
        self._size_bytes += size
        self.serial = serial

    def _forget_old(self, now: float) -> None:
        limits = self._limits
        while self._kept and (
            len(self._kept) > limits.max_lossless_events
            or self._size_bytes > limits.max_lossless_bytes
            or now - self._kept[0].at_s > limits.max_lossless_age_s
        ):
            self._size_bytes -= self._kept.popleft().size_bytes
