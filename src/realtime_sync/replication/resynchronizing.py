"""Why a document is not the newest one, from the first cause until it is again."""

import enum

import attrs

from realtime_sync.position import Position


class ResyncReason(enum.Enum):
    """Why a document had to be brought up to date by other means than the next delta: the first cause counts."""

    RECONNECT = "reconnect"
    """The connection was lost, and is back."""

    GAP = "gap"
    """A frame is missing."""

    EPOCH = "epoch"
    """A frame came of another life of the channel."""

    GARBAGE = "garbage"
    """Something came that is no frame."""

    DICTIONARY = "dictionary"
    """A frame came that needs a dictionary which is not held."""

    PATCH = "patch"
    """A patch did not fit."""

    CHECKSUM = "checksum"
    """The document was wrong: a checksum did not hold."""

    SLOW = "slow"
    """This end did not keep up, and was sent nothing for a while."""


@attrs.frozen
class Resynced:
    """The document is the newest again; what changed meanwhile came in one piece.

    Attributes:
        reason: Why it was not.
        from_position: Of the document that was shown until then.
        to_position: Where it is now; equal when nothing was missed. Of another epoch when the server began anew.
    """

    reason: ResyncReason
    from_position: Position
    to_position: Position


class Resynchronizing:
    """Keeps the first cause of several. An application that has seen no document yet misses none."""

    def __init__(self) -> None:
        self._begun: tuple[ResyncReason, Position] | None = None

    def begin(self, reason: ResyncReason, shown: Position | None) -> None:
        """From now on the document `shown` may not be the newest; without effect when that was known."""
        if self._begun is None and shown is not None:
            self._begun = (reason, shown)

    def end(self, position: Position) -> list[Resynced]:
        """The document at `position` is the newest: return what is to be told, at most one."""
        begun, self._begun = self._begun, None
        return [] if begun is None else [Resynced(*begun, position)]

    def give_up(self) -> None:
        """Nobody brings it up to date any more."""
        self._begun = None
