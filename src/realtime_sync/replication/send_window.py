"""Which readers of a channel keep up with what is sent to them."""

from collections import deque
from collections.abc import Mapping

import attrs

from realtime_sync.limits import ReaderLimits


@attrs.define(eq=False)
class _Reader:
    stream: str
    acked_offset: int
    acked_bytes: int  # of what its stream had carried by then


@attrs.frozen
class Parked:
    """A reader that is out of the live room.

    Attributes:
        offset: The last one that was sent to it: when it acknowledges that, it can come back.
        since: When it was parked, in the caller's seconds.
    """

    offset: int
    since: float


class _Sent:
    """How many bytes one stream has carried, in all and by recent offsets."""

    def __init__(self, max_marks: int) -> None:
        self.total = 0
        self._marks: deque[tuple[int, int]] = deque(maxlen=max_marks)  # (offset, bytes sent when it had been sent)

    def add(self, offset: int, size_bytes: int) -> None:
        self.total += size_bytes
        self._marks.append((offset, self.total))

    def by(self, offset: int) -> int:
        """Return what had been sent when `offset` had; of one that is too old, the oldest that is known."""
        for marked, total in reversed(self._marks):
            if marked <= offset:
                return total
        return self._marks[0][1] if self._marks else self.total


class SendWindow:
    """What each reader of one channel has not acknowledged; no I/O, no clock.

    A reader costs a few numbers, whatever is sent: offsets grow by 1 a frame, so what lies between the offset that it
    acknowledged and the channel's is what is under way to it. Past `ReaderLimits` it is *parked*: nothing more is sent
    to it until it has read what is under way; then one catch-up brings it back.

    All readers of one *stream* are sent the same bytes. Readers may join and leave from any thread.

    Args:
        limits: How much may be under way.
    """

    def __init__(self, limits: ReaderLimits) -> None:
        self._limits = limits
        self._readers: dict[str, _Reader] = {}
        self._parked: dict[str, Parked] = {}
        self._sent: dict[str, _Sent] = {}
        self._offset = 0

    @property
    def parked(self) -> Mapping[str, Parked]:
        """The readers that get nothing until they come back."""
        return self._parked

    def join(self, sid: str, stream: str, offset: int) -> None:
        """Begin with a reader that was brought to `offset`, anew or again."""
        self._parked.pop(sid, None)
        self._readers[sid] = _Reader(stream, offset, self._of(stream).total)

    def leave(self, sid: str) -> None:
        """Forget a reader."""
        self._parked.pop(sid, None)
        self._readers.pop(sid, None)

    def sent(self, offset: int, sizes: Mapping[str, int]) -> None:
        """A frame went to all readers that are not parked; `sizes` are its bytes by stream."""
        self._offset = offset
        for stream, size_bytes in sizes.items():
            self._of(stream).add(offset, size_bytes)

    def park_slow(self, now: float) -> list[str]:
        """Park the readers past the limits; return who they are."""
        slow = [sid for sid, reader in list(self._readers.items()) if sid not in self._parked and self._is_slow(reader)]
        for sid in slow:
            self._parked[sid] = Parked(self._offset, now)
        return slow

    def acknowledge(self, sid: str, offset: int) -> bool:
        """A reader holds the document at `offset`; return whether it was parked, and can come back."""
        reader = self._readers.get(sid)
        if reader is None or not reader.acked_offset <= offset <= self._offset:
            return False  # nothing that it could have read from us, or older than what it said before
        reader.acked_offset, reader.acked_bytes = offset, self._of(reader.stream).by(offset)
        parked = self._parked.get(sid)
        return parked is not None and offset >= parked.offset

    def overdue(self, now: float) -> list[str]:
        """Return the readers that were parked for too long."""
        return [sid for sid, parked in list(self._parked.items()) if now - parked.since > self._limits.let_go_after_s]

    def _is_slow(self, reader: _Reader) -> bool:
        frames = self._offset - reader.acked_offset
        size_bytes = self._of(reader.stream).total - reader.acked_bytes
        # One frame is always let through: it may be larger than the limit, and there is nothing to wait for.
        return frames > 1 and (frames > self._limits.max_unacked_frames or size_bytes > self._limits.max_unacked_bytes)

    def _of(self, stream: str) -> _Sent:
        sent = self._sent.get(stream)
        if sent is None:
            sent = self._sent[stream] = _Sent(self._limits.max_unacked_frames + 1)
        return sent
