"""Frames: what one flush of a channel says. PROTOCOL.md, section 4."""

from typing import Any, ClassVar, TypeAlias

import attrs

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.limits import Limits
from realtime_sync.position import MAX_OFFSET, Position

DEFAULT_LIMITS = Limits()


@attrs.frozen
class Event:
    """Something that happened, for the application at the other end.

    Attributes:
        name: What the application listens for.
        data: Any JSON value.
        serial: Of a lossless event, its number: 1, 2, 3, ... in one epoch; None: it may be lost.
    """

    name: str
    data: Json
    serial: int | None = None


@attrs.frozen
class Check:
    """What some values of the document must add up to once a delta is applied.

    Attributes:
        crc32: The checksum of the values at `pointers`, in their order.
        pointers: JSON Pointers into the document at the delta's position; after a `#`, of a container's shape alone.
    """

    crc32: int
    pointers: tuple[str, ...]


@attrs.frozen
class Keyframe:
    """The whole document at `position`.

    Attributes:
        serial: Of the channel's last lossless event up to `position`; 0: there was none.
        lane: The lossless events that a channel keeps beside `events`, for its log alone: never sent.
    """

    kind: ClassVar[str] = "keyframe"
    position: Position
    document: Json
    events: tuple[Event, ...] = ()
    dropped: int = 0
    serial: int = 0
    lane: tuple[Event, ...] = ()


@attrs.frozen
class Delta:
    """The patch from `base` to `position`, both of one epoch."""

    kind: ClassVar[str] = "delta"
    base: Position
    position: Position
    patch: Patch
    events: tuple[Event, ...] = ()
    dropped: int = 0
    check: Check | None = None


@attrs.frozen
class Closed:
    """The channel was deleted; no frame of `epoch` follows.

    Attributes:
        serial: Of the channel's last lossless event; 0: there was none.
    """

    kind: ClassVar[str] = "closed"
    epoch: str
    reason: str
    serial: int = 0


Frame: TypeAlias = Keyframe | Delta | Closed
"""Whatever a flush says."""


def frame_to_wire(frame: Frame) -> dict[str, Any]:
    """Return the JSON object that PROTOCOL.md gives for `frame`; it shares the frame's values."""
    if isinstance(frame, Closed):
        return {"type": "closed", "epoch": frame.epoch, "reason": frame.reason} | extra_to_wire(frame)
    wire: dict[str, Any] = {"type": frame.kind, "epoch": frame.position.epoch}
    if isinstance(frame, Delta):
        wire |= {"base": frame.base.offset, "offset": frame.position.offset, "patch": frame.patch}
    else:
        wire |= {"offset": frame.position.offset, "document": frame.document}
    return wire | extra_to_wire(frame)


def extra_to_wire(frame: Frame) -> dict[str, Any]:
    """Return the members that a frame has only now and then; the same ones in both forms."""
    wire: dict[str, Any] = {}
    if not isinstance(frame, Closed):
        if frame.events:
            wire["events"] = [_event_to_wire(event) for event in frame.events]
        if frame.dropped:
            wire["dropped"] = frame.dropped
    if isinstance(frame, Delta):
        if frame.check is not None:
            wire["check"] = [frame.check.crc32, *frame.check.pointers]
    elif frame.serial:
        wire["serial"] = frame.serial
    return wire


def _event_to_wire(event: Event) -> list[Any]:
    if event.serial is None:
        return [event.name, event.data]
    return [event.name, event.data, event.serial]


