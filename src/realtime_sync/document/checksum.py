"""A checksum over parts of a document, the same number in every language. PROTOCOL.md, section 4.

Bytes are what two languages agree on, so every value has exactly one form as bytes:

    null, true, false   "n", "t", "f"
    number              "d" and its IEEE 754 double, big-endian; -0 as 0
    string              "s", the length in bytes as 32 bits, big-endian, and the UTF-8
    list                "[", the number of elements likewise, and each element
    object              "{", the number of members likewise, and for each, ordered by the UTF-8 of the keys, its key as
                        a string and its value
"""

import zlib
from collections.abc import Iterable
from functools import lru_cache
from struct import Struct
from typing import Any

from realtime_sync.document.pointer import resolve
from realtime_sync.errors import PatchError
from realtime_sync.jsontypes import Json

SHAPE = "#"
"""Before a pointer: of a container only what it is and how many values it holds, not the values."""

MOST_WEIGHT = 2**20
"""What one check may weigh: 0.2 s. Its own bytes are no bound: it can name the whole document a thousand times."""

TEXT_PER_VALUE = 128
"""Bytes of text that cost what one number costs: 0.2 us for both in Python and in JavaScript."""

_ABSENT = b"x"
_LONGEST_SHORT_KEY = 64

_head = Struct(">cI").pack
_number = Struct(">cd").pack


def checksum(document: Json, pointers: Iterable[str]) -> int | None:
    """Return the CRC-32 of the values at `pointers`, in their order; None when they weigh over `MOST_WEIGHT`.

    A pointer that leads nowhere counts too: what is missing is missing in every equal document.

    Args:
        document: Any JSON value.
        pointers: JSON Pointers; one after a `#` (`SHAPE`) covers a container without what is inside it.

    Source: CRC-32 as in RFC 1952, section 8.
    """
    covered = Checksum()
    room = MOST_WEIGHT
    for pointer in pointers:
        weight = _cover(covered, document, pointer, room)
        if weight is None:
            return None
        room -= weight
    return covered.crc32


def _cover(covered: "Checksum", document: Json, pointer: str, room: int) -> int | None:
    is_shape = pointer.startswith(SHAPE)
    try:
        value = resolve(document, pointer.removeprefix(SHAPE))
    except PatchError:
        return covered.add_absent()
    return covered.add_shape(value) if is_shape else covered.add(value, room)


class Checksum:
    """A CRC-32 that grows value by value.

    Every method that adds returns the weight of what it added: 1 for each value, key and missing value, and 1 more for
    each 128 bytes of text.

    Attributes:
        crc32: Of everything that was added.
    """

    def __init__(self) -> None:
        self.crc32 = 0

    def add(self, value: Json, room: int = MOST_WEIGHT) -> int | None:
        """Add a whole value; one that weighs more than `room` is not added, and None returned."""
        written = _canonical(value, room)
        if written is None:
            return None
        data, left = written
        self._grow(data)
        return room - left

    def add_shape(self, value: Json) -> int:
        """Add what a container is and how many values it holds; of anything else, that it is no container."""
        if type(value) is dict:
            self._grow(_head(b"{", len(value)))
        elif type(value) is list:
            self._grow(_head(b"[", len(value)))
        else:
            self._grow(_ABSENT)
        return 1

    def add_absent(self) -> int:
        """Add that there is nothing at a place."""
        self._grow(_ABSENT)
        return 1

    def _grow(self, data: bytes) -> None:
        self.crc32 = zlib.crc32(data, self.crc32)


def _canonical(value: Any, room: int) -> tuple[bytes, int] | None:
    """Return the bytes of `value`, and how much of `room` is left; None when it does not fit.

    A loop, because patches can nest a document more deeply than Python can call; one branch a type and nothing shared
    between them, because a call a value would double the time.
    """
    parts: list[bytes] = []
    write = parts.append
    pending: list[Any] = [value]  # what is still to come, the next one last; bytes are written as they are
    room -= 1
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is bytes:
            write(value)
        elif kind is str:
            room -= len(value) // TEXT_PER_VALUE
            if room < 0:
                return None
            text = value.encode()
            write(_head(b"s", len(text)))
            write(text)
        elif value is None:
            write(b"n")
        elif kind is float or kind is int:
            write(_number(b"d", value + 0.0))  # which makes 0.0 out of -0.0
        elif kind is dict:
            room -= 2 * len(value)
            if room < 0:  # before the keys are sorted, which may take longer than there is room
                return None
            write(_head(b"{", len(value)))
            for key in sorted(value, reverse=True):  # by code points, which is the order of their UTF-8
                pending.append(value[key])
                # A long key counts as the text that it is, and is written like one.
                pending.append(_short_key(key) if len(key) <= _LONGEST_SHORT_KEY else key)
        elif kind is list:
            room -= len(value)
            if room < 0:
                return None
            write(_head(b"[", len(value)))
            pending.extend(reversed(value))
        else:
            write(b"t" if value else b"f")
    return (b"".join(parts), room) if room >= 0 else None


@lru_cache(maxsize=4_096)  # the same few field names are in every node: found again in a quarter of the time
def _short_key(key: str) -> bytes:
    text = key.encode()
    return _head(b"s", len(text)) + text
