"""Frames as bytes, whichever codec and form."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from realtime_sync.errors import ProtocolError
from realtime_sync.limits import Limits
from realtime_sync.wire.codec import Codec
from realtime_sync.wire.compact import frame_from_compact, frame_to_compact
from realtime_sync.wire.dictionary import Dictionary, uses_dictionary
from realtime_sync.wire.frames import DEFAULT_LIMITS, Delta, Frame, frame_from_wire, frame_to_wire

NO_DICTIONARIES: Mapping[str, Dictionary] = MappingProxyType({})


def encode_frame(frame: Frame, codec: Codec, dictionary: Dictionary | None = None) -> bytes:
    """Return `frame` as bytes: in the plain form for codecs that are text, in the compact form for all others.

    Args:
        frame: What to say.
        codec: How; the same bytes every time.
        dictionary: What the receivers hold already. Only deltas use it, and only codecs that can.

    Raises:
        InvalidValue: The codec noticed a value that is no JSON.
    """
    if codec.is_text:
        return codec.encode(frame_to_wire(frame))
    compact = frame_to_compact(frame)
    if dictionary is not None and isinstance(frame, Delta) and uses_dictionary(codec):
        return codec.encode_with(compact, dictionary)
    return codec.encode(compact)


def decode_frame(
    data: bytes,
    codec: Codec,
    dictionaries: Mapping[str, Dictionary] = NO_DICTIONARIES,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Frame:
    """Return the frame that a stranger's bytes mean.

    Args:
        data: Anything.
        codec: What they are meant to be.
        dictionaries: Those that are held, by their ids.
        limits: Bounds on what is decoded.

    Raises:
        UnknownDictionary: It needs a dictionary that is not held.
        LimitExceeded: It is larger than `limits` allows.
        DecodeError: These are no bytes of this codec.
        ProtocolError: What they mean is no frame.
    """
    if uses_dictionary(codec):
        value = codec.decode_with(data, dictionaries, limits=limits)
    else:
        value = codec.decode(data, limits=limits)
    return frame_from_value(value, limits=limits)


def frame_from_value(value: Any, *, limits: Limits = DEFAULT_LIMITS) -> Frame:
    """Return the frame that a decoded value means, in whichever form.

    Raises:
        ProtocolError: It is no frame.
        LimitExceeded: Its patch is larger than `limits` allows.
    """
    if isinstance(value, dict):
        return frame_from_wire(value, limits=limits)
    if isinstance(value, list):
        return frame_from_compact(value, limits=limits)
    raise ProtocolError(f"no frame: {value!r:.100}")
