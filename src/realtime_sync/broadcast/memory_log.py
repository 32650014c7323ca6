"""A log that lives and dies with the process."""

import threading

import attrs

from realtime_sync.errors import LogRefused
from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Keyframe


@attrs.define
class _Life:
    keyframe: Keyframe
    deltas: list[Delta]

    @property
    def end(self) -> Position:
        return self.deltas[-1].position if self.deltas else self.keyframe.position


class MemoryLog:
    """A `ChannelLog` in memory, for one process; legal from any thread.

    It keeps each channel's newest saved keyframe and the deltas after it. Documents are shared with the channel, not
    copied.
    """

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Take a new lock: in a forked process nobody may be there to release the old one."""
        self._lock = threading.Lock()

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        with self._lock:
            life = self._lives.get(channel)
            if isinstance(frame, Keyframe):
                self._begin(channel, life, frame)
            elif life is None:
                raise LogRefused(f"channel {channel!r}: a delta from {frame.base}, but the log is empty")
            elif frame.base == life.end:
                life.deltas.append(frame)
            elif not life.deltas or life.deltas[-1] != frame:
                raise LogRefused(f"channel {channel!r}: a delta from {frame.base}, but the log ends at {life.end}")

    def _begin(self, channel: str, life: _Life | None, keyframe: Keyframe) -> None:
        if life is not None and life.end.epoch == keyframe.position.epoch and life.keyframe != keyframe:
            raise LogRefused(f"channel {channel!r}: epoch {life.end.epoch} has begun already")
        self._lives[channel] = _Life(keyframe, [])

    def read_after(self, channel: str, position: Position) -> list[Delta] | None:
        with self._lock:
            life = self._lives.get(channel)
            if life is None:
                return None
            if position == life.keyframe.position:
                return list(life.deltas)
            for index, delta in enumerate(life.deltas):
                if delta.position == position:
                    return life.deltas[index + 1 :]
            return None

    def save_keyframe(self, channel: str, keyframe: Keyframe) -> None:
        with self._lock:
            life = self._lives.get(channel)
            if life is None or life.end.epoch != keyframe.position.epoch:
                return
            later = [delta for delta in life.deltas if delta.base.offset >= keyframe.position.offset]
            self._lives[channel] = _Life(keyframe, later)

    def load_keyframe(self, channel: str) -> Keyframe | None:
        with self._lock:
            life = self._lives.get(channel)
            return None if life is None else life.keyframe

    def delete(self, channel: str) -> None:
        with self._lock:
            self._lives.pop(channel, None)
