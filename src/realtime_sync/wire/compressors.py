"""Compressed bytes and plain bytes, never more plain bytes than were allowed.

A compressed message is one stream or frame and nothing else: what is cut short, repeated or followed by other bytes is
refused, so that there is exactly one reading of a message.
"""

from collections.abc import Sequence
from typing import Protocol, TypeGuard

from realtime_sync.limits import Limits
from realtime_sync.wire.dictionary import Dictionary
from realtime_sync.wire.zlib_streams import Deflate, Gzip
from realtime_sync.wire.zstd_frames import Zstd


class Compressor(Protocol):
    """One way to make bytes fewer."""

    @property
    def name(self) -> str:
        """What a codec's name says after the `+`."""

    def compress(self, data: bytes) -> bytes:
        """Return `data` compressed; the same bytes for the same `data`, every time."""

    def decompress(self, data: bytes, *, codec: str, max_bytes: int, limits: Limits) -> bytes:
        """Return what was compressed.

        Args:
            data: Anything.
            codec: Name of the codec, for the errors.
            max_bytes: The most that may come out; checked before memory is taken.
            limits: `max_window_bytes` counts here.

        Raises:
            LimitExceeded: More than `max_bytes` would come out, or a larger window would be needed.
            DecodeError: `data` is not one whole compressed message.
        """


class DictionaryCompressor(Compressor, Protocol):
    """A compressor for which both ends can hold a dictionary."""

    def compress_with(self, data: bytes, dictionary: Dictionary) -> bytes:
        """Return `data` compressed for a receiver that holds `dictionary`; the same bytes every time."""

    def decompress_with(
        self, data: bytes, dictionary: Dictionary, *, codec: str, max_bytes: int, limits: Limits
    ) -> bytes:
        """Return what was compressed with `dictionary`; arguments and errors are those of `decompress`."""

    def learn(self, samples: Sequence[bytes]) -> bytes:
        """Return the content of a dictionary for data like `samples`; empty when there is nothing to learn."""


def takes_dictionaries(compressor: Compressor) -> TypeGuard[DictionaryCompressor]:
    """Return whether `compressor` is one for which both ends can hold a dictionary."""
    return hasattr(compressor, "compress_with")


COMPRESSORS: tuple[Compressor, ...] = (Gzip(), Zstd(), Deflate())
"""What a codec's name may say after the `+`."""
