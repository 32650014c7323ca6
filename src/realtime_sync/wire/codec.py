"""Codecs: how JSON values are written as bytes, under a name that both ends know.

Other packages add codecs through the entry-point group `realtime_sync.codecs`, an application by `register_codec`.
"""

import functools
import re
from typing import Any, Protocol

from realtime_sync.errors import InvalidName, UnknownCodec
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.wire.built_in_codecs import BUILT_IN_CODECS
from realtime_sync.wire.dictionary import DICTIONARY_METHODS
from realtime_sync.wire.frames import DEFAULT_LIMITS
from realtime_sync.wire.plugins import load_plugins

ENTRY_POINT_GROUP = "realtime_sync.codecs"


class Codec(Protocol):
    """JSON values as bytes and back; one object serves all threads."""

    @property
    def name(self) -> str:
        """What clients and servers call it."""

    @property
    def is_text(self) -> bool:
        """Whether the bytes are JSON text, so that a transport may carry the value itself in their place."""

    def encode(self, obj: Json) -> bytes:
        """Return `obj` as bytes, the same ones every time.

        Args:
            obj: Normal JSON, as `realtime_sync.normalize` returns it; this is not checked again.

        Raises:
            InvalidValue: The codec noticed that it is something else.
        """

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        """Return the value that a stranger's bytes mean.

        Integers beyond +-(2**53 - 1) are refused (in JSON those of over 64 bits are read as floats, as JavaScript
        reads all numbers). Of two members with one key the last counts.

        Args:
            data: Anything.
            limits: `max_encoded_bytes`, `max_decoded_bytes`, `max_memory_bytes`, `max_elements`, `max_depth` and
                `max_window_bytes` count here. A frame wraps its values, so 4 containers more than `max_depth` are let
                through.

        Raises:
            LimitExceeded: It is larger, deeper or heavier than `limits` allows.
            DecodeError: It is nothing that `encode` could have made.
        """


_codecs: dict[str, Codec] = {codec.name: codec for codec in BUILT_IN_CODECS}
"""The built-in codecs, and what `register_codec` added or put in their place."""

_NAME = re.compile(r"[!-~]{1,64}")


def get_codec(name: str) -> Codec:
    """Return the codec of that name.

    Raises:
        UnknownCodec: There is none; says which there are.
    """
    codec = _codecs.get(name) or _installed().get(name)
    if codec is None:
        raise UnknownCodec(name, available_codecs())
    return codec


def available_codecs() -> tuple[str, ...]:
    """Return the names of all codecs: first the built-in ones, then those registered, then those installed."""
    return tuple(dict.fromkeys([*_codecs, *_installed()]))


def register_codec(codec: Codec, *, replace: bool = False) -> None:
    """Make `codec` known to this process under its name.

    Args:
        codec: What `get_codec` shall return.
        replace: Whether it may take the place of another one, even of a built-in.

    Raises:
        InvalidName: The name is taken, or is not 1 to 64 printable ASCII characters without spaces.
        TypeError: It is no codec.
    """
    _check(codec)
    if not replace and codec.name in available_codecs():
        raise InvalidName(f"there is a codec {codec.name!r} already; pass replace=True to put this one in its place")
    _codecs[codec.name] = codec


@functools.cache
def _installed() -> dict[str, Codec]:
    """Return the codecs of other packages; looked for once, when a name is asked for that is not built in."""
    found: dict[str, Codec] = {}

    def accept(codec: Any) -> None:
        _check(codec)
        if codec.name in _codecs or codec.name in found:
            raise InvalidName(f"there is a codec {codec.name!r} already")
        found[codec.name] = codec

    load_plugins(ENTRY_POINT_GROUP, accept)
    return found


def _check(codec: Any) -> None:
    if not callable(getattr(codec, "encode", None)) or not callable(getattr(codec, "decode", None)):
        raise TypeError(f"a codec has the methods encode and decode, unlike {codec!r:.100}")
    if type(codec.name) is not str or not _NAME.fullmatch(codec.name):
        raise InvalidName(f"a codec's name is 1 to 64 printable ASCII characters, not {codec.name!r:.100}")
    if type(codec.is_text) is not bool:
        raise TypeError(f"is_text of codec {codec.name!r} is True or False, not {codec.is_text!r:.100}")
    missing = [name for name in DICTIONARY_METHODS if not callable(getattr(codec, name, None))]
    if missing and len(missing) < len(DICTIONARY_METHODS):
        raise TypeError(f"codec {codec.name!r} uses dictionaries, but has no {' and no '.join(missing)}")
