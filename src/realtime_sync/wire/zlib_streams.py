"""DEFLATE: what every browser's smallest library can read."""

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.limits import Limits
from realtime_sync.wire.dictionary import Dictionary
from realtime_sync.wire.samples import newest

if TYPE_CHECKING:
    from zlib import _Compress, _Decompress

_LEVEL = 5
"""A keyframe of 3.7 MB: level 6 makes 623 kB in 97 ms, 5 678 kB in 41 ms, 3 745 kB in 31 ms. Small frames hardly
differ."""


@attrs.frozen
class Gzip:
    """RFC 1952, one member."""

    name = "gzip"

    def compress(self, data: bytes) -> bytes:
        # zlib writes no time of modification into the header, so the bytes depend on nothing but `data`.
        return zlib.compress(data, _LEVEL, zlib.MAX_WBITS | 16)

    def decompress(self, data: bytes, *, codec: str, max_bytes: int, limits: Limits) -> bytes:
        return _inflate(zlib.decompressobj(zlib.MAX_WBITS | 16), data, codec, max_bytes)


@attrs.frozen
class Deflate:
    """RFC 1951, without a container: the 6 bytes of zlib's would be a twentieth of a small frame."""

    name = "deflate"

    def compress(self, data: bytes) -> bytes:
        return zlib.compress(data, _LEVEL, -zlib.MAX_WBITS)

    def decompress(self, data: bytes, *, codec: str, max_bytes: int, limits: Limits) -> bytes:
        return _inflate(zlib.decompressobj(-zlib.MAX_WBITS), data, codec, max_bytes)

    def compress_with(self, data: bytes, dictionary: Dictionary) -> bytes:
        # Copying one that has digested the dictionary is atomic, and takes 1 us where digesting takes 20.
        stream = dictionary.prepared("deflate", _primed).copy()
        return stream.compress(data) + stream.flush()

    def decompress_with(
        self, data: bytes, dictionary: Dictionary, *, codec: str, max_bytes: int, limits: Limits
    ) -> bytes:
        return _inflate(zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary.content), data, codec, max_bytes)

    def learn(self, samples: Sequence[bytes]) -> bytes:
        # Nothing cleverer than the newest samples themselves: 123 bytes a frame, 122 with what zstd would select.
        return newest(samples)


def _primed(content: bytes) -> "_Compress":
    # A window of 16 KiB holds the dictionary and the frame, and the smaller tables take 80 KiB a channel, not 260.
    # Level 6 makes 123 bytes of a frame in 12 us, level 3 127 in 10.
    return zlib.compressobj(6, zlib.DEFLATED, -14, 5, zlib.Z_DEFAULT_STRATEGY, content)


def _inflate(stream: "_Decompress", data: bytes, codec: str, max_bytes: int) -> bytes:
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
