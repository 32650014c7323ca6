"""One channel as a client on threads sees it."""

import inspect
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, Self

from realtime_sync.client.base_channel import BaseChannel, Listened
from realtime_sync.replication.subscription import Outgoing, Status, Subscription


class BlockingConnection(Listened, Protocol):
    """What a watched channel asks of the client that made it."""

    def call(self, said: Outgoing) -> Any:
        """Send a message and return its acknowledgement."""

    def forget(self, channel: "SyncWatchedChannel") -> None:
        """Drop a channel that was closed."""

    def refuse_in_listener(self, what: str) -> None:
        """Raise RuntimeError in a listener: nothing arrives before it returns."""


class SyncWatchedChannel(BaseChannel):
    """One channel as this process sees it. Made by `client.channel(name)`; of any thread.

    Listeners are called one after the other, in a thread of the client; nothing further arrives before they return.

    Attributes:
        name: The channel's name.
        resyncs: Times it lost the thread and asked, since it was made.
        gaps: Of these, times the document was found to be no longer the newest.
        dropped_events: Ordinary events that were lost: left out by the server, or with a frame that could not be
            applied.
        lost_events: Lossless events that will not come; where nobody knows how many, it counts one.
        checksum_mismatches: Times the document was found to be wrong, and a whole one asked for.
    """

    def __init__(self, name: str, client: BlockingConnection, subscription: Subscription) -> None:
        super().__init__(name, client, subscription)
        self._client = client
        self._changed = threading.Condition()

    def subscribe(self, listener: Callable[[], Any]) -> Callable[[], None]:
        _refuse_coroutine(listener)
        return super().subscribe(listener)

    def on(self, event: str, listener: Callable[[Any], Any]) -> Callable[[], None]:
        _refuse_coroutine(listener)
        return super().on(event, listener)

    def ready(self, timeout_s: float | None = None) -> Self:
        """Return when there is a live document.

        Raises:
            What `wait_for` raises.
        """
        self.wait_for(lambda: self.status is Status.LIVE, timeout_s)
        return self

    def wait_for(self, condition: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Block until `condition()` holds; it is tried after every frame and change of status.

        Args:
            condition: Called in this thread.
            timeout_s: Seconds to wait; None: for as long as it takes.

        Raises:
            SubscriptionRefused: The server does not let us watch.
            ChannelClosed: The channel was deleted, or closed by us.
            ConnectionError: The client gave up connecting.
            LimitExceeded: The document is larger than the client's `limits`.
            TimeoutError: It did not hold in time.
            RuntimeError: Called in a listener: what it waits for cannot arrive before it returns.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:  # whoever wakes takes it too: no change falls between a look and the wait for the next
            while not condition():
                self._raise_if_in_vain()
                self._client.refuse_in_listener("wait_for")
                if not self._changed.wait(None if until is None else until - time.monotonic()):
                    raise TimeoutError(f"channel {self.name!r}: still {self.status.value} after {timeout_s} s")

    def fetch(self, pointer: str) -> Any:
        """Return the value at a JSON Pointer of the server's document.

        Raises:
            PathNotFound: There is nothing there.
            SubscriptionRefused: The server says no.
            MessageTooLarge: The value is larger than one message of the server, or the pointer than one of ours. Of a
                channel that is watched the document is here.
            TimeoutError: No answer came.
            RuntimeError: Called in a listener, as with `wait_for`.
        """
        return self._fetched(pointer, self._client.call(self.subscription.fetch(pointer)))

    def close(self) -> None:
        """Undo one `client.channel(name)`; the last one ends the subscription. The last document stays readable."""
        if self.let_go():
            self._client.forget(self)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _refuse_coroutine(listener: object) -> None:
    if inspect.iscoroutinefunction(listener):
        raise TypeError(
            "this client has no event loop to run a coroutine function: pass a plain one, or use AsyncSyncClient"
        )
