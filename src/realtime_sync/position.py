"""Where a channel's log, or a replica of it, stands."""

from typing import Any

import attrs

from realtime_sync.brief import brief
from realtime_sync.errors import ProtocolError

MAX_EPOCH_CHARS = 64
MAX_OFFSET = 2**53 - 1


@attrs.frozen
class Position:
    """One place in the life of a channel: always both parts, never one alone.

    Why the epoch: a log holding frames 1, 2, 3 is lost and a new one reaches 4. A replica at 3 that compared offsets
    alone would take frame 4 and never see the new 1, 2, 3.

    Attributes:
        epoch: One life of a channel's log; two epochs are equal or unrelated, never ordered.
        offset: Grows by 1 a frame; 0 is a log without a frame.

    Source: the stream positions of Centrifugo.
    """

    epoch: str
    offset: int

    def to_wire(self) -> list[Any]:
        """Return `[epoch, offset]`."""
        return [self.epoch, self.offset]

    @classmethod
    def from_wire(cls, value: object) -> "Position":
        """Return the position that `[epoch, offset]` means.

        Raises:
            ProtocolError: It is anything else.
        """
        match value:
            case [str(epoch), int(offset)] if 0 < len(epoch) <= MAX_EPOCH_CHARS and 0 <= offset <= MAX_OFFSET:
                if not isinstance(offset, bool):
                    return cls(epoch, offset)
        raise ProtocolError(f"a position is [epoch, offset], not {brief(value)}")

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"
