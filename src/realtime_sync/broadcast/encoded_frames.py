"""Each frame of a channel is encoded once for each codec, whatever the number of subscribers."""

import itertools
import logging
import time
from collections import OrderedDict
from typing import Any

import attrs
import orjson

from realtime_sync.broadcast.dictionaries import Dictionaries
from realtime_sync.broadcast.stats import Counters
from realtime_sync.errors import LimitExceeded, MessageTooLarge
from realtime_sync.limits import Limits
from realtime_sync.replication.primary import CatchUp
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.dictionary import Dictionary
from realtime_sync.wire.elements import survey_json
from realtime_sync.wire.encoding import encode_frame
from realtime_sync.wire.frames import Closed, Delta, Frame, Keyframe, frame_to_wire
from realtime_sync.wire.messages import Outcome
from realtime_sync.wire.parts import Part, split_bytes, split_text

KEPT = 16
"""Encodings kept: live frames are used once, keyframes and composed patches by all who join at one position."""

KEPT_BYTES = 32 * 2**20
"""The newest is kept whatever its size."""

TEXT_CODEC = "json"
"""The codec whose frames are plain JSON values inside the Socket.IO packet."""

PLAIN_BYTES = 64 * 2**10
"""A larger frame of that codec travels as text, in one part or more: for each joiner, python-socketio looks for bytes
in all of a JSON value and writes it anew, 11 to 18 ms a megabyte; a string it only escapes, in 2 or 3."""

SURE_BELOW = 4
"""A patch under a quarter of the last keyframe's size wins without encoding another keyframe to compare."""

HIGHEST_RATIO = 2**15
"""A zstd block of 4 bytes can mean 128 KiB; no frame decodes to more than so many times its size."""

SERIALIZERS = ("json", "msgpack")
"""What the names of the built-in codecs begin with."""

logger = logging.getLogger("realtime_sync")


@attrs.frozen
class Body:
    """What one message carries.

    Attributes:
        value: What is handed to the transport: bytes, or a JSON value, in which bytes may be.
        size_bytes: Its size, without the transport's own header.
    """

    value: Any
    size_bytes: int


@attrs.frozen
class EncodedFrame:
    """A frame as it travels: in one body, or in parts.

    Attributes:
        bodies: In the order of sending.
    """

    bodies: tuple[Body, ...]

    @property
    def size_bytes(self) -> int:
        """Size of all bodies together."""
        return sum(body.size_bytes for body in self.bodies)


