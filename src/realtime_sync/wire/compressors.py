"""Compressed bytes and plain bytes, never more plain bytes than were allowed.

A compressed message is one stream or frame and nothing else: what is cut short, repeated or followed by other bytes is
refused, so that there is exactly one reading of a message.
"""

import zlib
from collections import deque
from collections.abc import Iterator
from typing import Protocol

import attrs
import zstandard

from realtime_sync.errors import DecodeError, LimitExceeded


class Compressor(Protocol):
    """One way to make bytes fewer."""

    @property
    def name(self) -> str:
        """What a codec's name says after the `+`."""

    def compress(self, data: bytes) -> bytes:
        """Return `data` compressed; the same bytes for the same `data`, every time."""

    def decompress(self, data: bytes, *, codec: str, max_bytes: int) -> bytes:
        """Return what was compressed.

        Args:
            data: Anything.
            codec: Name of the codec, for the errors.
            max_bytes: The most that may come out; checked before memory is taken.

        Raises:
            LimitExceeded: More than `max_bytes` would come out.
            DecodeError: `data` is not one whole compressed message.
        """


_ZLIB_LEVEL = 5
"""A keyframe of 3.7 MB: level 6 makes 623 kB in 97 ms, 5 678 kB in 41 ms, 3 745 kB in 31 ms. Small frames hardly
differ."""


@attrs.frozen
class Zlib:
    """DEFLATE in one of the containers that zlib knows.

    Attributes:
        name: `deflate` or `gzip`.
        window_bits: zlib's code for the container: 15 is RFC 1950, 31 is RFC 1952.
    """

    name: str
    window_bits: int

    def compress(self, data: bytes) -> bytes:
        # zlib writes no time of modification into the header of gzip, so the bytes depend on nothing but `data`.
        return zlib.compress(data, _ZLIB_LEVEL, self.window_bits)

    def decompress(self, data: bytes, *, codec: str, max_bytes: int) -> bytes:
        stream = zlib.decompressobj(self.window_bits)
        try:
            # One byte more than allowed tells "exactly as much" from "more".
            plain = stream.decompress(data, max_bytes + 1)
        except zlib.error as error:
            raise DecodeError(codec, str(error)) from error
        if len(plain) > max_bytes:
            raise LimitExceeded(codec, "max_decoded_bytes", max_bytes, len(plain))
        if not stream.eof:
            raise DecodeError(codec, "the compressed stream is cut short")
        if stream.unused_data:
            raise DecodeError(codec, "bytes follow the compressed stream")
        return plain


_ZSTD_LEVEL = 3
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MIN_WINDOW_BYTES = 8 * 2**20
"""Every decoder should take a window of this size (RFC 8878, section 3.1.1.1.2)."""

_IDLE_CONTEXTS = 4
"""Contexts kept for the next call; one that has compressed 4 MB holds 3.7 MB."""

_SLICE_BYTES = 64
"""A block of 4 bytes can mean 128 KiB: a slice makes at most 2 MiB."""


class Zstd:
    """One Zstandard frame (RFC 8878) that says how large its content is.

    A context that two threads use at a time kills the process. A call takes an idle one out of a `deque`, whose methods
    are atomic, and puts it back: threads, greenlets and signal handlers never meet in one. (A thread-local one would be
    one a greenlet under gevent, and 10,000 greenlets are no rarity; a new one each time costs 9 us, a frame 3 us.)
    """

    name = "zstd"

    def __init__(self) -> None:
        self._compressors: deque[zstandard.ZstdCompressor] = deque(maxlen=_IDLE_CONTEXTS)
        self._decompressors: deque[zstandard.ZstdDecompressor] = deque(maxlen=_IDLE_CONTEXTS)

    def compress(self, data: bytes) -> bytes:
        try:
            context = self._compressors.pop()
        except IndexError:
            context = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_content_size=True, write_checksum=False)
        compressed = context.compress(data)
        self._compressors.append(context)
        return compressed

    def decompress(self, data: bytes, *, codec: str, max_bytes: int) -> bytes:
        size = _declared_size(data, codec, max_bytes)
        try:
            if size == zstandard.CONTENTSIZE_UNKNOWN:
                return _decompress_in_slices(data, codec, max_bytes)
            return self._decompress_at_once(data)
        except zstandard.ZstdError as error:
            raise DecodeError(codec, str(error)) from error

    def _decompress_at_once(self, data: bytes) -> bytes:
        try:
            context = self._decompressors.pop()
        except IndexError:
            context = _new_decompressor()
        plain = context.decompress(data, allow_extra_data=False)
        self._decompressors.append(context)
        return plain


def _declared_size(data: bytes, codec: str, max_bytes: int) -> int:
    """Return the size that a frame's header declares, after the header was found harmless."""
    if not data.startswith(_ZSTD_MAGIC):  # also what a skippable frame, or one of an older format, does not do
        raise DecodeError(codec, "not a zstd frame")
    try:
        header = zstandard.get_frame_parameters(data)
    except zstandard.ZstdError as error:
        raise DecodeError(codec, str(error)) from error
    if header.dict_id:
        raise DecodeError(codec, f"compressed with dictionary {header.dict_id}, which nobody sent")
    if header.content_size != zstandard.CONTENTSIZE_UNKNOWN and header.content_size > max_bytes:
        raise LimitExceeded(codec, "max_decoded_bytes", max_bytes, header.content_size)
    # A frame in a single segment declares its content as its window.
    max_window_bytes = max(_MIN_WINDOW_BYTES, max_bytes)
    if header.window_size > max_window_bytes:
        raise DecodeError(codec, f"a window of {header.window_size} bytes, over {max_window_bytes}")
    return header.content_size


def _decompress_in_slices(data: bytes, codec: str, max_bytes: int) -> bytes:
    """Return the content of a frame that does not declare its size."""
    # A context of its own: a window that a stranger made it allocate goes when the call ends.
    stream = _new_decompressor().decompressobj()
    parts, size = [], 0
    for part in _slices(data):
        if stream.eof:
            raise DecodeError(codec, "bytes follow the zstd frame")
        parts.append(stream.decompress(part))
        size += len(parts[-1])
        if size > max_bytes:
            raise LimitExceeded(codec, "max_decoded_bytes", max_bytes, size)
    if not stream.eof:
        raise DecodeError(codec, "the zstd frame is cut short")
    if stream.unused_data:
        raise DecodeError(codec, "bytes follow the zstd frame")
    return b"".join(parts)


def _slices(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _SLICE_BYTES] for start in range(0, len(data), _SLICE_BYTES))


def _new_decompressor() -> zstandard.ZstdDecompressor:
    # The library's own bound of 128 MiB would refuse what `_declared_size` allowed under large limits.
    return zstandard.ZstdDecompressor(max_window_size=2**31)


COMPRESSORS: tuple[Compressor, ...] = (Zlib("gzip", 31), Zstd(), Zlib("deflate", 15))
"""What a codec's name may say after the `+`."""
