"""The reading end of one channel: a document that is right, or says that it is not."""

import enum
import random
from collections.abc import Callable
from typing import TypeAlias

import attrs

from realtime_sync.document.checksum import checksum
from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import PatchError, ProtocolError, RemoteError
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.position import Position
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.history import count_ordinary
from realtime_sync.replication.lossless_hearing import EventsLost, Hearing
from realtime_sync.replication.resynchronizing import Resynced, Resynchronizing, ResyncReason
from realtime_sync.wire.frames import Closed, Delta, Frame, Keyframe
from realtime_sync.wire.messages import Answer, Heard, Outcome


class State(enum.Enum):
    """What a replica may claim about its document."""

    EMPTY = "empty"
    LIVE = "live"
    STALE = "stale"
    CLOSED = "closed"


class Arrival(enum.Enum):
    """A frame as the replica's position sees it."""

    KEYFRAME_MY_EPOCH = "keyframe, my epoch"
    KEYFRAME_OTHER_EPOCH = "keyframe, other epoch"
    DELTA_NEXT = "delta, `base` = mine"
    DELTA_OLD = "delta, my epoch, position <= mine"
    DELTA_OTHER = "any other delta"


class Action(enum.Enum):
    """What the replica does with a frame."""

    APPLY = "apply"
    APPLY_IF_NEWER = "apply if newer, else drop"
    APPLY_IF_ANSWER = "apply if it answers my request, else drop"
    DROP = "drop"
    ASK = "ask once"
    GO_STALE = "-> STALE, ask once"


_HOLDING = {
    Arrival.KEYFRAME_MY_EPOCH: Action.APPLY_IF_NEWER,
    Arrival.KEYFRAME_OTHER_EPOCH: Action.APPLY_IF_ANSWER,
    Arrival.DELTA_NEXT: Action.APPLY,
    Arrival.DELTA_OLD: Action.DROP,
}

TABLE: dict[State, dict[Arrival, Action]] = {
    State.EMPTY: {
        Arrival.KEYFRAME_MY_EPOCH: Action.APPLY,
        Arrival.KEYFRAME_OTHER_EPOCH: Action.APPLY_IF_ANSWER,
        Arrival.DELTA_NEXT: Action.DROP,
        Arrival.DELTA_OLD: Action.DROP,
        Arrival.DELTA_OTHER: Action.ASK,
    },
    State.LIVE: {**_HOLDING, Arrival.DELTA_OTHER: Action.GO_STALE},
    # Asked already, except after `waiting`, when the first keyframe was lost.
    State.STALE: {**_HOLDING, Arrival.DELTA_OTHER: Action.ASK},
    State.CLOSED: {
        # Of my epoch too: a channel that was closed, not deleted, goes on where its log ended.
        Arrival.KEYFRAME_MY_EPOCH: Action.APPLY_IF_ANSWER,
        Arrival.KEYFRAME_OTHER_EPOCH: Action.APPLY_IF_ANSWER,
        Arrival.DELTA_NEXT: Action.DROP,
        Arrival.DELTA_OLD: Action.DROP,
        Arrival.DELTA_OTHER: Action.DROP,
    },
}
"""The only truth about applying; PROTOCOL.md prints it."""


@attrs.frozen
class SnapshotReplaced:
    """The document is another one, as a whole."""

    document: Json
    position: Position


@attrs.frozen
class PatchApplied:
    """The document moved on by `patch`."""

    patch: Patch
    document: Json
    position: Position


@attrs.frozen
class EventReceived:
    """The other end emitted an event; the document is at least as new."""

    name: str
    data: Json


@attrs.frozen
class EventsDropped:
    """So many events were left out of a frame."""

    count: int


@attrs.frozen
class ChecksumMismatch:
    """The patch led to another document than the server's: this copy was wrong, now or for some time already.

    Attributes:
        position: Of the delta whose checksum showed it; nothing of that delta was applied.
        pointers: Where the values are that it covered; PROTOCOL.md, section 4.
    """

    position: Position
    pointers: tuple[str, ...]


