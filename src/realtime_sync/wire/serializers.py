"""JSON values and bytes, uncompressed.

Writing trusts its caller: a value is normal JSON, as `normalize` returns it. Reading trusts nobody: what comes out is
normal JSON, or nothing does.
"""

from collections.abc import Callable
from typing import Any

import attrs
import msgpack
import orjson

from realtime_sync.errors import DecodeError, InvalidValue
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.wire.elements import admit_json, admit_msgpack, refuse_unsafe_integer


@attrs.frozen
class Serializer:
    """One way to write a JSON value as bytes.

    Attributes:
        name: What a codec's name says before the `+`.
        is_text: Whether the bytes are text in UTF-8.
        dumps: Return a value as bytes, the same ones every time. Raises InvalidValue for what it notices to be no JSON.
        loads: Return the value that (bytes, name of the codec, limits) means. Raises DecodeError.
    """

    name: str
    is_text: bool
    dumps: Callable[[Json], bytes]
    loads: Callable[[bytes, str, Limits], Json]


def _dumps_json(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise _no_json(error) from error


def _loads_json(data: bytes, codec: str, limits: Limits) -> Json:
    admit_json(data, codec, limits)
    may_have_unsafe_integers = _has_long_number(data)
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        problem = f"{error.msg} at character {error.pos}"
    else:
        if may_have_unsafe_integers:
            _refuse_unsafe_integers(value, codec)
        return value
    # Raised here, because the error of orjson holds the whole text, which may take 64 MiB.
    raise DecodeError(codec, problem)


_DIGITS_AS_ZEROS = bytes(ord("0") if byte in b"0123456789" else 0 for byte in range(256))
_SAFE_DIGITS = 15
"""2**53 has 16 digits."""


def _has_long_number(data: bytes) -> bool:
    """Return whether an integer in JSON text could be unsafe; 0.4 ns a byte, where looking at each value takes 1."""
    return b"0" * (_SAFE_DIGITS + 1) in data.translate(_DIGITS_AS_ZEROS)


def _refuse_unsafe_integers(value: Json, codec: str) -> None:
    containers: list[Any] = [[value]]
    for container in containers:  # grows while it is walked
        for child in container.values() if type(container) is dict else container:
            if type(child) is dict or type(child) is list:
                containers.append(child)
            elif type(child) is int:
                refuse_unsafe_integer(child, codec)


def _dumps_msgpack(value: Json) -> bytes:
    try:
        packed: bytes = msgpack.packb(value, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise _no_json(error) from error
    return packed


def _loads_msgpack(data: bytes, codec: str, limits: Limits) -> Json:
    admit_msgpack(data, codec, limits)
    try:
        value: Json = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except ValueError as error:
        problem = str(error)
    else:
        return value
    raise DecodeError(codec, problem)  # out here for the reason given above: a UnicodeDecodeError holds its text


def _no_json(error: Exception) -> InvalidValue:
    return InvalidValue("", str(error), "pass the value through realtime_sync.normalize first")


SERIALIZERS = (
    Serializer("json", True, _dumps_json, _loads_json),
    Serializer("msgpack", False, _dumps_msgpack, _loads_msgpack),
)
"""What a codec's name may say before the `+`."""
