"""The first byte of compressed codecs: how to read the rest. PROTOCOL.md, section 4.

0x00                        the serialised value as it is
0x01                        compressed
0x02, then 4 bytes          compressed with the dictionary whose id these are
"""

from collections.abc import Mapping

from realtime_sync.errors import DecodeError, LimitExceeded, UnknownDictionary
from realtime_sync.limits import Limits
from realtime_sync.wire.compressors import Compressor, DictionaryCompressor
from realtime_sync.wire.dictionary import ID_BYTES, Dictionary

PLAIN = b"\x00"
COMPRESSED = b"\x01"
WITH_DICTIONARY = b"\x02"

_HARDLY_SMALLER_UNDER = 128
"""Deltas of 120 bytes become 115 by zstd and 107 by deflate: not worth 4 and 10 us. With a dictionary any size pays: of
23 bytes 9 are left, of 120 there are 40."""


def enclose(data: bytes, compressor: Compressor) -> bytes:
    """Return `data` in its envelope: compressed, unless that would hardly make it smaller."""
    if len(data) < _HARDLY_SMALLER_UNDER:
        return PLAIN + data
    return _smaller(COMPRESSED + compressor.compress(data), data)


def enclose_with(data: bytes, compressor: DictionaryCompressor, dictionary: Dictionary) -> bytes:
    """Return `data` in its envelope: compressed with `dictionary`, unless that would not make it smaller."""
    compressed = compressor.compress_with(data, dictionary)
    return _smaller(WITH_DICTIONARY + bytes.fromhex(dictionary.id) + compressed, data)


def _smaller(enclosed: bytes, data: bytes) -> bytes:
    return enclosed if len(enclosed) <= len(data) else PLAIN + data


def contents(data: bytes, compressor: Compressor, *, codec: str, max_bytes: int, limits: Limits) -> bytes:
    """Return what is in an envelope that needs no dictionary.

    Args:
        data: Anything.
        compressor: What may have compressed it.
        codec: Name of the codec, for the errors.
        max_bytes: The most that may come out.
        limits: `max_window_bytes` counts.

    Raises:
        LimitExceeded: More would come out, or would be needed for it.
        DecodeError: It is no such envelope.
    """
    match data[:1]:
        case b"\x00":
            if len(data) - 1 > max_bytes:
                raise LimitExceeded(codec, "max_decoded_bytes", max_bytes, len(data) - 1)
            return data[1:]
        case b"\x01":
            return compressor.decompress(data[1:], codec=codec, max_bytes=max_bytes, limits=limits)
    raise DecodeError(codec, f"{data[:1].hex() or 'nothing'} is no first byte of this codec")


def contents_with(
    data: bytes, compressor: DictionaryCompressor, dictionaries: Mapping[str, Dictionary], codec: str, limits: Limits
) -> bytes:
    """Return what is in an envelope that may need one of `dictionaries`.

    Raises:
        UnknownDictionary: It needs one that is not among them.
        LimitExceeded: It is larger than `limits` allows.
        DecodeError: It is no such envelope.
    """
    max_bytes = limits.max_decoded_bytes
    if data[:1] != WITH_DICTIONARY:
        return contents(data, compressor, codec=codec, max_bytes=max_bytes, limits=limits)
    named = data[1 : 1 + ID_BYTES]
    if len(named) < ID_BYTES:
        raise DecodeError(codec, "the id of the dictionary is cut short")
    dictionary = dictionaries.get(named.hex())
    if dictionary is None:
        raise UnknownDictionary(codec, named.hex())
    compressed = data[1 + ID_BYTES :]
    return compressor.decompress_with(compressed, dictionary, codec=codec, max_bytes=max_bytes, limits=limits)
