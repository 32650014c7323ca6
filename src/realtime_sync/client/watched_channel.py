"""One channel as a client's process sees it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, Self

from realtime_sync.document.view import read_only
from realtime_sync.errors import (
    ChannelClosed,
    LimitExceeded,
    NoDocument,
    PathNotFound,
    RemoteError,
    SubscriptionRefused,
)
from realtime_sync.position import Position
from realtime_sync.replication.replica import (
    ChecksumMismatch,
    EventReceived,
    EventsDropped,
    Happening,
    PatchApplied,
    ResyncNeeded,
    SnapshotReplaced,
)
from realtime_sync.replication.subscription import Outgoing, Status, Subscription

logger = logging.getLogger("realtime_sync")


class Connection(Protocol):
    """What a watched channel asks of the client that made it."""

    async def call(self, said: Outgoing) -> Any:
        """Send a message and return its acknowledgement."""

    async def forget(self, channel: "WatchedChannel", subscription: Subscription) -> None:
        """Drop a channel that was closed."""

    def run(self, listener: Callable[..., Any], *arguments: Any) -> None:
        """Call an application's listener; what it raises is logged, and stops nobody else."""


class WatchedChannel:
    """One channel as this process sees it. Made by `client.channel(name)`.

    Attributes:
        name: The channel's name.
        resyncs: Times it lost the thread and asked, since it was made.
        dropped_events: Events that were lost: left out by the server, or with a patch that could not be applied.
        checksum_mismatches: Times the document was found to be wrong, and a whole one asked for.
    """

    def __init__(self, name: str, client: "Connection", subscription: Subscription) -> None:
        self.name = name
        self.resyncs = 0
        self.holders = 0  # calls of `client.channel` that were not undone
        self.dropped_events = 0
        self.checksum_mismatches = 0
        self._client = client
        self._subscription = subscription
        self._listeners: list[Callable[[], Any]] = []
        self._event_listeners: dict[str, list[Callable[[Any], Any]]] = {}
        self._changed = asyncio.Event()
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
        if not self._subscription.replica.has_document:
            raise NoDocument
        return read_only(self._subscription.replica.document)

    @property
    def position(self) -> Position | None:
        """Where the document stands; None when there is none."""
        return self._subscription.replica.position

    @property
    def status(self) -> Status:
        """What may be said about the document."""
        return Status.OFFLINE if self._is_closed else self._subscription.status

    @property
    def error(self) -> RemoteError | None:
        """Why the document is not live: the server refused or cannot serve it now, or what came could not be read."""
        refusal = self._subscription.replica.refusal
        if refusal is not None:
            return SubscriptionRefused(self.name, refusal.outcome.value, refusal.message)
        return self._subscription.last_error

    # ---- what it tells -------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[], Any]) -> Callable[[], None]:
        """Call `listener()` once a frame, after the document changed and before the frame's events.

        Also when `status` changed. Coroutine functions run in the background. Return what ends it.
        """
        self._listeners.append(listener)
        return lambda: _discard(self._listeners, listener)

    def on(self, event: str, listener: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `listener(data)` for every event of that name; return what ends it."""
        listeners = self._event_listeners.setdefault(event, [])
        listeners.append(listener)
        return lambda: _discard(listeners, listener)

    async def ready(self) -> Self:
        """Return when there is a live document.

        Raises:
            What `wait_for` raises.
        """
        await self.wait_for(lambda: self.status is Status.LIVE)
        return self

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return as soon as `condition()` holds; it is tried after every frame and change of status.

        Raises:
            SubscriptionRefused: The server does not let us watch.
            ChannelClosed: The channel was deleted, or closed by us.
            ConnectionError: The client gave up connecting.
            LimitExceeded: The document is larger than the client's `limits`.
        """
        while not condition():
            self._raise_if_in_vain()
            self._changed.clear()
            await self._changed.wait()

    def _raise_if_in_vain(self) -> None:
        replica = self._subscription.replica
        if replica.refusal is not None:
            raise SubscriptionRefused(self.name, replica.refusal.outcome.value, replica.refusal.message)
        if self._is_closed or replica.closed_reason is not None:
            raise ChannelClosed(self.name, replica.closed_reason or "by this client")
        if isinstance(self.error, LimitExceeded) and not replica.has_document:
            raise self.error
        if self._gave_up is not None:
            raise ConnectionError(f"channel {self.name!r}: the client gave up connecting") from self._gave_up

    async def fetch(self, pointer: str) -> Any:
        """Return the value at a JSON Pointer of the server's document.

        Raises:
            PathNotFound: There is nothing there.
            SubscriptionRefused: The server says no.
            MessageTooLarge: The pointer is longer than any message may be.
            TimeoutError: No answer came.
        """
        said = self._subscription.fetch(pointer)
        reply = await self._client.call(said)
        match reply:
            case {"value": value}:
                return value
            case {"error": "not_found"}:
                raise PathNotFound(f"channel {self.name!r} has nothing at {pointer!r}")
            case {"error": str(error)}:
                raise SubscriptionRefused(self.name, error)
        raise SubscriptionRefused(self.name, "invalid", f"not an answer to a fetch: {reply!r:.100}")

    async def close(self) -> None:
        """Undo one `client.channel(name)`; the last one ends the subscription. The last document stays readable."""
        self.holders -= 1
        if self.holders > 0 or self._is_closed:
            return
        self._subscription.unsubscribe()
        self._is_closed = True
        self.notice()
        await self._client.forget(self, self._subscription)

    # ---- for the client ------------------------------------------------------------------------------------------

    def tell(self, happened: list[Happening]) -> None:
        """Tell listeners what happened: the document first, then the events."""
        self.resyncs += sum(isinstance(happening, ResyncNeeded) for happening in happened)
        changed = any(isinstance(happening, SnapshotReplaced | PatchApplied) for happening in happened)
        self.notice(document_changed=changed)
        for happening in happened:
            if isinstance(happening, EventReceived):
                for event_listener in list(self._event_listeners.get(happening.name, ())):
                    self._client.run(event_listener, happening.data)
            elif isinstance(happening, EventsDropped):
                self.dropped_events += happening.count
            elif isinstance(happening, ChecksumMismatch):
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
        self._changed.set()

    def notice(self, *, document_changed: bool = False) -> None:
        """Tell listeners when the document or the status changed."""
        if self.status is not Status.OFFLINE:
            self._gave_up = None
        if document_changed or self.status is not self._told_status:
            self._told_status = self.status
            self._changed.set()
            for listener in list(self._listeners):
                self._client.run(listener)


def _discard(listeners: list[Any], listener: Any) -> None:
    if listener in listeners:
        listeners.remove(listener)