@attrs.frozen
class ResyncNeeded:
    """Send this request: the replica lost the thread, or its last request got no answer.

    Attributes:
        request: Id for the answer to repeat.
        position: What to name as held; None for a whole document.
        reason: Why, for a log or an application.
        heard: The lossless events that need not come again; None: it begins with those that are to come.
    """

    request: str
    position: Position | None
    reason: str
    heard: Heard | None = None


@attrs.frozen
class StateChanged:
    """The replica's claim about its document changed."""

    state: State


@attrs.frozen
class Refused:
    """The server does not let us watch this channel."""

    outcome: Outcome
    message: str


@attrs.frozen
class ChannelEnded:
    """The channel was deleted; the last document stays readable."""

    reason: str


Happening: TypeAlias = (
    SnapshotReplaced
    | PatchApplied
    | EventReceived
    | EventsDropped
    | EventsLost
    | ChecksumMismatch
    | ResyncNeeded
    | Resynced
    | StateChanged
    | Refused
    | ChannelEnded
)
"""Whatever a replica reports."""

REQUEST_BACKOFF = Backoff(base_s=2.0, factor=1.5, cap_s=30.0, jitter=0.3, attempts=None)
"""An answer that did not come in 2 s was probably lost; a server in trouble is asked less and less often."""


MAX_UNANSWERED = 32
"""Repeated questions whose late answers are still taken."""


@attrs.frozen
class _Question:
    """A request, and the position that it names as held."""

    id: str
    position: Position | None