class Encodings:
    """The encoded frames of one channel.

    Args:
        channel: Its name, for the log.
        limits: What one message, and what clients with the same limits, will take.
        counters: Where encodings are counted.

    Attributes:
        dictionaries: What deltas are compressed with.
    """

    def __init__(self, channel: str, limits: Limits, counters: Counters) -> None:
        self._channel, self._limits, self._counters = channel, limits, counters
        self.dictionaries = Dictionaries()
        self._kept: OrderedDict[tuple[Any, ...], EncodedFrame | MessageTooLarge] = OrderedDict()
        self._kept_bytes = 0
        self._keyframe_bytes: dict[str, int] = {}  # size of the last one encoded, by codec
        self._part_ids = itertools.count(1)
        self._refused: set[str] = set()  # codecs for which a frame was too large

    def encode(self, frame: Frame, codec: str) -> EncodedFrame:
        """Return `frame` encoded, from memory when it was encoded before.

        Raises:
            MessageTooLarge: Clients with the same limits would refuse it.
            Exception: Whatever a codec of somebody else raises.
        """
        dictionary = self.dictionaries.current(codec) if isinstance(frame, Delta) else None
        key = _key(frame, codec, dictionary)
        known = self._kept.get(key)
        if known is None:
            known = self._encode_anew(frame, codec, dictionary)
            self._keep(key, known)
        else:
            self._kept.move_to_end(key)
        if isinstance(known, MessageTooLarge):
            raise MessageTooLarge(*known.args)
        return known

    def smallest(self, cut: CatchUp, codec: str) -> tuple[Outcome, EncodedFrame | None]:
        """Return how a subscriber is caught up, and what it is sent for it: whichever is smaller, patch or keyframe.

        Raises:
            What `encode` raises, when there is nothing that can be sent.
        """
        if cut.keyframe is None:
            return cut.outcome, None
        if cut.delta is None:
            return Outcome.KEYFRAME, self._encode_keyframe(cut.keyframe, codec)
        try:
            patch = self.encode(cut.delta, codec)
        except MessageTooLarge:
            return Outcome.KEYFRAME, self._encode_keyframe(cut.keyframe, codec)
        if patch.size_bytes * SURE_BELOW < self._keyframe_bytes.get(codec, 0):
            return Outcome.PATCH, patch
        try:
            keyframe = self._encode_keyframe(cut.keyframe, codec)
        except MessageTooLarge:
            return Outcome.PATCH, patch
        if patch.size_bytes <= keyframe.size_bytes:
            return Outcome.PATCH, patch
        return Outcome.KEYFRAME, keyframe

    def saved_bytes(self, frame: Frame, codec: str) -> int:
        """Return what the document's last known size in `codec` is beyond a delta's; 0 when that is not known."""
        if not isinstance(frame, Delta):
            return 0
        return max(0, self._keyframe_bytes.get(codec, 0) - self.encode(frame, codec).size_bytes)

    def _encode_keyframe(self, keyframe: Keyframe, codec: str) -> EncodedFrame:
        encoded = self.encode(keyframe, codec)
        self._keyframe_bytes[codec] = encoded.size_bytes
        return encoded

    # ---- encoding ------------------------------------------------------------------------------------------------

    def _encode_anew(self, frame: Frame, codec: str, dictionary: Dictionary | None) -> EncodedFrame | MessageTooLarge:
        started = time.perf_counter()
        try:
            return self._as_text(frame) if codec == TEXT_CODEC else self._as_bytes(frame, codec, dictionary)
        except MessageTooLarge as error:
            self._report(codec, error)
            return MessageTooLarge(*error.args)  # one that was raised holds its frames, and so the document
        finally:
            self._counters.add(encodings=1, encode_s=time.perf_counter() - started)

    def _as_text(self, frame: Frame) -> EncodedFrame:
        wire = frame_to_wire(frame)
        text = orjson.dumps(wire)
        self._check_size(frame, TEXT_CODEC, "max_decoded_bytes", self._limits.max_decoded_bytes, len(text))
        self._check_elements(frame, TEXT_CODEC, text)
        if len(text) <= min(PLAIN_BYTES, self._limits.max_message_bytes):
            return EncodedFrame((Body(wire, len(text)),))
        self._check_size(frame, TEXT_CODEC, "max_encoded_bytes", self._limits.max_encoded_bytes, len(text))
        # Inside the packet a quotation mark of the text takes two bytes.
        return _in_parts(split_text(text, self._new_part_id(), self._limits.max_message_bytes // 2))

    def _as_bytes(self, frame: Frame, codec: str, dictionary: Dictionary | None) -> EncodedFrame:
        encoded = encode_frame(frame, get_codec(codec), dictionary)
        self._check_size(frame, codec, "max_encoded_bytes", self._limits.max_encoded_bytes, len(encoded))
        # A value takes a byte at least, in any codec; of other frames the values are not counted.
        max_values = self._limits.max_elements if isinstance(frame, Keyframe) else self._limits.max_decoded_bytes
        if len(encoded) * HIGHEST_RATIO > min(self._limits.max_decoded_bytes, max_values):
            plain_bytes = _plain_bytes(frame, codec)
            self._check_size(frame, codec, "max_decoded_bytes", self._limits.max_decoded_bytes, plain_bytes)
            if plain_bytes > max_values:
                self._check_elements(frame, codec, orjson.dumps(frame_to_wire(frame)))
        if len(encoded) <= self._limits.max_message_bytes:
            return EncodedFrame((Body(encoded, len(encoded)),))
        return _in_parts(split_bytes(encoded, self._new_part_id(), self._limits.max_message_bytes))

    def _new_part_id(self) -> str:
        return str(next(self._part_ids))

    # ---- sizes ---------------------------------------------------------------------------------------------------

    def _check_size(self, frame: Frame, codec: str, limit: str, allowed: int, found: int) -> None:
        if found > allowed:
            subject = f"a {frame.kind} of channel {self._channel!r} in codec {codec}"
            raise MessageTooLarge(subject, limit, allowed, found)

    def _check_elements(self, frame: Frame, codec: str, text: bytes) -> None:
        """Refuse a document of more values than its replicas take: each capture was bounded, all together were not.

        A patch of as many is no more than a gap, and the document answers it.
        """
        allowed = self._limits.max_elements
        if not isinstance(frame, Keyframe) or len(text) <= allowed:
            return
        if sum(map(text.count, (b",", b"[", b"{"))) < allowed:
            return  # every value but the outermost comes after one of these
        try:
            survey_json(text, codec, self._limits)
        except LimitExceeded as error:
            self._check_size(frame, codec, error.limit, error.allowed, error.found)

    def _report(self, codec: str, error: MessageTooLarge) -> None:
        if codec not in self._refused:
            self._refused.add(codec)
            logger.error(
                "%s; clients that need it are told `unavailable`: pass limits=Limits(%s=...) on both sides, or use "
                "several channels",
                error,
                error.limit,
            )

    # ---- memory --------------------------------------------------------------------------------------------------

    def _keep(self, key: tuple[Any, ...], encoded: EncodedFrame | MessageTooLarge) -> None:
        self._kept[key] = encoded
        self._kept_bytes += _kept_bytes(encoded)
        while len(self._kept) > 1 and (len(self._kept) > KEPT or self._kept_bytes > KEPT_BYTES):
            _, forgotten = self._kept.popitem(last=False)
            self._kept_bytes -= _kept_bytes(forgotten)


def _kept_bytes(encoded: EncodedFrame | MessageTooLarge) -> int:
    return 0 if isinstance(encoded, MessageTooLarge) else encoded.size_bytes


def _plain_bytes(frame: Frame, codec: str) -> int:
    """Return the size of a frame before it is compressed; of a codec that is not ours, what JSON would take."""
    serializer = codec.partition("+")[0]
    plain = get_codec(serializer if serializer in SERIALIZERS else TEXT_CODEC)
    return len(plain.encode(frame_to_compact(frame)))


def _in_parts(parts: list[Part]) -> EncodedFrame:
    return EncodedFrame(tuple(Body(part.to_wire(), _size_bytes(part.data)) for part in parts))


def _size_bytes(data: bytes | str) -> int:
    return len(data if isinstance(data, bytes) else data.encode())


def _key(frame: Frame, codec: str, dictionary: Dictionary | None) -> tuple[Any, ...]:
    if isinstance(frame, Closed):
        return frame.kind, frame.epoch, frame.reason, codec
    base = frame.base if isinstance(frame, Delta) else None
    # Replayed events are the newest ordinary ones up to the position, and all lossless ones from the first of them:
    # their number and that one's say which they are.
    first_serial = next((event.serial for event in frame.events if event.serial is not None), None)
    events = len(frame.events), first_serial, frame.dropped
    return frame.kind, base, frame.position, events, codec, dictionary and dictionary.id
