"""Zstandard: the fastest to write and to read, where a library for it is at hand."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import zstandard

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.limits import Limits
from realtime_sync.wire.dictionary import Dictionary
from realtime_sync.wire.samples import DICTIONARY_BYTES, newest

_LEVEL = 3
_MAGIC = b"\x28\xb5\x2f\xfd"

_IDLE_CONTEXTS = 4
"""Contexts kept for the next call; one that has compressed 4 MB holds 3.7 MB."""

_IDLE_CONTEXTS_OF_A_DICTIONARY = 1
"""A channel encodes one frame at a time, and there may be a thousand channels: 110 KiB each with the dictionary's own
tables, 260 once the context has compressed 64 KiB."""

_SLICE_BYTES = 64
"""A block of 4 bytes can mean 128 KiB: a slice makes at most 2 MiB."""

_SAMPLES_TO_CONTENT = 3
"""A dictionary of half its samples knows them by heart: it makes 136 bytes of the next frame where one of a third makes
131."""

_LEAST_TRAINED_BYTES = 256
"""zstd trains none that is smaller."""

Context = TypeVar("Context")


class _Idle(Generic[Context]):
    """Contexts that nobody uses at the moment.

    A context that two threads use at a time kills the process. A call takes an idle one out of a `deque`, whose methods
    are atomic, and puts it back: threads, greenlets and signal handlers never meet in one. (A thread-local one would be
    one a greenlet under gevent, and 10,000 greenlets are no rarity; a new one each time costs 9 us, a frame 3 us.) One
    in whose use an error was raised is not put back.

    Attributes:
        new: Returns a context that nobody else will use.
    """

    def __init__(self, most: int, new: Callable[[], Context]) -> None:
        self.new = new
        self._contexts: deque[Context] = deque(maxlen=most)

    def take(self) -> Context:
        try:
            return self._contexts.pop()
        except IndexError:
            return self.new()

    def put_back(self, context: Context) -> None:
        self._contexts.append(context)


class Zstd:
    """One Zstandard frame (RFC 8878) that says how large its content is."""

    name = "zstd"

    def __init__(self) -> None:
        self._compressors = _Idle(_IDLE_CONTEXTS, _new_compressor)
        self._decompressors = _Idle(_IDLE_CONTEXTS, _new_decompressor)

    def compress(self, data: bytes) -> bytes:
        return _compress(data, self._compressors)

    def decompress(self, data: bytes, *, codec: str, max_bytes: int, limits: Limits) -> bytes:
        return _decompress(data, self._decompressors, codec, max_bytes, limits)

    def compress_with(self, data: bytes, dictionary: Dictionary) -> bytes:
        return _compress(data, dictionary.prepared("zstd compressors", _compressors_with))

    def decompress_with(
        self, data: bytes, dictionary: Dictionary, *, codec: str, max_bytes: int, limits: Limits
    ) -> bytes:
        idle = dictionary.prepared("zstd decompressors", _decompressors_with)
        return _decompress(data, idle, codec, max_bytes, limits)

    def learn(self, samples: Sequence[bytes]) -> bytes:
        size = min(DICTIONARY_BYTES, sum(map(len, samples)) // _SAMPLES_TO_CONTENT)
        try:
            return zstandard.train_dictionary(max(_LEAST_TRAINED_BYTES, size), list(samples)).as_bytes()
        except zstandard.ZstdError:
            return newest(samples, size)  # too few, or too much alike, to have statistics


# ---- writing -------------------------------------------------------------------------------------------------------


def _compress(data: bytes, idle: _Idle[zstandard.ZstdCompressor]) -> bytes:
    context = idle.take()
    compressed = context.compress(data)
    idle.put_back(context)
    return compressed


def _new_compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True, write_checksum=False)


def _compressors_with(content: bytes) -> _Idle[zstandard.ZstdCompressor]:
    # The strategy of level 3 makes frames 5 bytes larger and saves 2 us; its tables would take 200 KiB a channel.
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        strategy=zstandard.STRATEGY_GREEDY,
        min_match=5,
        window_log=17,
        hash_log=13,
        chain_log=13,
        write_content_size=True,
        write_checksum=False,
        write_dict_id=False,  # the envelope names the dictionary
    )
    digested = zstandard.ZstdCompressionDict(content)
    digested.precompute_compress(compression_params=parameters)

    def new() -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(dict_data=digested, compression_params=parameters)

    return _Idle(_IDLE_CONTEXTS_OF_A_DICTIONARY, new)


# ---- reading -------------------------------------------------------------------------------------------------------


def _decompress(
    data: bytes, idle: _Idle[zstandard.ZstdDecompressor], codec: str, max_bytes: int, limits: Limits
) -> bytes:
    size = _declared_size(data, codec, max_bytes, limits)
    try:
        if size == zstandard.CONTENTSIZE_UNKNOWN:
            # A context of its own: a window that a stranger made it allocate goes when the call ends.
            return _decompress_in_slices(data, idle.new(), codec, max_bytes)
        context = idle.take()
        plain = context.decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DecodeError(codec, str(error)) from error
    idle.put_back(context)
    return plain


def _declared_size(data: bytes, codec: str, max_bytes: int, limits: Limits) -> int:
    """Return the size that a frame's header declares, after the header was found harmless."""
    if not data.startswith(_MAGIC):  # also what a skippable frame, or one of an older format, does not do
        raise DecodeError(codec, "not a zstd frame")
    try:
        header = zstandard.get_frame_parameters(data)
    except zstandard.ZstdError as error:
        raise DecodeError(codec, str(error)) from error
    if header.dict_id:
        raise DecodeError(codec, f"dictionary {header.dict_id} is named inside the zstd frame, where nobody looks")
    if header.content_size != zstandard.CONTENTSIZE_UNKNOWN and header.content_size > max_bytes:
        raise LimitExceeded(codec, "max_decoded_bytes", max_bytes, header.content_size)
    # A frame in a single segment has its content as its window, and takes nothing beside.
    if header.window_size > limits.max_window_bytes and header.window_size != header.content_size:
        raise LimitExceeded(codec, "max_window_bytes", limits.max_window_bytes, header.window_size)
    return header.content_size


def _decompress_in_slices(data: bytes, context: zstandard.ZstdDecompressor, codec: str, max_bytes: int) -> bytes:
    """Return the content of a frame that does not declare its size."""
    stream = context.decompressobj()
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


_LARGEST_WINDOW_BYTES = 2**31
"""The library's own bound of 128 MiB would refuse what `_declared_size` allowed under large limits."""


def _new_decompressor() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW_BYTES)


def _decompressors_with(content: bytes) -> _Idle[zstandard.ZstdDecompressor]:
    digested = zstandard.ZstdCompressionDict(content)

    def new() -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(dict_data=digested, max_window_size=_LARGEST_WINDOW_BYTES)

    return _Idle(_IDLE_CONTEXTS_OF_A_DICTIONARY, new)
