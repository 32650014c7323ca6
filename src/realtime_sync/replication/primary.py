"""The writing end of one channel: captures changes, and cuts them into frames."""

from typing import Any

import attrs

from realtime_sync.document.compose import compose
from realtime_sync.document.diff import diff, diff_into
from realtime_sync.document.draft import Draft, draft
from realtime_sync.document.normalize import NORMALIZE, Normalizer
from realtime_sync.document.patch import apply_patch
from realtime_sync.document.pointer import format_pointer, parse_pointer, resolve
from realtime_sync.errors import EditConflict, InvalidName, InvalidValue, NoDocument, PathNotFound
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.check_schedule import CheckSchedule
from realtime_sync.replication.event_counts import EventCounts
from realtime_sync.replication.event_queue import EventQueue
from realtime_sync.replication.history import History, count_ordinary
from realtime_sync.replication.lossless_lane import LosslessLane
from realtime_sync.replication.open_edits import OpenEdits
from realtime_sync.replication.pending_patch import PendingPatch
from realtime_sync.wire.frames import Closed, Delta, Event, Keyframe
from realtime_sync.wire.messages import Heard, Outcome

COMPACT_AT_OPERATIONS = 1_000
"""A pending patch of more operations is replaced by a diff, which is never larger than the document."""


@attrs.frozen
class LooseEvents:
    """Events of a channel without a document: nothing for a replica, only for clients that know plain events."""

    events: tuple[Event, ...]


@attrs.frozen
class EditBase:
    """What an edit started from.

    Attributes:
        document: The head at that moment; never changed afterwards.
        version: How many captures went before.
    """

    document: Json
    version: int


@attrs.frozen
class CatchUp:
    """What brings one subscriber to the channel's position.

    Attributes:
        outcome: `UP_TO_DATE` and `WAITING` need no frame; `PATCH` offers `delta` or, should that be smaller,
            `keyframe`; `KEYFRAME` has no delta to offer.
        position: Where it leads.
        dropped: Events that were missed, as far as that is known, and that none of the frames says. Beside them, so
            that all who are too far behind get one and the same keyframe.
        serial: Of the channel's last lossless event, for `WAITING`.
    """

    outcome: Outcome
    position: Position
    delta: Delta | None = None
    keyframe: Keyframe | None = None
    dropped: int = 0
    serial: int = 0


@attrs.frozen
class _Taken:
    """A frame between `take` and `commit`, and the document that it leads to."""

    frame: Keyframe | Delta | LooseEvents
    document: Json


