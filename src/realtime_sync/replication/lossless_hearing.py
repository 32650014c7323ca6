"""Which lossless events an application has got: each once, and by number those that are lost."""

from collections.abc import Iterable

import attrs

from realtime_sync.wire.frames import Event
from realtime_sync.wire.messages import Heard


@attrs.frozen
class EventsLost:
    """Lossless events that will never come.

    Attributes:
        epoch: The life of the channel's log that numbered them.
        first: Number of the first of them.
        last: Number of the last; None: the epoch ended, and nobody knows how many there were, if any.
    """

    epoch: str
    first: int
    last: int | None


class Hearing:
    """Takes the lossless events of all frames, in any order and any number of times; lets each through once.

    Attributes:
        heard: What the application has got, or was told to be lost; None before the first word of the server, and then
            whatever comes first is the beginning.
    """

    def __init__(self) -> None:
        self.heard: Heard | None = None
        self._is_over = False  # the epoch ended, and the server said with which number

    def hear(
        self, epoch: str, events: Iterable[Event], serial: int = 0
    ) -> tuple[tuple[Event, ...], tuple[EventsLost, ...]]:
        """Return which of a frame's events are for the application, and which lossless ones are lost.

        Args:
            epoch: The frame's.
            events: Those that it carries, in order; ordinary ones pass.
            serial: Of the last lossless event up to the frame; 0 when it does not say.
        """
        fresh: list[Event] = []
        lost = self._enter(epoch)
        heard = None if self.heard is None else self.heard.serial
        for event in events:
            if event.serial is not None:
                if heard is not None and event.serial <= heard:
                    continue
                if heard is not None and event.serial > heard + 1:
                    lost.append(EventsLost(epoch, heard + 1, event.serial - 1))
                heard = event.serial
            fresh.append(event)
        if heard is not None and serial > heard:
            lost.append(EventsLost(epoch, heard + 1, serial))
        self.heard = Heard(epoch, max(heard or 0, serial))
        return tuple(fresh), tuple(lost)

    def wait(self, epoch: str, serial: int) -> tuple[EventsLost, ...]:
        """There is no document yet, and `serial` lossless events went before: those are not for who comes just now.

        Who was here before gets them with the first frame.
        """
        lost = self._enter(epoch)
        if self.heard is None:
            self.heard = Heard(epoch, serial)
        return tuple(lost)

    def end(self, epoch: str, serial: int) -> tuple[EventsLost, ...]:
        """The epoch ended with the lossless event `serial`: return those that will not come any more."""
        _, lost = self.hear(epoch, (), serial)
        self._is_over = True
        return lost

    def _enter(self, epoch: str) -> list[EventsLost]:
        if self.heard is None or self.heard.epoch == epoch:
            self._is_over = False
            return []
        lost = [] if self._is_over else [EventsLost(self.heard.epoch, self.heard.serial + 1, None)]
        self.heard, self._is_over = Heard(epoch, 0), False
        return lost