def frame_from_wire(value: Any, *, limits: Limits = DEFAULT_LIMITS) -> Frame:
    """Return the frame that a decoded JSON object means; it shares the object's values.

    Raises:
        ProtocolError: It is no frame.
        LimitExceeded: Its patch has more operations than `limits` allows.
    """
    match value:
        case {"type": "delta", "epoch": epoch, "base": base, "offset": offset, "patch": list(patch)}:
            refuse_many_operations(len(patch), limits)
            for operation in patch:
                if type(operation) is not dict:
                    raise ProtocolError(f"an operation is an object, not {operation!r:.100}")
            before, after = Position.from_wire([epoch, base]), Position.from_wire([epoch, offset])
            return delta(before, after, patch, value, limits)
        case {"type": "keyframe", "epoch": epoch, "offset": offset, "document": document}:
            return keyframe(Position.from_wire([epoch, offset]), document, value)
        case {"type": "closed", "epoch": str(epoch), "reason": str(reason)}:
            return closed(epoch, reason, value)
    raise ProtocolError(f"no frame: {value!r:.100}")


# What both forms of a frame have in common: the values are read here, whatever they were wrapped in.


def delta(base: Position, position: Position, patch: Patch, extra: dict[str, Any], limits: Limits) -> Delta:
    """Return a delta whose `events`, `dropped` and `check` are still to be read.

    Raises:
        ProtocolError: It goes nowhere, or `extra` is malformed.
        LimitExceeded: Its check names more values than a patch may have operations.
    """
    if not 0 < base.offset < position.offset:
        raise ProtocolError(f"a delta goes forward from a document, not from {base.offset} to {position.offset}")
    return Delta(base, position, patch, _events(extra), _dropped(extra), _check(extra, limits))


def keyframe(position: Position, document: Json, extra: dict[str, Any]) -> Keyframe:
    """Return a keyframe whose `events`, `dropped` and `serial` are still to be read.

    Raises:
        ProtocolError: `extra` is malformed.
    """
    return Keyframe(position, document, _events(extra), _dropped(extra), _serial(extra))


def closed(epoch: str, reason: str, extra: dict[str, Any]) -> Closed:
    """Return a closing frame whose `serial` is still to be read.

    Raises:
        ProtocolError: `extra` is malformed, or `epoch` is none.
    """
    return Closed(Position.from_wire([epoch, 0]).epoch, reason, _serial(extra))


def refuse_many_operations(count: int, limits: Limits) -> None:
    """Raise LimitExceeded for a patch of more operations than `limits` allows."""
    if count > limits.max_operations:
        raise LimitExceeded("frame", "max_operations", limits.max_operations, count)


def _events(extra: dict[str, Any]) -> tuple[Event, ...]:
    events = extra.get("events", [])
    if type(events) is not list:
        raise ProtocolError(f"events are a list, not {events!r:.100}")
    return tuple(_event(event) for event in events)


def _event(value: Any) -> Event:
    match value:
        case [str(name), data]:
            return Event(name, data)
        case [str(name), data, int(serial)] if 0 < serial <= MAX_OFFSET and not isinstance(serial, bool):
            return Event(name, data, serial)
    raise ProtocolError(f"an event is [name, data] or [name, data, serial], not {value!r:.100}")


def _dropped(extra: dict[str, Any]) -> int:
    dropped = extra.get("dropped", 0)
    if type(dropped) is not int or dropped < 0:
        raise ProtocolError(f"dropped is a count, not {dropped!r:.100}")
    return dropped


def _serial(extra: dict[str, Any]) -> int:
    serial = extra.get("serial", 0)
    if type(serial) is not int or not 0 <= serial <= MAX_OFFSET:
        raise ProtocolError(f"serial is a count, not {serial!r:.100}")
    return serial


def _check(extra: dict[str, Any], limits: Limits) -> Check | None:
    if "check" not in extra:
        return None
    match extra["check"]:
        case [int(crc32), *pointers] if 0 <= crc32 < 2**32 and not isinstance(crc32, bool):
            refuse_many_operations(len(pointers), limits)
            if all(type(pointer) is str for pointer in pointers):
                return Check(crc32, tuple(pointers))
    raise ProtocolError(f"a check is [crc32, pointer, ...], not {extra['check']!r:.100}")
