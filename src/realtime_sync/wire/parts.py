"""Pieces of an encoded frame that is larger than one message may be. PROTOCOL.md, section 3."""

from collections.abc import Iterator
from typing import Any

import attrs

from realtime_sync.errors import ProtocolError
from realtime_sync.position import MAX_OFFSET

MAX_ID_CHARS = 64

MAX_UTF8_BYTES = 4
"""Bytes of one character in UTF-8: no piece of text is smaller."""


@attrs.frozen
class Part:
    """One piece; it travels in the place of a frame.

    Attributes:
        id: Of the frame that the pieces make up; unique among those of a channel object.
        index: Which piece, from 0.
        count: How many there are.
        data: Bytes, or for codec `json` text.
    """

    id: str
    index: int
    count: int
    data: bytes | str

    @property
    def is_last(self) -> bool:
        """Whether the frame is whole with this one."""
        return self.index == self.count - 1

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        return {"type": "part", "id": self.id, "index": self.index, "count": self.count, "data": self.data}

    @classmethod
    def from_wire(cls, value: Any) -> "Part":
        """Raises ProtocolError when `value` is no part."""
        match value:
            case {"type": "part", "id": str(part_id), "index": index, "count": count, "data": data} if isinstance(
                data, (str, bytes, bytearray)
            ):
                if not 0 < len(part_id) <= MAX_ID_CHARS:
                    raise ProtocolError(f"a part's id has 1 to {MAX_ID_CHARS} characters")
                if type(index) is not int or type(count) is not int or not 0 <= index < count <= MAX_OFFSET:
                    raise ProtocolError(f"no part {index!r:.100} of {count!r:.100}")
                if not data:
                    raise ProtocolError("a part without data")
                return cls(part_id, index, count, data if isinstance(data, str) else bytes(data))
        raise ProtocolError(f"no part: {value!r:.100}")


def is_part(body: Any) -> bool:
    """Whether the body of a message claims to be a part."""
    return type(body) is dict and body.get("type") == "part"


def split_bytes(data: bytes, part_id: str, max_bytes: int) -> list[Part]:
    """Return `data` in parts of at most `max_bytes`."""
    pieces = [data[start : start + max_bytes] for start in range(0, len(data), max_bytes)]
    return [Part(part_id, index, len(pieces), piece) for index, piece in enumerate(pieces)]


def split_text(text: bytes, part_id: str, max_bytes: int) -> list[Part]:
    """Return text, given in UTF-8, in parts of at most `max_bytes` (but a whole character), cut between characters."""
    pieces = list(_slices(text, max(max_bytes, MAX_UTF8_BYTES)))
    return [Part(part_id, index, len(pieces), piece) for index, piece in enumerate(pieces)]


def _slices(text: bytes, max_bytes: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = min(start + max_bytes, len(text))
        while end < len(text) and text[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        yield text[start:end].decode()
        start = end
