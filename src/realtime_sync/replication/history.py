"""Recent deltas of one channel, for subscribers that missed some."""

from collections import deque
from collections.abc import Iterable, Iterator

import attrs
import orjson

from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Event


def count_ordinary(events: Iterable[Event]) -> int:
    """Return how many of `events` may be lost."""
    return sum(event.serial is None for event in events)


def _without_oldest(events: Iterable[Event], ordinary: int) -> Iterator[Event]:
    """Yield all but the first so many that may be lost."""
    for event in events:
        if event.serial is None and ordinary:
            ordinary -= 1
        else:
            yield event


@attrs.frozen
class _Kept:
    delta: Delta
    size_bytes: int
    at_s: float


class History:
    """The unbroken run of deltas that ends at the channel's position, bounded by `HistoryLimits`."""

    def __init__(self, limits: HistoryLimits) -> None:
        self._limits = limits
        self._kept: deque[_Kept] = deque()
        self._size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """Size of the kept patches and events as compact JSON."""
        return self._size_bytes

    def append(self, delta: Delta, now: float) -> None:
        """Keep `delta`, whose base is where the last one ended."""
        assert not self._kept or self._kept[-1].delta.position == delta.base, "a gap in the history"
        size = len(orjson.dumps([delta.patch, [[event.name, event.data] for event in delta.events]]))
        self._kept.append(_Kept(delta, size, now))
        self._size_bytes += size
        self._forget_old(now)

    def since(self, position: Position, now: float) -> list[Delta] | None:
        """Return the deltas after `position`, oldest first; None when it is too old, unknown or of another epoch."""
        self._forget_old(now)
        if not self._kept or self._kept[0].delta.base.epoch != position.epoch:
            return None
        first = self._kept[0].delta
        if not first.base.offset <= position.offset <= self._kept[-1].delta.position.offset:
            return None
        # Offsets grow by exactly 1 a delta, so the place of a position is known without a search.
        skipped = position.offset - first.base.offset
        return [self._kept[index].delta for index in range(skipped, len(self._kept))]

    def events_of(self, deltas: list[Delta]) -> tuple[tuple[Event, ...], int]:
        """Return the newest events of `deltas` that one catch-up may replay, and how many it leaves out.

        Lossless ones are all replayed, and not counted.
        """
        events = [event for delta in deltas for event in delta.events]
        too_many = max(0, count_ordinary(events) - self._limits.max_catchup_events)
        left_out = too_many + sum(delta.dropped for delta in deltas)
        return tuple(_without_oldest(events, too_many)), left_out

    def _forget_old(self, now: float) -> None:
        limits = self._limits
        while self._kept and (
            len(self._kept) > limits.max_frames
            or self._size_bytes > limits.max_bytes
            or now - self._kept[0].at_s > limits.max_age_s
        ):
            self._size_bytes -= self._kept.popleft().size_bytes