class Primary:
    """The state machine of a channel's writing end: no I/O, no clock, no lock.

    Captures (`publish`, `append_text`, `commit_edit`, `emit`) compose into one pending patch over the head document.
    `take` cuts what is pending into a frame, and returns that same frame until `commit` says that the log has it: an
    append whose outcome is unknown can be repeated, and nothing is lost. What is captured meanwhile is the next frame.

    The head is persistent: every capture makes a new document that shares what did not change, so a keyframe of the
    position, an open edit and a reader each hold theirs, at no cost, whatever is captured meanwhile.

    Args:
        epoch: Names this life of the channel's log.
        normalizer: The door for every value.
        history: How far back a subscriber is caught up with a patch.
        max_queue_size: Events that may wait for a frame.

    Attributes:
        position: Where the log ends.
    """

    def __init__(
        self,
        epoch: str,
        *,
        normalizer: Normalizer = NORMALIZE,
        history: HistoryLimits | None = None,
        max_queue_size: int = 1_000,
    ) -> None:
        self.position = Position(epoch, 0)
        self._normalizer = normalizer
        self._history = History(history or HistoryLimits())
        self._lane = LosslessLane(history or HistoryLimits())
        self._checks = CheckSchedule()
        self._events = EventQueue(max_queue_size)
        self._event_counts = EventCounts()
        self._overflow = 0  # of frames that were cut, not asked for yet
        self._untold = 0  # events that went to plain clients alone
        self._has_head = False
        self._head: Json = None
        self._head_is_initial = False
        self._pending = PendingPatch()
        self._compact_at = COMPACT_AT_OPERATIONS
        self._settled: Json = None  # the document at `position`
        self._taken: _Taken | None = None
        self._version = 0
        self._open_edits = OpenEdits()

    # ---- what it holds -------------------------------------------------------------------------------------------

    @property
    def has_document(self) -> bool:
        """Whether anything was published."""
        return self._has_head

    @property
    def document(self) -> Json:
        """The newest document, pending changes included. Shared: not to be changed.

        Raises:
            NoDocument: Nothing was published yet.
        """
        if not self._has_head:
            raise NoDocument
        return self._head

    @property
    def is_pending(self) -> bool:
        """Whether `take` would return something."""
        return self._taken is not None or self._has_changes or len(self._events) > 0

    @property
    def under_way(self) -> bool:
        """Whether a frame was taken and not committed yet."""
        return self._taken is not None

    @property
    def queued_events(self) -> int:
        """Events that wait for a frame."""
        return len(self._events)

    @property
    def max_queue_size(self) -> int:
        """How many events may wait for a frame."""
        return self._events.max_size

    def has_room(self, key: str | None = None) -> bool:
        """Whether an event could be emitted without losing one."""
        return self._events.has_room(key)

    @property
    def pending_operations(self) -> int:
        """Operations of the pending patch: bounded by the document, not by the number of captures."""
        return len(self._pending)

    @property
    def _has_changes(self) -> bool:
        return self._is_first_frame or len(self._pending) > 0

    @property
    def _is_first_frame(self) -> bool:
        return self._has_head and self.position.offset == 0

    # ---- capture -------------------------------------------------------------------------------------------------

    def initialize(self, document: Any) -> None:
        """Take the document to start with, unless there is one: a value, not a change.

        Raises:
            InvalidValue: It is no JSON.
        """
        if not self._has_head:
            self._replace_head(self._normalizer(document))
            self._head_is_initial = True

    def adopt(self, other: "Primary") -> None:
        """Begin with the document of another primary, shared and not copied; nothing else of it is taken."""
        assert not self._has_head, "only a primary without a document can adopt one"
        if other._has_head:
            self._replace_head(other._head)
            self._head_is_initial = other._head_is_initial

    def publish(self, value: Any, at: str = "") -> None:
        """Make `value` the document, or the part of it at pointer `at`; only what changed is copied.

        Raises:
            InvalidValue: It is no JSON; nothing was captured.
            NoDocument: `at` names a part of a document that does not exist yet.
            PathNotFound: The parent of `at` does not exist.
        """
        if not self._has_head and at == "":
            self._replace_head(self._normalizer(value))
            return
        self._capture(self._changes(self.document, value, at))

    def changes(self, base: EditBase, value: Any, at: str = "") -> Patch:
        """Return the patch that `publish` would capture over `base`; changes nothing, and may run in any thread.

        Raises:
            What `publish` raises.
        """
        return self._changes(base.document, value, at)

    def commit_if_unchanged(self, base: EditBase, patch: Patch) -> bool:
        """Capture `patch` when nothing was captured since `base`; return whether it was."""
        if base.version != self._version:
            return False
        self._capture(patch)
        return True

    def append_text(self, pointer: str, text: str) -> None:
        """Append `text` to the string at `pointer`.

        Raises:
            InvalidValue: It is no valid text.
            PathNotFound: There is no string at `pointer`.
            NoDocument: Nothing was published yet.
        """
        if not isinstance(text, str):
            raise InvalidValue(pointer, f"text is a string, not {type(text).__name__}", "pass a str")
        owned = self._normalizer(text, pointer)
        if owned:
            self._capture([{"op": "append", "path": pointer, "value": owned}])

    def begin_edit(self) -> EditBase:
        """Return what an edit starts from; every one is ended by `commit_edit` or `abandon_edit`.

        Raises:
            NoDocument: Nothing was published yet.
        """
        base = self.base()
        self._open_edits.begin(base.version, base.document)
        return base

    def base(self) -> EditBase:
        """Return what `changes` compares with.

        Raises:
            NoDocument: Nothing was published yet.
        """
        return EditBase(self.document, self._version)

    def draft(self, base: EditBase) -> Draft:
        """Return a draft over what an edit starts from."""
        return draft(base.document, normalizer=self._normalizer)

    def commit_edit(self, base: EditBase, patch: Patch) -> None:
        """Capture the patch of an edit, whole or not at all.

        Raises:
            EditConflict: A capture since `base` touched what `patch` touches.
        """
        try:
            met = self._open_edits.first_met(base.version, patch)
        finally:
            self.abandon_edit(base)
        if met is not None:
            raise EditConflict(met)
        self._capture(patch)

    def abandon_edit(self, base: EditBase) -> None:
        """End an edit without a change."""
        self._open_edits.end(base.version)

    def emit(self, name: str, data: Any, *, priority: int = 0, key: str | None = None, lossless: bool = False) -> None:
        """Queue an event for the next frame; `data` is copied.

        Raises:
            InvalidName: The name is reserved.
            InvalidValue: `data` is no JSON.
            QueueFull: It is lossless, and so are all that wait, as many as allowed.
        """
        check_event_name(name)
        self._events.add(Event(name, self._normalizer(data)), priority, key, lossless=lossless)

    def _changes(self, head: Json, value: Any, at: str) -> Patch:
        if at == "":
            return self._difference(head, value)
        owner = parse_pointer(at)[:-1]
        try:
            part = resolve(head, at)
        except PathNotFound:
            resolve(head, format_pointer(owner))
            return [{"op": "add", "path": at, "value": self._normalizer(value, at, len(owner) + 1)}]
        patch: Patch = []
        diff_into(part, value, at, patch, text_append=True, normalizer=self._normalizer)
        return patch

    def _difference(self, old: Json, new: Any) -> Patch:
        return diff(old, new, text_append=True, normalizer=self._normalizer)

    def _capture(self, patch: Patch) -> None:
        if not patch:
            return
        self._head = apply_patch(self.document, patch)
        self._remember_for_edits(patch)
        self._head_is_initial = False
        if self._is_first_frame:
            return  # the first frame is a keyframe of whatever the head is by then
        self._pending.add(patch)
        if len(self._pending) > self._compact_at:
            self._compact()

    def _compact(self) -> None:
        base = self._taken.document if self._taken is not None else self._settled
        self._pending = PendingPatch(self._difference(base, self._head))
        self._compact_at = max(COMPACT_AT_OPERATIONS, 2 * len(self._pending))

    def _replace_head(self, document: Json) -> None:
        self._head, self._has_head, self._head_is_initial = document, True, False
        self._remember_for_edits([{"op": "replace", "path": "", "value": document}])

    def _remember_for_edits(self, patch: Patch) -> None:
        self._open_edits.captured(patch)
        self._version += 1

    # ---- cut -----------------------------------------------------------------------------------------------------

    def take(self) -> Keyframe | Delta | LooseEvents | None:
        """Return the frame under way; when there is none, cut what is pending into one; None when nothing is."""
        if self._taken is None and self.is_pending:
            self._taken = self._cut()
        return None if self._taken is None else self._taken.frame

    def _cut(self) -> _Taken:
        taken, overflow = self._events.take(self._lane.serial + 1)
        events = tuple(taken)
        self._overflow += overflow
        dropped = overflow + self._untold
        after = Position(self.position.epoch, self.position.offset + 1)
        if not self._has_head:
            # Replicas never see these; with their first keyframe they get the lossless ones, and the others' number.
            self._untold = dropped + count_ordinary(events)
            return _Taken(LooseEvents(events), None)
        self._untold = 0
        if self._is_first_frame:
            serial = max((event.serial for event in events if event.serial is not None), default=self._lane.serial)
            frame = Keyframe(after, self._head, events, dropped, serial, self._lane.events)
            return _Taken(frame, self._head)
        patch = self._pending.patch
        delta = Delta(self.position, after, patch, events, dropped, self._checks.check(patch, self._head))
        self._pending = PendingPatch()
        self._compact_at = COMPACT_AT_OPERATIONS
        return _Taken(delta, self._head)

    def commit(self, now: float) -> None:
        """The log has the frame under way: the position moves."""
        assert self._taken is not None, "no frame was taken"
        taken, self._taken = self._taken, None
        if isinstance(taken.frame, LooseEvents):
            self._lane.extend(taken.frame.events, 0, now)
            return
        self.position = taken.frame.position
        self._lane.extend(taken.frame.events, self.position.offset, now)
        self._settled = taken.document
        if isinstance(taken.frame, Delta):
            self._history.append(taken.frame, now)
            self._count_events(taken.frame)
        else:
            # What was captured since the first frame was cut is composed nowhere: it is a change from now on.
            self._pending = PendingPatch(self._difference(self._settled, self._head))

    def _count_events(self, delta: Delta) -> None:
        self._event_counts.append(delta.position.offset, count_ordinary(delta.events) + delta.dropped)

    def take_overflow(self) -> int:
        """Return how many events a full queue lost, in the frames that were cut since the last call."""
        overflow, self._overflow = self._overflow, 0
        return overflow

    # ---- join and recover ----------------------------------------------------------------------------------------

    def catch_up(self, position: Position | None, now: float, heard: Heard | None = None) -> CatchUp:
        """Return what brings a subscriber to the channel's position.

        Args:
            position: Where it holds the document; None: it holds none.
            now: Seconds, as at `commit`.
            heard: The lossless events that it has got. Who holds the document at a position has got, or knows to be
                lost, all up to there: so it counts only for those to whom a whole document is sent.
        """
        if self.position.offset == 0:
            return CatchUp(Outcome.WAITING, self.position, serial=self._lane.serial)
        if position == self.position:
            return CatchUp(Outcome.UP_TO_DATE, self.position)
        in_epoch = position if position is not None and position.epoch == self.position.epoch else None
        missed = None if in_epoch is None else self._history.since(in_epoch, now)
        if in_epoch is None or missed is None:
            events = self._lane.since(self._last_heard(in_epoch, heard), now)
            keyframe = Keyframe(self.position, self._settled, events, serial=self._lane.serial)
            dropped = 0 if in_epoch is None else self._event_counts.since(in_epoch.offset)
            return CatchUp(Outcome.KEYFRAME, self.position, keyframe=keyframe, dropped=dropped)
        events, dropped = self._history.events_of(missed)
        return CatchUp(
            Outcome.PATCH,
            self.position,
            # The last delta leads to the same document, so its check holds for this one too.
            Delta(
                in_epoch, self.position, compose(*(delta.patch for delta in missed)), events, dropped, missed[-1].check
            ),
            Keyframe(self.position, self._settled, events, dropped, self._lane.serial),
        )

    def _last_heard(self, position: Position | None, heard: Heard | None) -> int:
        """Return the number of the last lossless event that a subscriber is not to get."""
        if heard is not None:
            return heard.serial if heard.epoch == self.position.epoch else 0  # it watched before this life began
        return self._lane.serial if position is None else self._lane.serial_at(position.offset)

    def reaches(self, position: Position, now: float) -> bool:
        """Whether a patch can lead from `position` to the channel's."""
        return position == self.position or self._history.since(position, now) is not None

    def keyframe(self) -> Keyframe:
        """Return the document at the position, without pending changes.

        Raises:
            NoDocument: No frame was committed yet.
        """
        if self.position.offset == 0:
            raise NoDocument
        return Keyframe(self.position, self._settled, serial=self._lane.serial, lane=self._lane.events)

    def recover(self, keyframe: Keyframe, deltas: list[Delta], now: float = 0.0) -> None:
        """Go on where a log ended; what was captured meanwhile becomes a change on top of it.

        Args:
            keyframe: The newest that the log saved, with the lossless events that were kept then.
            deltas: All that follow it.
            now: Seconds, as at `commit`.

        Raises:
            PatchError: A delta of the log does not fit; nothing was recovered.
        """
        assert self.position.offset == 0, "only a primary without a frame can recover"
        assert self._taken is None, "a frame is under way"
        document = keyframe.document
        for delta in deltas:
            document = apply_patch(document, delta.patch)
        self._settled = document
        self.position = deltas[-1].position if deltas else keyframe.position
        for delta in deltas:
            self._count_events(delta)
        kept = [*keyframe.lane, *keyframe.events, *(event for delta in deltas for event in delta.events)]
        self._lane.recover(kept, keyframe.serial, self.position.offset, now)
        if self._has_head and not self._head_is_initial:
            self._pending = PendingPatch(self._difference(document, self._head))
        else:
            self._replace_head(document)

    def closing_frame(self, reason: str) -> Closed:
        """Return the frame that ends this epoch for every replica."""
        return Closed(self.position.epoch, reason, self._lane.serial)


RESERVED_EVENTS = frozenset({"batch_update", "connect", "connect_error", "disconnect"})


def check_event_name(name: str) -> None:
    """Refuse a name that the protocol or Socket.IO keeps for itself.

    Raises:
        InvalidName: It is empty, reserved, or begins with `sync:`.
    """
    if not isinstance(name, str) or not name or name.startswith("sync:") or name in RESERVED_EVENTS:
        raise InvalidName(
            f"{name!r} cannot be an event's name: it must be a string that is not empty, does not begin with 'sync:' "
            f"and is none of {', '.join(sorted(RESERVED_EVENTS))}"
        )
