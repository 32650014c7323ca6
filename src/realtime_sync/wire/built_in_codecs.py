"""The codecs that come with the library: a serializer, or a serializer and a compressor.

| name | bytes |
|---|---|
| `json`, `msgpack` | the serialised value |
| `json+gzip`, `json+zstd`, `json+deflate`, `msgpack+gzip`, ... | the same in an envelope, compressed where that helps |
| `json+zstd+dictionary`, `json+deflate+dictionary`, ... | the same; deltas may need a dictionary to be read |
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.wire.compressors import COMPRESSORS, Compressor, DictionaryCompressor, takes_dictionaries
from realtime_sync.wire.dictionary import Dictionary
from realtime_sync.wire.envelope import contents, contents_with, enclose, enclose_with
from realtime_sync.wire.frames import DEFAULT_LIMITS
from realtime_sync.wire.serializers import SERIALIZERS, Serializer

_A_DICTIONARY_HELPS_UNDER = 64 * 2**10
"""What 8 KiB can say better is said within the first few; and a context that compressed megabytes keeps as much memory,
for each channel."""

AnyCompressor = TypeVar("AnyCompressor", bound=Compressor)


@attrs.frozen
class Serialized:
    """The codec `json` or `msgpack`: no envelope, no compression."""

    serializer: Serializer

    @property
    def name(self) -> str:
        return self.serializer.name

    @property
    def is_text(self) -> bool:
        return self.serializer.is_text

    def encode(self, obj: Json) -> bytes:
        return self.serializer.dumps(obj)

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        _check_arrival(data, self.name, limits)
        if len(data) > limits.max_decoded_bytes:
            raise LimitExceeded(self.name, "max_decoded_bytes", limits.max_decoded_bytes, len(data))
        return self.serializer.loads(data, self.name, limits)


@attrs.frozen
class Compressed(Generic[AnyCompressor]):
    """A codec such as `json+zstd`: an envelope around what may be compressed."""

    serializer: Serializer
    compressor: AnyCompressor
    is_text = False

    @property
    def name(self) -> str:
        return f"{self.serializer.name}+{self.compressor.name}"

    def encode(self, obj: Json) -> bytes:
        return enclose(self.serializer.dumps(obj), self.compressor)

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        plain = self._contents(data, limits.max_decoded_bytes, limits)
        return self.serializer.loads(plain, self.name, limits)

    def _contents(self, data: bytes, max_bytes: int, limits: Limits) -> bytes:
        _check_arrival(data, self.name, limits)
        return contents(data, self.compressor, codec=self.name, max_bytes=max_bytes, limits=limits)


@attrs.frozen
class CompressedWithDictionary(Compressed[DictionaryCompressor]):
    """A codec such as `json+zstd+dictionary`: deltas may be compressed with what both ends know already."""

    @property
    def name(self) -> str:
        return f"{self.serializer.name}+{self.compressor.name}+dictionary"

    def encode_with(self, obj: Json, dictionary: Dictionary) -> bytes:
        data = self.serializer.dumps(obj)
        if len(data) < _A_DICTIONARY_HELPS_UNDER:
            return enclose_with(data, self.compressor, dictionary)
        return enclose(data, self.compressor)

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        return self.decode_with(data, {}, limits=limits)

    def decode_with(
        self, data: bytes, dictionaries: Mapping[str, Dictionary], *, limits: Limits = DEFAULT_LIMITS
    ) -> Json:
        _check_arrival(data, self.name, limits)
        plain = contents_with(data, self.compressor, dictionaries, self.name, limits)
        return self.serializer.loads(plain, self.name, limits)

    def sample(self, obj: Json) -> bytes:
        return self.serializer.dumps(obj)

    def dictionary_of(self, samples: Sequence[bytes]) -> Dictionary | None:
        content = self.compressor.learn(samples)
        return Dictionary(content) if content else None

    def enclose(self, dictionary: Dictionary) -> bytes:
        return enclose(dictionary.content, self.compressor)

    def content(self, data: bytes, *, max_bytes: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
        return self._contents(data, max_bytes, limits)


def _check_arrival(data: Any, codec: str, limits: Limits) -> None:
    if type(data) is not bytes:
        raise DecodeError(codec, f"it is made of bytes, not {type(data).__name__}")
    if len(data) > limits.max_encoded_bytes:
        raise LimitExceeded(codec, "max_encoded_bytes", limits.max_encoded_bytes, len(data))


BuiltIn = Serialized | Compressed[Any]


def _combinations(serializer: Serializer) -> Iterator[BuiltIn]:
    yield Serialized(serializer)
    for compressor in COMPRESSORS:
        yield Compressed(serializer, compressor)
    for compressor in COMPRESSORS:
        if takes_dictionaries(compressor):
            yield CompressedWithDictionary(serializer, compressor)


BUILT_IN_CODECS: tuple[BuiltIn, ...] = tuple(codec for serializer in SERIALIZERS for codec in _combinations(serializer))
"""In an order that says nothing about preference."""
