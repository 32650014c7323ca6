"""What comes in parts, put together again."""

import attrs

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.wire.parts import Part


@attrs.define
class _Begun:
    """A frame of which some parts are here."""

    last: Part
    data: bytearray

    def continues_with(self, part: Part) -> bool:
        expected = (self.last.id, self.last.index + 1, self.last.count, type(self.last.data))
        return (part.id, part.index, part.count, type(part.data)) == expected


class Assembly:
    """Joins the parts of one frame at a time: exactly in order, from the first to the last.

    Whatever is not the next part ends what was begun; a first part begins anew. So a frame whose sending was broken off
    costs nothing but itself, and what is kept never exceeds `max_bytes`.

    Args:
        max_bytes: Bytes of a frame that are kept; `Limits.max_encoded_bytes`.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun: _Begun | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes that are kept."""
        return 0 if self._begun is None else len(self._begun.data)

    def drop(self) -> None:
        """Forget what was begun."""
        self._begun = None

    def add(self, part: Part, *, codec: str) -> bytes | None:
        """Take a part; return the frame, text in UTF-8, when it is whole.

        Args:
            part: As it came.
            codec: Name of the codec, for the errors.

        Raises:
            LimitExceeded: It is larger than allowed; it was dropped.
            ProtocolError: The text of a part cannot be written in UTF-8.
        """
        begun, self._begun = self._begun, None
        if part.index == 0:
            begun = _Begun(part, bytearray())
        elif begun is None or not begun.continues_with(part):
            return None
        begun.last = part
        begun.data += self._admit(part, len(begun.data), codec)
        if part.is_last:
            return bytes(begun.data)
        self._begun = begun
        return None

    def _admit(self, part: Part, kept_bytes: int, codec: str) -> bytes:
        found = kept_bytes + len(part.data)  # of text at least so many
        if found <= self._max_bytes:
            data = part.data if isinstance(part.data, bytes) else _utf8(part.data)
            found = kept_bytes + len(data)
            if found <= self._max_bytes:
                return data
        raise LimitExceeded(codec, "max_encoded_bytes", self._max_bytes, found)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ProtocolError("a part was cut inside a character") from None
