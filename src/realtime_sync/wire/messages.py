"""What client and server say beside frames. PROTOCOL.md, sections 2 and 3."""

import enum
from typing import Any

import attrs

from realtime_sync.brief import brief
from realtime_sync.errors import ProtocolError
from realtime_sync.position import MAX_EPOCH_CHARS, MAX_OFFSET, Position

WIRE_VERSION = 1
SPOKEN_VERSIONS = (WIRE_VERSION,)
"""This version and the one before; there is none before the first."""

SUBSCRIBE = "sync:subscribe"
RESYNC = "sync:resync"
UNSUBSCRIBE = "sync:unsubscribe"
FETCH = "sync:fetch"
ACK = "sync:ack"
BATCH_UPDATE = "batch_update"
CHECK_READINESS = "check_readiness"

CLIENT_EVENTS = (SUBSCRIBE, RESYNC, UNSUBSCRIBE, FETCH, ACK)
"""What clients say."""

MAX_REQUEST_CHARS = 64
MAX_CODECS_OFFERED = 32
"""More than any client knows; a longer list is no preference but a load."""

MAX_CODEC_CHARS = 64
"""Registering a longer name is refused."""

MAX_DICTIONARIES_READ = 4
"""A client keeps two of a channel."""

MAX_DICTIONARY_ID_CHARS = 64
"""Ids have 8; a request that waits for its turn keeps those that it names."""


class Outcome(enum.Enum):
    """How the server answered a request."""

    UP_TO_DATE = "up_to_date"
    PATCH = "patch"
    KEYFRAME = "keyframe"
    WAITING = "waiting"
    FORBIDDEN = "forbidden"
    UPGRADE_REQUIRED = "upgrade_required"
    TOO_MANY_CHANNELS = "too_many_channels"
    UNAVAILABLE = "unavailable"
    TOO_SLOW = "too_slow"
    INVALID = "invalid"

    @property
    def subscribed(self) -> bool:
        """Whether the client receives the channel's frames from now on."""
        return self in _SUBSCRIBED

    @property
    def is_refusal(self) -> bool:
        """Whether asking again would change nothing."""
        return not self.subscribed and self not in _FOR_NOW


_SUBSCRIBED = {Outcome.UP_TO_DATE, Outcome.PATCH, Outcome.KEYFRAME, Outcome.WAITING}
_FOR_NOW = {Outcome.UNAVAILABLE, Outcome.TOO_SLOW}


@attrs.frozen
class Heard:
    """Which lossless events an application has got: of one epoch all up to a number.

    Beside the position, because it outlives it: a replica that lost its document still knows what it told.

    Attributes:
        epoch: The life of the channel's log that numbered them.
        serial: Of the last one; 0 for none.
    """

    epoch: str
    serial: int

    def to_wire(self) -> list[Any]:
        """Return `[epoch, serial]`."""
        return [self.epoch, self.serial]

    @classmethod
    def from_wire(cls, value: object) -> "Heard":
        """Raises ProtocolError when `value` is no `[epoch, serial]`."""
        match value:
            case [str(epoch), int(serial)] if 0 < len(epoch) <= MAX_EPOCH_CHARS and 0 <= serial <= MAX_OFFSET:
                if not isinstance(serial, bool):
                    return cls(epoch, serial)
        raise ProtocolError(f"heard is [epoch, serial], not {brief(value)}")


@attrs.frozen
class Subscribe:
    """A client asks for a channel, anew or again.

    Attributes:
        heard: The lossless events that it has got; None: it begins with those that are to come.
        dictionaries: Ids of the channel's dictionaries that it holds.
    """

    channel: str
    request: str
    codecs: tuple[str, ...]
    position: Position | None
    version: int = WIRE_VERSION
    dictionaries: tuple[str, ...] = ()
    heard: Heard | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        wire: dict[str, Any] = {
            "version": self.version,
            "channel": self.channel,
            "request": self.request,
            "codecs": list(self.codecs),
            "position": self.position and self.position.to_wire(),
        }
        return wire | _held_to_wire(self.dictionaries, self.heard)

    @classmethod
    def from_wire(cls, value: Any) -> "Subscribe":
        """Raises ProtocolError when `value` is no such message."""
        match value:
            case {"version": int(version), "channel": str(channel), "codecs": list(codecs)}:
                if len(codecs) > MAX_CODECS_OFFERED or not all(_is_text(codec, MAX_CODEC_CHARS) for codec in codecs):
                    raise ProtocolError(f"codecs is a list of at most {MAX_CODECS_OFFERED} names")
                return cls(
                    channel,
                    _request(value),
                    tuple(codecs),
                    _position(value),
                    version,
                    _dictionaries(value),
                    _heard(value),
                )
        raise ProtocolError(f"no {SUBSCRIBE} message: {brief(value)}")


@attrs.frozen
class Resync:
    """A subscribed client lost the thread at `position`.

    Attributes:
        dictionaries: Ids of the channel's dictionaries that it holds.
        heard: The lossless events that it has got.
    """

    channel: str
    request: str
    position: Position | None
    dictionaries: tuple[str, ...] = ()
    heard: Heard | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        wire: dict[str, Any] = {
            "channel": self.channel,
            "request": self.request,
            "position": self.position and self.position.to_wire(),
        }
        return wire | _held_to_wire(self.dictionaries, self.heard)

    @classmethod
    def from_wire(cls, value: Any) -> "Resync":
        """Raises ProtocolError when `value` is no such message."""
        match value:
            case {"channel": str(channel)}:
                return cls(channel, _request(value), _position(value), _dictionaries(value), _heard(value))
        raise ProtocolError(f"no {RESYNC} message: {brief(value)}")


