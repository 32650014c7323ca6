"""One channel as a client's process sees it, whether it awaits or blocks."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from realtime_sync.document.view import read_only
from realtime_sync.errors import (
    ChannelClosed,
    LimitExceeded,
    MessageTooLarge,
    NoDocument,
    PathNotFound,
    RemoteError,
    SubscriptionRefused,
)
from realtime_sync.position import Position
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.replica import (
    ChecksumMismatch,
    EventReceived,
    EventsDropped,
    Happening,
    PatchApplied,
    ResyncNeeded,
    SnapshotReplaced,
    State,
    StateChanged,
)
from realtime_sync.replication.resynchronizing import Resynced
from realtime_sync.replication.subscription import Status, Subscription

logger = logging.getLogger("realtime_sync")


class Listened(Protocol):
    """What a channel asks of its client to tell the application."""

    def run(self, listener: Callable[..., Any], *arguments: Any) -> None:
        """Call an application's listener; what it raises is logged, and stops nobody else."""


class BaseChannel:
    """What `WatchedChannel` and `SyncWatchedChannel` have in common: all that waits for nothing.

    Attributes:
        name: The channel's name.
        resyncs: Times it lost the thread and asked, since it was made.
        gaps: Of these, times the document was found to be no longer the newest.
        dropped_events: Ordinary events that were lost: left out by the server, or with a frame that could not be
            applied.
        lost_events: Lossless events that will not come; where nobody knows how many, it counts one.
        checksum_mismatches: Times the document was found to be wrong, and a whole one asked for.
    """

    def __init__(self, name: str, listened: Listened, subscription: Subscription) -> None:
        self.name = name
        self.holders = 0  # calls of `client.channel` that were not undone
        self.resyncs = 0
        self.gaps = 0
        self.dropped_events = 0
        self.lost_events = 0
        self.checksum_mismatches = 0
        self._listened = listened
        self.subscription = subscription
        self._listeners: list[Callable[[], Any]] = []
        self._event_listeners: dict[str, list[Callable[[Any], Any]]] = {}
        self._told_status = subscription.status
        self._gave_up: Exception | None = None
        self._is_closed = False

    # ---- what it knows -------------------------------------------------------------------------------------------

    @property
    def document(self) -> Any:
        """A read-only view of the last good document; `status` says whether it is live.

        Raises:
            NoDocument: None came yet.
        """
        if not self.subscription.replica.has_document:
            raise NoDocument
        return read_only(self.subscription.replica.document)

    @property
    def position(self) -> Position | None:
        """Where the document stands; None when there is none."""
        return self.subscription.replica.position

    @property
    def status(self) -> Status:
        """What may be said about the document."""
        return Status.OFFLINE if self._is_closed else self.subscription.status

    @property
    def error(self) -> RemoteError | None:
        """Why the document is not live: the server refused or cannot serve it now, or what came could not be read."""
        refusal = self.subscription.replica.refusal
        if refusal is not None:
            return SubscriptionRefused(self.name, refusal.outcome.value, refusal.message)
        return self.subscription.last_error

    # ---- what it tells -------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[], Any]) -> Callable[[], None]:
        """Call `listener()` once a frame, after the document changed and before the frame's events.

        Also when `status` changed. Return what ends it.
        """
        self._listeners.append(listener)
        return lambda: _discard(self._listeners, listener)

    def on(self, event: str, listener: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `listener(data)` for every event of that name; return what ends it.

        Three names are the client's own, as in JavaScript:

        - `sync:dropped`: so many events were left out;
        - `sync:lost`: lossless events will not come; `data` is an `EventsLost`;
        - `sync:resync`: the document is the newest again, after it was not; `data` is a `Resynced`.
        """
        listeners = self._event_listeners.setdefault(event, [])
        listeners.append(listener)
        return lambda: _discard(listeners, listener)

    def _wake(self) -> None:
        """Let those who wait look again."""
        raise NotImplementedError

    def _raise_if_in_vain(self) -> None:
        replica = self.subscription.replica
        if replica.refusal is not None:
            raise SubscriptionRefused(self.name, replica.refusal.outcome.value, replica.refusal.message)
        if self._is_closed or replica.closed_reason is not None:
            raise ChannelClosed(self.name, replica.closed_reason or "by this client")
        if isinstance(self.error, LimitExceeded) and not replica.has_document:
            raise self.error
        if self._gave_up is not None:
            raise ConnectionError(f"channel {self.name!r}: the client gave up connecting") from self._gave_up

    def _fetched(self, pointer: str, reply: Any) -> Any:
        """Return the value in the acknowledgement of a fetch, or raise what it says."""
        match reply:
            case {"value": value}:
                return value
            case {"error": "not_found"}:
                raise PathNotFound(f"channel {self.name!r} has nothing at {pointer!r}")
            case {"error": "too_large", "allowed": int(allowed), "found": int(found)}:
                subject = f"the value at {pointer!r} of channel {self.name!r}"
                raise MessageTooLarge(subject, "max_message_bytes", allowed, found)
            case {"error": str(error)}:
                raise SubscriptionRefused(self.name, error)
        raise SubscriptionRefused(self.name, "invalid", f"not an answer to a fetch: {reply!r:.100}")

    # ---- for the client ------------------------------------------------------------------------------------------

    def let_go(self) -> bool:
        """Undo one `client.channel(name)`; return whether it was the last."""
        self.holders -= 1
        if self.holders > 0 or self._is_closed:
            return False
        self._is_closed = True
        return True

    def tell(self, happened: list[Happening]) -> None:
        """Tell listeners what happened: the document first, then the events."""
        self._count(happened)
        changed = any(isinstance(happening, SnapshotReplaced | PatchApplied) for happening in happened)
        self.notice(document_changed=changed)
        for happening in happened:
            match happening:
                case EventReceived(name, data):
                    self._call(name, data)
                case EventsDropped(count):
                    self._call("sync:dropped", count)
                case EventsLost():
                    self._call("sync:lost", happening)
                case Resynced():
                    self._call("sync:resync", happening)

    def _call(self, event: str, data: Any) -> None:
        for listener in list(self._event_listeners.get(event, ())):
            self._listened.run(listener, data)

    def _count(self, happened: list[Happening]) -> None:
        is_lost = False
        for happening in happened:
            match happening:
                case StateChanged(state):
                    is_lost = state in (State.STALE, State.EMPTY)
                case ResyncNeeded():
                    self.resyncs += 1
                    self.gaps += is_lost
                case EventsDropped(count):
                    self.dropped_events += count
                case EventsLost(_, first, last):
                    self.lost_events += 1 if last is None else last - first + 1
                case ChecksumMismatch():
                    self._count_mismatch(happening)

    def _count_mismatch(self, mismatch: ChecksumMismatch) -> None:
        if self.checksum_mismatches == 0:  # every further one would say the same
            logger.warning(
                "channel %r: the document was not the server's at %s, found by the checksum of %s; it is fetched anew. "
                "Please report this: two implementations disagree about a patch, or something changed the document",
                self.name,
                mismatch.position,
                ", ".join(mismatch.pointers),
            )
        self.checksum_mismatches += 1

    def give_up(self, failure: Exception) -> None:
        """The client makes no further attempt to connect."""
        self._gave_up = failure
        self._wake()

    def notice(self, *, document_changed: bool = False) -> None:
        """Tell listeners when the document or the status changed."""
        if self.status is not Status.OFFLINE:
            self._gave_up = None
        self._wake()
        if document_changed or self.status is not self._told_status:
            self._told_status = self.status
            for listener in list(self._listeners):
                self._listened.run(listener)


def _discard(listeners: list[Any], listener: Any) -> None:
    if listener in listeners:
        listeners.remove(listener)
