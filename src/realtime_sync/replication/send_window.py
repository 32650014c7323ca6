"""Which readers of a channel keep up with what is sent to them."""

from collections import deque
from collections.abc import Callable, Mapping

import attrs

from realtime_sync.limits import ReaderLimits
from realtime_sync.position import Position
from realtime_sync.replication.acknowledgements import ACK_BYTES


@attrs.frozen
class CatchUpSent:
    """What brought a reader to where it joined.

    Attributes:
        asked_from: The position that it had named; None: it held none.
        size_bytes: How much was sent.
        at_s: When, in the caller's seconds.
        ahead_bytes: How much was under way to it then on its other channels.
    """

    asked_from: Position | None
    size_bytes: int
    at_s: float
    ahead_bytes: int = 0


@attrs.define(eq=False)
class _Reader:
    stream: str
    acked_offset: int
    acked_bytes: int  # of what its stream had carried by then, at least
    catch_up: CatchUpSent | None  # until it acknowledges anything that came with it or later
    acked_at_s: float = float("-inf")


@attrs.frozen
class Parked:
    """A reader that is out of the live room.

    Attributes:
        offset: The last one that was sent to it: when it acknowledges that, it can come back.
        stream_bytes: What its stream had carried by then.
        since: When it was parked, in the caller's seconds.
        ahead_bytes: How much was under way to it then on its other channels.
    """

    offset: int
    stream_bytes: int
    since: float
    ahead_bytes: int


class _Sent:
    """How many bytes one stream has carried, in all and by recent offsets."""

    def __init__(self, max_marks: int) -> None:
        self.total = 0
        self.offset = 0  # the last one that it carried
        self._marks: deque[tuple[int, int]] = deque(maxlen=max_marks)  # (offset, bytes sent when it had been sent)

    def add(self, offset: int, size_bytes: int) -> None:
        self.total += size_bytes
        self.offset = offset
        self._marks.append((offset, self.total))

    def by(self, offset: int) -> int | None:
        """Return what had been sent when `offset` had; None: it is too old, or went before."""
        marks = self._marks.copy()  # in one step: on another thread the next frame may be added
        return next((total for marked, total in reversed(marks) if marked <= offset), None)


def _nothing(sid: str) -> int:
    return 0


