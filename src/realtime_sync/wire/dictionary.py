"""Dictionaries: bytes that both ends hold, so that a compressed frame need not say them again. PROTOCOL.md, section 3.

A frame compressed alone is half scaffolding: its epoch, the keys and the paths that every frame of its channel has. A
dictionary made out of the channel's own frames holds these, and each frame can still be read without any other.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeGuard, TypeVar

import attrs

from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.wire.frames import DEFAULT_LIMITS

ID_BYTES = 4

T = TypeVar("T")


@attrs.frozen
class Dictionary:
    """The bytes that frames of one channel and one codec have in common.

    Attributes:
        content: The bytes themselves.
        id: What names them, on the wire too: their CRC-32 in 8 lower-case hexadecimal digits.
    """

    content: bytes = attrs.field(repr=False)
    id: str = attrs.field(init=False)
    _prepared: dict[str, Any] = attrs.field(init=False, factory=dict, eq=False, repr=False)

    @id.default
    def _id_of_content(self) -> str:
        return f"{zlib.crc32(self.content):08x}"

    def prepared(self, name: str, prepare: Callable[[bytes], T]) -> T:
        """Return what `prepare` makes of the content, made once: a compressor digests 8 KiB in 20 us, a frame takes 4.

        Two threads that ask at once may both prepare it; both get the same one.
        """
        made: T | None = self._prepared.get(name)
        return made if made is not None else self._prepared.setdefault(name, prepare(self.content))


class DictionaryCodec(Protocol):
    """A `Codec` that can compress with a dictionary; one object serves all threads."""

    @property
    def name(self) -> str:
        """As a `Codec` has it."""

    @property
    def is_text(self) -> bool:
        """As a `Codec` has it: False."""

    def encode(self, obj: Json) -> bytes:
        """As a `Codec` has it: without a dictionary."""

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        """As a `Codec` has it: what needs a dictionary raises UnknownDictionary."""

    def encode_with(self, obj: Json, dictionary: Dictionary) -> bytes:
        """Return `obj` as bytes for a receiver that holds `dictionary`; the same ones every time."""

    def decode_with(
        self, data: bytes, dictionaries: Mapping[str, Dictionary], *, limits: Limits = DEFAULT_LIMITS
    ) -> Json:
        """Return the value that a stranger's bytes mean.

        Args:
            data: Anything.
            dictionaries: Those that are held, by their ids.
            limits: As for `decode`.

        Raises:
            UnknownDictionary: It needs one that is not held.
            LimitExceeded: It is larger, deeper or heavier than `limits` allows.
            DecodeError: It is nothing that `encode` or `encode_with` could have made.
        """

    def sample(self, obj: Json) -> bytes:
        """Return the bytes that `encode_with` would compress."""

    def dictionary_of(self, samples: Sequence[bytes]) -> Dictionary | None:
        """Return a dictionary for values like these; None when nothing can be learned from them."""

    def enclose(self, dictionary: Dictionary) -> bytes:
        """Return the content as it travels: compressed without a dictionary."""

    def content(self, data: bytes, *, max_bytes: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
        """Return the content that `enclose` made bytes of.

        Raises:
            LimitExceeded: It has more than `max_bytes`.
            DecodeError: It is nothing that `enclose` could have made.
        """


DICTIONARY_METHODS = ("encode_with", "decode_with", "sample", "dictionary_of", "enclose", "content")
"""What a codec has beside `encode` and `decode`, all of it or nothing."""


def uses_dictionary(codec: object) -> TypeGuard[DictionaryCodec]:
    """Return whether a registered codec is one that can compress with a dictionary."""
    return hasattr(codec, "encode_with")


def dictionary_body(dictionary: Dictionary, codec: DictionaryCodec) -> dict[str, Any]:
    """Return the body of the `batch_update` that brings `dictionary` to those who watch in `codec`."""
    return {"type": "dictionary", "codec": codec.name, "id": dictionary.id, "data": codec.enclose(dictionary)}


def is_dictionary_body(value: object) -> bool:
    """Return whether a body is meant to bring a dictionary."""
    return isinstance(value, dict) and value.get("type") == "dictionary"


def dictionary_from_body(value: Any, codec: DictionaryCodec, *, limits: Limits = DEFAULT_LIMITS) -> Dictionary:
    """Return the dictionary that a body brings.

    Raises:
        ProtocolError: It is no such body, or is for another codec.
        LimitExceeded: The content is larger than `limits` allows.
        DecodeError: The content cannot be read, or is not the one that the id names.
    """
    match value:
        case {"type": "dictionary", "codec": str(name), "id": str(named), "data": bytes(data)}:
            if name != codec.name:
                raise ProtocolError(f"a dictionary for codec {name!r:.100}, not {codec.name!r}")
            dictionary = Dictionary(_content(data, codec, limits))
            if dictionary.id != named:
                raise DecodeError(
                    codec.name, f"the dictionary {named!r:.100} is damaged: it adds up to {dictionary.id}"
                )
            return dictionary
    raise ProtocolError(f"no dictionary: {value!r:.100}")


def _content(data: bytes, codec: DictionaryCodec, limits: Limits) -> bytes:
    allowed = limits.max_dictionary_bytes
    try:
        content = codec.content(data, max_bytes=allowed, limits=limits)
    except LimitExceeded as error:
        if error.limit != "max_decoded_bytes":
            raise
        raise LimitExceeded(codec.name, "max_dictionary_bytes", allowed, error.found) from None
    if not content:
        raise DecodeError(codec.name, "a dictionary of no bytes")
    return content