class Replica:
    """The state machine of a subscriber's copy: no I/O, no clock.

    Messages go in, happenings come out; the caller sends what `ResyncNeeded` asks for, and calls `tick` at `deadline`.

        replica = Replica()
        asked = replica.request(now)                       # send: sync:subscribe with asked.request, asked.position
        for happening in replica.receive_frame(frame, answer, now):
            ...

    Args:
        backoff: When an unanswered request is repeated.
        uniform: Draws from [0, 1) for the jitter.

    Attributes:
        state: What may be claimed about the document.
        position: Where it stands; offset 0 while waiting for the first; None when unknown.
        has_document: Whether anything can be read, be it live or stale.
        document: The last good document. Shared: not to be changed.
        refusal: Why the server will not serve this channel; None when it does.
        closed_reason: Why the channel ended.
        deadline: When to call `tick`, in the caller's seconds; None: not before the next message.
    """

    def __init__(self, *, backoff: Backoff = REQUEST_BACKOFF, uniform: Callable[[], float] = random.random) -> None:
        self.state = State.EMPTY
        self.position: Position | None = None
        self.has_document = False
        self.document: Json = None
        self.refusal: Refused | None = None
        self.closed_reason: str | None = None
        self.deadline: float | None = None
        self._backoff, self._uniform = backoff, uniform
        self._requests_made = 0
        self._unanswered = 0
        self._open: _Question | None = None
        self._asked: dict[str, _Question] = {}  # since the last answer that helped, oldest first
        self._answered: _Question | None = None  # by the very message that is being received
        self._is_answer = False  # whether it came as one, be it to a question that is settled
        self._is_unasked = False  # whether it names no question at all
        self._missed = 0  # events, as that answer says
        self._last_applied: Position | None = None  # stays when the position is lost
        self._hearing = Hearing()
        self._resynchronizing = Resynchronizing()
        self._happenings: list[Happening] = []

    @property
    def heard(self) -> Heard | None:
        """Which lossless events the application has got, or knows to be lost; None before the first answer."""
        return self._hearing.heard

    @property
    def is_waiting(self) -> bool:
        """Whether the server said that the channel has no document yet."""
        return self.position is not None and self.position.offset == 0

    @property
    def _held(self) -> Position | None:
        """What a request names: null when there is nothing that a patch could build on."""
        return self.position if self.state in (State.LIVE, State.STALE) and not self.is_waiting else None

    # ---- asking --------------------------------------------------------------------------------------------------

    def request(self, now: float, reason: str = "subscribing") -> ResyncNeeded:
        """Open a request, in place of any other, and return it for the caller to send."""
        self.refusal = None
        self._requests_made += 1
        self._open = _Question(str(self._requests_made), self._held)
        self._asked[self._open.id] = self._open
        if len(self._asked) > MAX_UNANSWERED:
            del self._asked[next(iter(self._asked))]
        self.deadline = now + self._delay_s()
        return ResyncNeeded(self._open.id, self._open.position, reason, self.heard)

    def tick(self, now: float) -> list[Happening]:
        """Ask again when `deadline` has passed."""
        if self.deadline is not None and now >= self.deadline:
            self._unanswered += 1
            self._happenings.append(self.request(now, "no answer"))
        return self._flush()

    def disconnected(self) -> list[Happening]:
        """The connection is gone: no answer will come, and none is waited for until the next `request`."""
        self._stop_asking()
        self._unanswered = 0
        self._resynchronizing.begin(ResyncReason.RECONNECT, self._last_applied)
        return self._flush()

    # ---- receiving -----------------------------------------------------------------------------------------------

    def receive_frame(self, frame: Frame, answer: Answer | None, now: float) -> list[Happening]:
        """Judge a frame by the table, and act."""
        self._settle_request(answer)
        if self.refusal is not None:
            return self._flush()  # it was on its way when the server let us go
        if isinstance(frame, Closed):
            self._receive_closed(frame)
        else:
            self._act(TABLE[self.state][self._judge(frame)], frame, now)
        if self._answered is not None and self.state in (State.EMPTY, State.STALE):
            self._ask(now, "an answer that did not help")
        self._tell_if_resynced()
        return self._flush()

    def receive_answer(self, answer: Answer, now: float) -> list[Happening]:
        """Take an answer that came without a frame."""
        if answer.outcome in (Outcome.PATCH, Outcome.KEYFRAME):
            return self.receive_garbage(ProtocolError(f"{answer.outcome.value}, but no frame"), answer, now)
        self._settle_request(answer)
        if answer.outcome.is_refusal:
            if self._answered is not None or answer.request is None:
                self._refuse(answer)
        elif answer.outcome is Outcome.TOO_SLOW:
            self._leave_for_now(now)
        elif self._answered is not None:
            if answer.outcome is Outcome.UP_TO_DATE:
                self._confirm(answer.position, now)
            elif answer.outcome is Outcome.WAITING:
                self._wait_for_first(answer.position, answer.serial)
            else:
                self._ask_later(now)
        self._tell_if_resynced()
        return self._flush()

    def receive_garbage(self, error: RemoteError, answer: Answer | None, now: float) -> list[Happening]:
        """Something came that is no frame: whatever it said is lost."""
        self._settle_request(answer)
        if self.state is State.CLOSED or self.refusal is not None:
            return self._flush()
        if self.state is State.LIVE:
            self._enter(State.STALE)
        self._resynchronizing.begin(ResyncReason.GARBAGE, self._last_applied)
        self._ask(now, str(error))
        return self._flush()

    def receive_unknown_dictionary(self, error: RemoteError, answer: Answer | None, now: float) -> list[Happening]:
        """A frame came that needs a dictionary: what is held is as good as before, but that one is missing."""
        self._settle_request(answer)
        if self.state is not State.CLOSED and self.refusal is None:
            self._resynchronizing.begin(ResyncReason.DICTIONARY, self._last_applied)
            self._ask(now, str(error))
        return self._flush()

    def receive_part(self, answer: Answer | None, now: float) -> list[Happening]:
        """A part of a frame came: while an answer arrives, it is not asked for again."""
        if answer is not None and answer.request in self._asked and self.deadline is not None:
            self.deadline = now + self._delay_s()
        return self._flush()

    # ---- the table's words ---------------------------------------------------------------------------------------

    def _judge(self, frame: Keyframe | Delta) -> Arrival:
        mine = self.position
        same_epoch = mine is not None and frame.position.epoch == mine.epoch
        if isinstance(frame, Keyframe):
            return Arrival.KEYFRAME_MY_EPOCH if same_epoch else Arrival.KEYFRAME_OTHER_EPOCH
        if frame.base == mine:
            return Arrival.DELTA_NEXT
        if same_epoch and mine is not None and frame.position.offset <= mine.offset:
            return Arrival.DELTA_OLD
        return Arrival.DELTA_OTHER

    def _act(self, action: Action, frame: Keyframe | Delta, now: float) -> None:
        match action:
            case Action.APPLY:
                self._apply(frame, now)
            case Action.APPLY_IF_NEWER:
                assert self.position is not None, "a replica that holds a document knows where it stands"
                if frame.position.offset > self.position.offset:
                    self._apply(frame, now)
            case Action.APPLY_IF_ANSWER:
                if self._answered is not None and not self._was_passed(frame.position):
                    self._apply(frame, now)
            case Action.ASK:
                self._ask(now, "a delta before any document")
            case Action.GO_STALE:
                assert self.position is not None, "a replica that is live knows where it stands"
                same_epoch = frame.position.epoch == self.position.epoch
                self._resynchronizing.begin(ResyncReason.GAP if same_epoch else ResyncReason.EPOCH, self._last_applied)
                self._enter(State.STALE)
                self._ask(now, f"a gap: at {self.position}, got a delta for {frame.position}")
            case Action.DROP:
                pass

    def _apply(self, frame: Keyframe | Delta, now: float) -> None:
        happened: Happening
        if isinstance(frame, Delta):
            try:
                document = apply_patch(self.document, frame.patch)
            except PatchError as error:
                self._resynchronizing.begin(ResyncReason.PATCH, self._last_applied)
                self._lose_frame(frame, now, f"a patch that does not fit: {error}")
                return
            check = frame.check
            if check is not None and checksum(document, check.pointers) != check.crc32:
                self._resynchronizing.begin(ResyncReason.CHECKSUM, self._last_applied)
                self._happenings.append(ChecksumMismatch(frame.position, check.pointers))
                self._lose_frame(frame, now, f"a checksum that does not hold at {frame.position}")
                return
            happened = PatchApplied(frame.patch, document, frame.position)
        else:
            document = frame.document
            happened = SnapshotReplaced(document, frame.position)
        told = self._hear_events(frame)
        if self._is_unasked:  # we were parked, and have read what was under way
            self._resynchronizing.begin(ResyncReason.SLOW, self._last_applied)
        elif self._is_answer and self._answered is None and self._skips_to(frame.position):  # an answer of long ago
            self._resynchronizing.begin(ResyncReason.GAP, self._last_applied)
        self.document = document
        self.position = self._last_applied = frame.position
        self.has_document, self.closed_reason = True, None
        self._was_helped()
        self._enter(State.LIVE)
        self._happenings.append(happened)
        self._happenings += told

    def _was_passed(self, position: Position) -> bool:
        """Whether the application has seen a newer document of this life than the one at `position`."""
        last = self._last_applied
        return last is not None and last.epoch == position.epoch and position.offset < last.offset

    def _skips_to(self, position: Position) -> bool:
        """Whether `position` is not the one after what the application has seen."""
        last = self._last_applied
        return last is not None and position != Position(last.epoch, last.offset + 1)

    def _hear_events(self, frame: Keyframe | Delta) -> list[Happening]:
        """Return what the application is told of a frame's events.

        A keyframe in an answer repeats the events since the position that the request named. When the replica has moved
        on since, nobody can tell which of the ordinary ones it has had; lossless ones have their numbers.
        """
        serial = frame.serial if isinstance(frame, Keyframe) else 0
        events, lost = self._hearing.hear(frame.position.epoch, frame.events, serial)
        named = None if self._answered is None else self._answered.position
        dropped = frame.dropped + self._missed
        if isinstance(frame, Keyframe) and self._is_answer and named != self._last_applied:
            dropped += count_ordinary(events)
            events = tuple(event for event in events if event.serial is not None)
        told: list[Happening] = [EventsDropped(dropped)] if dropped else []
        return [*told, *lost, *(EventReceived(event.name, event.data) for event in events)]

    def _lose_frame(self, frame: Delta, now: float, reason: str) -> None:
        # Its ordinary events are lost with it: the keyframe that is asked for does not know that they were missed.
        if lost := count_ordinary(frame.events) + frame.dropped:
            self._happenings.append(EventsDropped(lost))
        self._lose(now, reason)

    def _receive_closed(self, frame: Closed) -> None:
        mine = self.position is not None and self.position.epoch == frame.epoch
        if self.state is State.CLOSED or not (mine or self._answered is not None):
            return
        self._stop_asking()
        self._resynchronizing.give_up()
        self.closed_reason = frame.reason
        self._enter(State.CLOSED)
        self._happenings += self._hearing.end(frame.epoch, frame.serial)
        self._happenings.append(ChannelEnded(frame.reason))

    # ---- the answers' words --------------------------------------------------------------------------------------

    def _confirm(self, position: Position | None, now: float) -> None:
        assert self._answered is not None, "only an answer confirms"
        if self._held is not None and position == self._held:
            self._was_helped()
            self._enter(State.LIVE)
        elif self._held is None or position != self._answered.position:
            # The server calls us up to date at a place where we are not: nothing we hold can be trusted.
            self._lose(now, "called up to date at another position")
        elif self.state is State.STALE:
            self._ask(now, "an answer from before the replica moved on")

    def _wait_for_first(self, position: Position | None, serial: int) -> None:
        if position is not None:
            self._happenings += self._hearing.wait(position.epoch, serial)
        self.position = None if position is None else Position(position.epoch, 0)
        self.closed_reason = None
        self._was_helped()
        self._enter(State.STALE if self.has_document else State.EMPTY)

    def _leave_for_now(self, now: float) -> None:
        """The server let us go because we did not keep up: come back after a while."""
        if self.state is State.CLOSED or self.refusal is not None:
            return
        if self.state is State.LIVE:
            self._enter(State.STALE)
        self._resynchronizing.begin(ResyncReason.SLOW, self._last_applied)
        self._stop_asking()
        self._ask_later(now)

    def _refuse(self, answer: Answer) -> None:
        self._stop_asking()
        self._resynchronizing.give_up()
        self.refusal = Refused(answer.outcome, answer.message or "")
        if self.state is State.LIVE:
            self._enter(State.STALE)
        self._happenings.append(self.refusal)

    # ---- requests ------------------------------------------------------------------------------------------------

    def _settle_request(self, answer: Answer | None) -> None:
        self._answered, self._is_answer = None, answer is not None
        self._is_unasked = answer is not None and answer.request is None
        self._missed = 0 if answer is None else answer.dropped
        if answer is None or answer.request not in self._asked:
            return
        # A slow link answers a question after it was repeated; that answer is as good as the one to the repetition.
        self._answered = self._asked.pop(answer.request)
        if self._answered is self._open:
            self._open = self.deadline = None

    def _was_helped(self) -> None:
        self._unanswered = 0
        if self._answered is not None:
            self._stop_asking()

    def _tell_if_resynced(self) -> None:
        """Once the document is live again, and no question about it is open."""
        if self.state is State.LIVE and self.deadline is None:
            assert self.position is not None, "a replica that is live knows where it stands"
            self._happenings += self._resynchronizing.end(self.position)

    def _lose(self, now: float, reason: str) -> None:
        self.position = None
        self._enter(State.EMPTY)
        self._ask(now, reason)

    def _ask(self, now: float, reason: str) -> None:
        if self.deadline is not None:
            return  # asked already, or will be
        if self._answered is not None and self._answered.position == self._held:
            # Repeated at once, a question whose answer did not help would have two confused ends flood each other.
            self._ask_later(now)
        else:
            self._happenings.append(self.request(now, reason))

    def _ask_later(self, now: float) -> None:
        self._unanswered += 1
        self.deadline = now + self._delay_s()

    def _stop_asking(self) -> None:
        self._open = self.deadline = None
        self._asked.clear()

    def _delay_s(self) -> float:
        return self._backoff.delay_s(self._unanswered, uniform=self._uniform)

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._happenings.append(StateChanged(state))

    def _flush(self) -> list[Happening]:
        happenings, self._happenings = self._happenings, []
        return happenings