class SendWindow:
    """What each reader of one channel has not acknowledged; no I/O, no clock.

    A reader costs a few numbers, whatever is sent: offsets grow by 1 a frame, so what lies between the offset that it
    acknowledged and the last that was sent to it is what is under way to it. Past `ReaderLimits` it is *parked*:
    nothing more is sent to it until it has read what is under way; then one catch-up brings it back.

    All measures stretch with what is under way. A document of 5 MB takes a slow link minutes, in which live frames
    queue up behind it: until the reader acknowledges it, its window is wider in proportion. And who is parked has a
    minute for each `max_unacked_bytes` under way to it, from its last acknowledgement on; what was under way on its
    other channels comes first, and counts as well. So a link is too slow when it carries less than `max_unacked_bytes`
    in `let_go_after_s`, never because a document is large.

    All readers of one *stream* are sent the same bytes. Readers may join, leave and acknowledge from any thread; the
    other calls must not overlap.

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

    def join(self, sid: str, stream: str, offset: int, catch_up: CatchUpSent | None = None) -> None:
        """Begin with a reader that was brought to `offset`, anew or again."""
        self._offset = max(self._offset, offset)
        self._readers[sid] = _Reader(stream, offset, self._of(stream).total, catch_up)
        self._parked.pop(sid, None)

    def leave(self, sid: str) -> None:
        """Forget a reader."""
        self._readers.pop(sid, None)
        self._parked.pop(sid, None)

    def sent(self, offset: int, sizes: Mapping[str, int]) -> None:
        """A frame goes to all readers that are not parked; `sizes` are its bytes by stream.

        Said before it is on its way: an acknowledgement may be back before the last reader's copy has left.
        """
        self._offset = offset
        for stream, size_bytes in sizes.items():
            self._of(stream).add(offset, size_bytes)

    def park_slow(self, now: float, ahead_bytes: Callable[[str], int] = _nothing) -> list[str]:
        """Park the readers past the limits; return who they are.

        Args:
            now: Seconds.
            ahead_bytes: Returns how much is under way to a reader on its other channels.
        """
        return [
            sid
            for sid, reader in list(self._readers.items())
            if sid not in self._parked and self._is_slow(reader) and self._park(sid, reader, now, ahead_bytes(sid))
        ]

    def _park(self, sid: str, reader: _Reader, now: float, ahead_bytes: int) -> bool:
        sent = self._of(reader.stream)
        self._parked[sid] = Parked(sent.offset, sent.total, now, ahead_bytes)
        # On another thread it may have acknowledged or left in this moment, and found itself not parked yet: nothing
        # would ever bring it back, or take it out.
        if reader.acked_offset < sent.offset and self._readers.get(sid) is reader:
            return True
        self._parked.pop(sid, None)
        return False

    def acknowledge(self, sid: str, offset: int, now: float) -> bool:
        """A reader holds the document at `offset`; return whether it was parked, and can come back."""
        reader = self._readers.get(sid)
        if reader is None or not reader.acked_offset <= offset <= self._offset:
            return False  # nothing that it could have read from us, or older than what it said before
        if reader.catch_up is not None or offset > reader.acked_offset:
            reader.acked_at_s = now
        reader.catch_up = None
        read_bytes = self._of(reader.stream).by(offset)
        if read_bytes is not None:  # else: rather too much counts as under way to it than too little
            reader.acked_bytes = read_bytes
        reader.acked_offset = offset
        return self.comes_back_at(sid) is not None

    def comes_back_at(self, sid: str) -> int | None:
        """Return where a parked reader stands that has read what was under way to it; None: it has not, or it left."""
        reader, parked = self._readers.get(sid), self._parked.get(sid)
        if reader is None or parked is None or reader.acked_offset < parked.offset:
            return None
        return reader.acked_offset

    def under_way_bytes(self, sid: str) -> int:
        """Return how much a reader was sent, its catch-up included, and has not acknowledged. From any thread."""
        reader, parked = self._readers.get(sid), self._parked.get(sid)
        if reader is None:
            return 0
        sent_bytes = self._of(reader.stream).total if parked is None else parked.stream_bytes
        return max(0, sent_bytes - reader.acked_bytes) + _size_bytes(reader.catch_up)

    def is_on_its_way(self, sid: str, stream: str, asked_from: Position | None, now: float) -> bool:
        """Whether a reader that asks again from the same position has not had the time to read the answer.

        So it is with large ones, and small ones behind them: others cost little to say again. Only what has a frame is
        acknowledged.
        """
        reader = self._readers.get(sid)
        catch_up = None if reader is None or reader.stream != stream else reader.catch_up
        if catch_up is None or catch_up.asked_from != asked_from or catch_up.size_bytes == 0:
            return False
        under_way = catch_up.size_bytes + catch_up.ahead_bytes
        return under_way >= ACK_BYTES and now - catch_up.at_s < self._seconds_for(under_way)

    def overdue(self, now: float) -> list[str]:
        """Return the readers that are parked, and have not moved on for too long."""
        return [sid for sid, parked in list(self._parked.items()) if self._is_overdue(sid, parked, now)]

    def _is_overdue(self, sid: str, parked: Parked, now: float) -> bool:
        reader = self._readers.get(sid)
        if reader is None:
            return False  # it left just now
        under_way = parked.ahead_bytes + self.under_way_bytes(sid)
        patience_s = max(self._limits.let_go_after_s, self._seconds_for(under_way))
        return now - max(parked.since, reader.acked_at_s) > patience_s

    def _seconds_for(self, size_bytes: int) -> float:
        return self._limits.let_go_after_s * size_bytes / self._limits.max_unacked_bytes

    def _is_slow(self, reader: _Reader) -> bool:
        sent = self._of(reader.stream)
        frames, size_bytes = sent.offset - reader.acked_offset, sent.total - reader.acked_bytes
        limits, wider = self._limits, 1 + _size_bytes(reader.catch_up) / self._limits.max_unacked_bytes
        # One frame is always let through: it may be larger than the limit, and there is nothing to wait for.
        return frames > 1 and (
            frames > limits.max_unacked_frames * wider or size_bytes > limits.max_unacked_bytes * wider
        )

    def _of(self, stream: str) -> _Sent:
        sent = self._sent.get(stream)
        if sent is None:
            sent = self._sent[stream] = _Sent(self._limits.max_unacked_frames + 1)
        return sent


def _size_bytes(catch_up: CatchUpSent | None) -> int:
    return 0 if catch_up is None else catch_up.size_bytes
