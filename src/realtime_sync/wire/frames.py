"""Frames: what one flush of a channel says. PROTOCOL.md, section 4."""

from typing import Any, ClassVar, TypeAlias

import attrs

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.limits import Limits
from realtime_sync.position import Position

DEFAULT_LIMITS = Limits()


@attrs.frozen
class Event:
    """Something that happened, for the application at the other end."""

    name: str
    data: Json


@attrs.frozen
class Keyframe:
    """The whole document at `position`."""

    kind: ClassVar[str] = "keyframe"
    position: Position
    document: Json
    events: tuple[Event, ...] = ()
    dropped: int = 0


@attrs.frozen
class Delta:
    """The patch from `base` to `position`, both of one epoch."""

    kind: ClassVar[str] = "delta"
    base: Position
    position: Position
    patch: Patch
    events: tuple[Event, ...] = ()
    dropped: int = 0


@attrs.frozen
class Closed:
    """The channel was deleted; no frame of `epoch` follows."""

    kind: ClassVar[str] = "closed"
    epoch: str
    reason: str


Frame: TypeAlias = Keyframe | Delta | Closed
"""Whatever a flush says."""


def frame_to_wire(frame: Frame) -> dict[str, Any]:
    """Return the JSON object that PROTOCOL.md gives for `frame`; it shares the frame's values."""
    if isinstance(frame, Closed):
        return {"type": "closed", "epoch": frame.epoch, "reason": frame.reason}
    wire: dict[str, Any] = {"type": frame.kind, "epoch": frame.position.epoch}
    if isinstance(frame, Delta):
        wire |= {"base": frame.base.offset, "offset": frame.position.offset, "patch": frame.patch}
    else:
        wire |= {"offset": frame.position.offset, "document": frame.document}
    if frame.events:
        wire["events"] = [[event.name, event.data] for event in frame.events]
    if frame.dropped:
        wire["dropped"] = frame.dropped
    return wire


def frame_from_wire(value: Any, *, limits: Limits = DEFAULT_LIMITS) -> Frame:
    """Return the frame that a decoded JSON object means; it shares the object's values.

    Raises:
        ProtocolError: It is no frame.
        LimitExceeded: Its patch has more operations than `limits` allows.
    """
    match value:
        case {"type": "delta", "epoch": epoch, "base": base, "offset": offset, "patch": list(patch)}:
            _check_patch(patch, limits)
            before, after = Position.from_wire([epoch, base]), Position.from_wire([epoch, offset])
            if not 0 < before.offset < after.offset:
                raise ProtocolError(f"a delta goes forward from a document, not from {base} to {offset}")
            return Delta(before, after, patch, _events(value), _dropped(value))
        case {"type": "keyframe", "epoch": epoch, "offset": offset, "document": document}:
            return Keyframe(Position.from_wire([epoch, offset]), document, _events(value), _dropped(value))
        case {"type": "closed", "epoch": str(epoch), "reason": str(reason)}:
            return Closed(Position.from_wire([epoch, 0]).epoch, reason)
    raise ProtocolError(f"no frame: {value!r:.100}")


def _check_patch(patch: list[Any], limits: Limits) -> None:
    if len(patch) > limits.max_operations:
        raise LimitExceeded("frame", "max_operations", limits.max_operations, len(patch))
    for operation in patch:
        if type(operation) is not dict:
            raise ProtocolError(f"an operation is an object, not {operation!r:.100}")


def _events(wire: dict[str, Any]) -> tuple[Event, ...]:
    events = wire.get("events", [])
    if type(events) is not list:
        raise ProtocolError(f"events are a list, not {events!r:.100}")
    return tuple(_event(event) for event in events)


def _event(value: Any) -> Event:
    match value:
        case [str(name), data]:
            return Event(name, data)
    raise ProtocolError(f"an event is [name, data], not {value!r:.100}")


def _dropped(wire: dict[str, Any]) -> int:
    dropped = wire.get("dropped", 0)
    if type(dropped) is not int or dropped < 0:
        raise ProtocolError(f"dropped is a count, not {dropped!r:.100}")
    return dropped
