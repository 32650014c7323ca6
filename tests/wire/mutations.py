"""Bytes that were something once."""

import random
from collections.abc import Callable


def _flip(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _overwrite(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(len(data))] = draw.randrange(256)


def _remove(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    del data[start : start + draw.randrange(1, 9)]


def _repeat(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    data[start:start] = data[start : start + draw.randrange(1, 9)] * draw.randrange(1, 4)


def _insert(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    data[start:start] = draw.randbytes(draw.randrange(1, 9))


_KINDS: list[Callable[[bytearray, random.Random], None]] = [_flip, _overwrite, _remove, _repeat, _insert]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return `data` with one to three changes."""
    changed = bytearray(data)
    for _ in range(draw.randrange(1, 4)):
        draw.choice(_KINDS)(changed, draw)
    return bytes(changed)
