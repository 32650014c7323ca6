"""What the application said, kept apart from everything that is simulated."""

from collections import defaultdict
from typing import Any

import attrs
import orjson

from realtime_sync.position import Position


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
    """

    document: bytes
    captures: int
    life: int


class Truth:
    """The true document at every position that a channel ever had, over all its lives."""

    def __init__(self) -> None:
        self._moments: dict[tuple[str, Position], Moment] = {}
        self._epochs: dict[str, list[str]] = defaultdict(list)

    def record(self, channel: str, position: Position, document: Any, captures: int) -> None:
        """A frame for `position` was cut when the application's document was this one."""
        epochs = self._epochs[channel]
        if position.epoch not in epochs:
            epochs.append(position.epoch)
        # A frame that never reached the log may be cut again, with another content, by the next life of the server.
        self._moments[channel, position] = Moment(canonical(document), captures, epochs.index(position.epoch))

    def at(self, channel: str, position: Position) -> Moment:
        """Return what was at a position."""
        moment = self._moments.get((channel, position))
        assert moment is not None, f"{channel}: no frame was ever cut for {position}"
        return moment

    def epochs(self, channel: str) -> list[str]:
        """Return the epochs of a channel, oldest first."""
        return self._epochs[channel]
