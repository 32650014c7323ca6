"""How many events came after a position, kept far longer than the events themselves."""

from array import array
from bisect import bisect_right

MOST_COUNTED = 8_192
"""Frames with events that are counted one by one: 16 bytes each, so that a channel's take 128 KiB at most."""


class EventCounts:
    """How many events each frame of one epoch carried, or said it dropped."""

    def __init__(self) -> None:
        self._offsets = array("q")  # of the frames that carried any, in order
        self._totals = array("q")  # of all events up to and with that frame
        self._before = 0  # of all events before the first of these frames
        self._total = 0

    def append(self, offset: int, events: int) -> None:
        """Count the events of the frame at `offset`, which is newer than all before."""
        if events == 0:
            return
        self._total += events
        self._offsets.append(offset)
        self._totals.append(self._total)
        if len(self._offsets) > MOST_COUNTED:
            self._forget(MOST_COUNTED // 2)  # a half at a time, because each time costs what is kept

    def since(self, offset: int) -> int:
        """Return how many events came after `offset`: all that are known, when it is older than what is counted."""
        first = bisect_right(self._offsets, offset)
        return self._total - (self._totals[first - 1] if first else self._before)

    def _forget(self, frames: int) -> None:
        self._before = self._totals[frames - 1]
        del self._offsets[:frames], self._totals[:frames]
