"""What an application may expect of lossless events, by its own account."""

from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.wire.messages import Heard
from tests.simulation.truth import Truth


class Listener:
    """Counts the lossless events that one viewer of a channel was given, or told to be lost.

    Attributes:
        heard: All up to there it was given or told of; None before the viewer was let in for the first time.
    """

    def __init__(self, channel: str, truth: Truth) -> None:
        self.heard: Heard | None = None
        self._channel, self._truth = channel, truth
        self._ended = False  # the channel, with this epoch; it may go on where its log ended
        self._gone: set[str] = set()  # epochs of which nothing more will come

    def begin(self, heard: Heard | None) -> None:
        """Whoever comes anew begins with what is to come."""
        if self.heard is None:
            self.heard = heard

    def receive(self, number: int) -> None:
        """The application was given event `number`."""
        epoch, serial = self._truth.place_of(self._channel, number)
        expected = self._enter(epoch, serial - 1) + 1
        assert serial == expected, f"{self._channel}: lossless event {serial} of {epoch} came instead of {expected}"
        self.heard = Heard(epoch, serial)

    def lose(self, lost: EventsLost, *, has_to_be: bool) -> None:
        """The application was told that events are lost."""
        assert self.heard is not None, f"{self._channel}: {lost} before anything was promised"
        expected = self._enter(lost.epoch, 0) + 1
        assert lost.first == expected, f"{self._channel}: {lost} instead of {expected}"
        if lost.last is None:
            self._gone.add(lost.epoch)
            return
        assert has_to_be, f"{self._channel}: {lost}, and nothing had to be"
        assert lost.first <= lost.last, f"{self._channel}: {lost} is none"
        self.heard = Heard(lost.epoch, lost.last)

    def end(self) -> None:
        """The application was told that the channel ended."""
        self._ended = True

    def check(self, epoch: str, serial: int) -> None:
        """The application is shown a document of which `serial` lossless events went before, as live."""
        heard = self._enter(epoch, serial)
        assert heard == serial, f"{self._channel}: lossless event {serial} of {epoch} went before, {heard} was heard"

    def _enter(self, epoch: str, beginning: int) -> int:
        """Return the number of the last one heard of an epoch, from which something came."""
        assert epoch not in self._gone, f"{self._channel}: {epoch} goes on, and was said to be over"
        if self.heard is None:
            self.heard = Heard(epoch, beginning)
        elif self.heard.epoch != epoch:
            said = self._ended or self.heard.epoch in self._gone
            assert said, f"{self._channel}: {epoch} begins, and nobody said that {self.heard.epoch} is over"
            self._gone.add(self.heard.epoch)
            self.heard = Heard(epoch, 0)
        self._ended = False
        return self.heard.serial