@attrs.frozen
class Ack:
    """A subscribed client holds the document at `position`."""

    channel: str
    position: Position

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        return {"channel": self.channel, "position": self.position.to_wire()}

    @classmethod
    def from_wire(cls, value: Any) -> "Ack":
        """Raises ProtocolError when `value` is no such message."""
        match value:
            case {"channel": str(channel), "position": list(position)}:
                return cls(channel, Position.from_wire(position))
        raise ProtocolError(f"no {ACK} message: {brief(value)}")


@attrs.frozen
class Fetch:
    """A client wants the value at one pointer of a channel's document."""

    channel: str
    pointer: str

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        return {"channel": self.channel, "pointer": self.pointer}

    @classmethod
    def from_wire(cls, value: Any) -> "Fetch":
        """Raises ProtocolError when `value` is no such message."""
        match value:
            case {"channel": str(channel), "pointer": str(pointer)}:
                return cls(channel, pointer)
        raise ProtocolError(f"no {FETCH} message: {brief(value)}")


@attrs.frozen
class Answer:
    """What the server says about a request, outside the frame that comes with it.

    Attributes:
        outcome: How the server decided.
        request: The id that is answered; None when the server speaks unasked.
        codec: Codec of this body and all later frames; None when not subscribed.
        position: Where the channel stands, for `up_to_date` and `waiting`.
        message: Text for a human.
        dropped: Events that were missed since the position that the request named, and that the frame beside it does
            not say: so one keyframe serves all, however long each was away.
        serial: Of the channel's last lossless event, for `waiting`; 0: there was none.
    """

    outcome: Outcome
    request: str | None = None
    codec: str | None = None
    position: Position | None = None
    message: str | None = None
    dropped: int = 0
    serial: int = 0

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        wire: dict[str, Any] = {"outcome": self.outcome.value}
        if self.request is not None:
            wire["request"] = self.request
        if self.codec is not None:
            wire["codec"] = self.codec
        if self.position is not None:
            wire["position"] = self.position.to_wire()
        if self.message is not None:
            wire["message"] = self.message
        if self.dropped:
            wire["dropped"] = self.dropped
        if self.serial:
            wire["serial"] = self.serial
        return wire

    @classmethod
    def from_wire(cls, value: Any) -> "Answer":
        """Raises ProtocolError when `value` is no such message."""
        match value:
            case {"outcome": str(outcome)}:
                try:
                    known = Outcome(outcome)
                except ValueError:
                    raise ProtocolError(f"no outcome {brief(outcome)}") from None
                return cls(
                    known,
                    _optional_text(value, "request"),
                    _optional_text(value, "codec"),
                    _position(value),
                    _optional_text(value, "message"),
                    _count(value, "dropped"),
                    _count(value, "serial"),
                )
        raise ProtocolError(f"no answer: {brief(value)}")


def unsubscribe_to_wire(channel: str) -> dict[str, Any]:
    """Return the message that ends a subscription."""
    return {"channel": channel}


def channel_of(value: Any) -> str | None:
    """Return the channel that a message names, even when the rest of it is no message."""
    match value:
        case {"channel": str(channel)}:
            return channel
    return None


def request_of(value: Any) -> str | None:
    """Return the request id of a message, even when the rest of it is no message."""
    match value:
        case {"request": str(request)} if 0 < len(request) <= MAX_REQUEST_CHARS:
            return request
    return None


def _request(value: Any) -> str:
    request = request_of(value)
    if request is None:
        raise ProtocolError(f"request is a string of 1 to {MAX_REQUEST_CHARS} characters")
    return request


def _position(value: dict[str, Any]) -> Position | None:
    position = value.get("position")
    return None if position is None else Position.from_wire(position)


def _held_to_wire(dictionaries: tuple[str, ...], heard: Heard | None) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    if dictionaries:
        wire["dictionaries"] = list(dictionaries)
    if heard is not None:
        wire["heard"] = heard.to_wire()
    return wire


def _heard(value: dict[str, Any]) -> Heard | None:
    heard = value.get("heard")
    return None if heard is None else Heard.from_wire(heard)


def _dictionaries(value: dict[str, Any]) -> tuple[str, ...]:
    ids = value.get("dictionaries", [])
    if type(ids) is not list or not all(_is_text(one, MAX_DICTIONARY_ID_CHARS) for one in ids[:MAX_DICTIONARIES_READ]):
        raise ProtocolError(f"dictionaries is a list of ids, not {brief(ids)}")
    return tuple(ids[:MAX_DICTIONARIES_READ])


def _is_text(value: object, max_chars: int) -> bool:
    return type(value) is str and len(value) <= max_chars


def _optional_text(value: dict[str, Any], member: str) -> str | None:
    text = value.get(member)
    if text is not None and type(text) is not str:
        raise ProtocolError(f"{member} is a string, not {brief(text)}")
    return text


def _count(value: dict[str, Any], member: str) -> int:
    count = value.get(member, 0)
    if type(count) is not int or not 0 <= count <= MAX_OFFSET:
        raise ProtocolError(f"{member} is a count, not {brief(count)}")
    return count
