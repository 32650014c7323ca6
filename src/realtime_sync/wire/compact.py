"""Frames as arrays, for codecs that a person does not read. PROTOCOL.md, section 4.

A patch of a living document names few places and says their long paths again and again. Here consecutive operations
that share a parent say it once:

    [{"op": "append", "path": "/all_nodes/n7/full_result", "value": " next tokens"},
     {"op": "replace", "path": "/all_nodes/n7/timestamp_updated", "value": 1767225600.5}]

    [["/all_nodes/n7", "~full_result", " next tokens", "=timestamp_updated", 1767225600.5]]
"""

from collections.abc import Iterator
from typing import Any

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.jsontypes import Operation, Patch
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.wire.frames import (
    DEFAULT_LIMITS,
    Closed,
    Frame,
    Keyframe,
    closed,
    delta,
    extra_to_wire,
    keyframe,
    refuse_many_operations,
)

_OPERATIONS: dict[str, tuple[str, str | None]] = {
    "=": ("replace", "value"),
    "+": ("add", "value"),
    "~": ("append", "value"),
    "?": ("test", "value"),
    "-": ("remove", None),
    ">": ("move", "from"),
    ":": ("copy", "from"),
}
"""What the first character of a word means, and which member of the operation follows the word."""

_CHARACTERS = {name: (character, operand) for character, (name, operand) in _OPERATIONS.items()}


def frame_to_compact(frame: Frame) -> list[Any]:
    """Return the array that PROTOCOL.md gives for `frame`; it shares the frame's values."""
    wire: list[Any]
    if isinstance(frame, Closed):
        wire = ["c", frame.epoch, frame.reason]
    elif isinstance(frame, Keyframe):
        wire = ["k", frame.position.epoch, frame.position.offset, frame.document]
    else:
        steps = frame.position.offset - frame.base.offset
        wire = ["d", frame.position.epoch, frame.base.offset, steps, changes_of(frame.patch)]
    if extra := extra_to_wire(frame):
        wire.append(extra)
    return wire


def frame_from_compact(value: Any, *, limits: Limits = DEFAULT_LIMITS) -> Frame:
    """Return the frame that a decoded array means; it shares the array's values.

    Raises:
        ProtocolError: It is no frame.
        LimitExceeded: Its patch has more operations than `limits` allows, or longer paths.
    """
    match value:
        case ["d", epoch, base, steps, list(changes), *rest]:
            before = Position.from_wire([epoch, base])
            return delta(before, _further(before, steps), patch_of(changes, limits=limits), _extra(rest), limits)
        case ["k", epoch, offset, document, *rest]:
            return keyframe(Position.from_wire([epoch, offset]), document, _extra(rest))
        case ["c", epoch, str(reason), *rest]:
            return closed(epoch, reason, _extra(rest))
    raise ProtocolError(f"no frame: {value!r:.100}")


def _further(base: Position, steps: Any) -> Position:
    if type(steps) is not int:
        raise ProtocolError(f"a delta counts its steps, and {steps!r:.100} is no count")
    return Position.from_wire([base.epoch, base.offset + steps])


def _extra(rest: list[Any]) -> dict[str, Any]:
    match rest:
        case []:
            return {}
        case [dict(extra)]:
            return extra
    raise ProtocolError(f"a frame ends with an object or without, not with {rest!r:.100}")


# ---- patches -------------------------------------------------------------------------------------------------------


def changes_of(patch: Patch) -> list[Any]:
    """Return `patch` with consecutive operations under one parent as one group; it shares the patch's values."""
    changes: list[Any] = []
    group: list[Any] = []
    for operation in patch:
        entry = _entry(operation)
        if entry is None:
            changes.append(operation)
            group = []
        elif group and group[0] == entry[0]:
            group += entry[1:]
        else:
            group = entry
            changes.append(group)
    return changes


def _entry(operation: Operation) -> list[Any] | None:
    """Return a group of this operation alone; None when a group could not say it to the letter."""
    name, path = operation.get("op"), operation.get("path")
    if type(name) is not str or type(path) is not str or name not in _CHARACTERS:
        return None
    character, operand = _CHARACTERS[name]
    parent, slash, rest = path.rpartition("/")
    if rest and not slash:
        return None
    entry = [parent if slash else None, character + rest]
    if operand is None:
        return entry if len(operation) == 2 else None
    if len(operation) != 3 or operand not in operation:
        return None
    entry.append(operation[operand])
    return entry


def patch_of(changes: list[Any], *, limits: Limits = DEFAULT_LIMITS) -> Patch:
    """Return the operations that `changes` mean, in their order; they share its values.

    What an operation says is judged when it is applied.

    Raises:
        ProtocolError: Something among them is neither a group nor an operation.
        LimitExceeded: They are more operations than `limits` allows, or their paths are too long.
    """
    patch = _GrowingPatch(limits)
    for change in changes:
        if type(change) is dict:
            patch.add(change)
        else:
            patch.ungroup(change)
    return patch.operations


class _GrowingPatch:
    """Operations within limits, of which the length of all paths is one: 10 kB can say 10 kB of parent 5,000 times."""

    def __init__(self, limits: Limits) -> None:
        self.operations: Patch = []
        self._limits = limits
        self._path_bytes = 0

    def add(self, operation: Operation) -> None:
        self.operations.append(operation)
        refuse_many_operations(len(self.operations), self._limits)

    def ungroup(self, group: Any) -> None:
        match group:
            case [None | str() as parent, _, *_]:
                words = iter(group)
                next(words)
                for word in words:
                    self._add_entry(parent, word, words)
            case _:
                raise ProtocolError(f"a change is an operation or [parent, word, ...], not {group!r:.100}")

    def _add_entry(self, parent: str | None, word: Any, operands: Iterator[Any]) -> None:
        if type(word) is not str or word[:1] not in _OPERATIONS:
            raise ProtocolError(f"a word of a group begins with one of {' '.join(_OPERATIONS)}, unlike {word!r:.100}")
        name, operand = _OPERATIONS[word[0]]
        operation: Operation = {"op": name, "path": self._path(parent, word)}
        if operand is not None:
            try:
                operation[operand] = next(operands)
            except StopIteration:
                raise ProtocolError(f"a group ends behind {word!r:.100}, which something must follow") from None
        self.add(operation)

    def _path(self, parent: str | None, word: str) -> str:
        if parent is None:
            if len(word) > 1:
                raise ProtocolError(f"the root has no parent, so {word!r:.100} is nothing below it")
            return ""
        path = f"{parent}/{word[1:]}"
        self._path_bytes += len(path) if path.isascii() else 4 * len(path)  # the most that CPython takes for it
        if self._path_bytes > self._limits.max_decoded_bytes:
            raise LimitExceeded("frame", "max_decoded_bytes", self._limits.max_decoded_bytes, self._path_bytes)
        return path
