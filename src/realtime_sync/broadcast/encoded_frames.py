"""Each frame of a channel is encoded once for each codec, whatever the number of subscribers."""

import logging
from collections import OrderedDict
from typing import Any

import attrs
import orjson

from realtime_sync.broadcast.stats import Stats
from realtime_sync.limits import Limits
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.frames import Closed, Delta, Frame, Keyframe, frame_to_wire

KEPT = 16
"""Encodings kept: live frames are used once, keyframes and composed patches by all who join at one position."""

TEXT_CODEC = "json"
"""The codec whose frames are plain JSON values inside the Socket.IO packet."""

logger = logging.getLogger("realtime_sync")


@attrs.frozen
class Body:
    """An encoded frame.

    Attributes:
        value: What is handed to the transport: bytes, or for codec `json` a JSON value.
        size_bytes: Its size, without the transport's own header.
    """

    value: Any
    size_bytes: int


class Encodings:
    """The encoded frames of one channel.

    Args:
        channel: Its name, for the log.
        limits: What clients with the same limits will decode.
        counters: Where encodings are counted.
    """

    def __init__(self, channel: str, limits: Limits, counters: Stats) -> None:
        self._channel, self._limits, self._counters = channel, limits, counters
        self._warned = False
        self._bodies: OrderedDict[tuple[Any, ...], Body] = OrderedDict()

    def body(self, frame: Frame, codec: str) -> Body:
        """Return `frame` encoded, from memory when it was encoded before."""
        key = _key(frame, codec)
        body = self._bodies.get(key)
        if body is None:
            body = self._bodies[key] = self._encode(frame, codec)
            if len(self._bodies) > KEPT:
                self._bodies.popitem(last=False)
        else:
            self._bodies.move_to_end(key)
        return body

    def _encode(self, frame: Frame, codec: str) -> Body:
        self._counters.encodings += 1
        wire = frame_to_wire(frame)
        if isinstance(frame, Keyframe):
            self._warn_of_size(len(orjson.dumps(wire)))
        if codec == TEXT_CODEC:
            return Body(wire, len(orjson.dumps(wire)))
        encoded = get_codec(codec).encode(wire)
        return Body(encoded, len(encoded))

    def _warn_of_size(self, size_bytes: int) -> None:
        allowed = self._limits.max_decoded_bytes
        if size_bytes > allowed and not self._warned:
            self._warned = True
            logger.error(
                "the document of channel %r takes %d bytes as JSON, over max_decoded_bytes=%d: Python clients will "
                "refuse it; pass limits=Limits(max_decoded_bytes=...) on both sides, or use several channels",
                self._channel,
                size_bytes,
                allowed,
            )


def _key(frame: Frame, codec: str) -> tuple[Any, ...]:
    if isinstance(frame, Closed):
        return frame.kind, frame.epoch, frame.reason, codec
    base = frame.base if isinstance(frame, Delta) else None
    # Replayed events are always the newest ones up to the position, so their number says which they are.
    return frame.kind, base, frame.position, len(frame.events), frame.dropped, codec
