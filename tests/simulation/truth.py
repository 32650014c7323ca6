"""What the application said, kept apart from everything that is simulated."""

from collections import defaultdict
from typing import Any

import attrs
import orjson

from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Event, Keyframe


def number_of(event: Event) -> int:
    """Return which of an author's events it is."""
    assert isinstance(event.data, dict), "the author emits objects"
    number = event.data["number"]
    assert isinstance(number, int), "the author counts"
    return number


def canonical(document: Any) -> bytes:
    """Return a document as bytes, equal for equal ones: the workload never says 1.0 where it said 1."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


@attrs.frozen
class Moment:
    """A channel at one position.

    Attributes:
        document: The document there, canonical.
        captures: How many captures of the application went before.
        life: Epochs of the channel that went before.
        serial: Lossless events of its epoch up to there.
    """

    document: bytes
    captures: int
    life: int
    serial: int


class Truth:
    """The true document at every position that a channel ever had, over all its lives, and its lossless events."""

    def __init__(self) -> None:
        self._moments: dict[tuple[str, Position], Moment] = {}
        self._epochs: dict[str, list[str]] = defaultdict(list)
        self._numbers: dict[tuple[str, str, int], int] = {}  # of lossless events, by channel, epoch and serial
        self._places: dict[tuple[str, int], tuple[str, int]] = {}  # their epochs and serials, by channel and number

    def record(self, channel: str, frame: Keyframe | Delta, document: Any, captures: int) -> None:
        """A frame was cut when the application's document was this one."""
        position = frame.position
        epochs = self._epochs[channel]
        if position.epoch not in epochs:
            epochs.append(position.epoch)
        self.record_events(channel, position.epoch, frame.events)
        before = frame.serial if isinstance(frame, Keyframe) else self.at(channel, frame.base).serial
        serial = max((event.serial for event in frame.events if event.serial is not None), default=before)
        # A frame that never reached the log may be cut again, with another content, by the next life of the server.
        self._moments[channel, position] = Moment(canonical(document), captures, epochs.index(position.epoch), serial)

    def record_events(self, channel: str, epoch: str, events: tuple[Event, ...]) -> None:
        """Events were cut into a frame, or went to plain clients alone."""
        for event in events:
            if event.serial is not None:
                number = number_of(event)
                self._numbers[channel, epoch, event.serial] = number
                self._places[channel, number] = (epoch, event.serial)

    def place_of(self, channel: str, number: int) -> tuple[str, int]:
        """Return the epoch and the serial of a lossless event that a log may have."""
        epoch, serial = self._places[channel, number]
        assert self._numbers[channel, epoch, serial] == number, f"{channel}: event {number} is not in the log"
        return epoch, serial

    def at(self, channel: str, position: Position) -> Moment:
        """Return what was at a position."""
        moment = self._moments.get((channel, position))
        assert moment is not None, f"{channel}: no frame was ever cut for {position}"
        return moment

    def epochs(self, channel: str) -> list[str]:
        """Return the epochs of a channel, oldest first."""
        return self._epochs[channel]
