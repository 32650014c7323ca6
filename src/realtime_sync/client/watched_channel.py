"""One channel as a client on asyncio sees it."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, Self

from realtime_sync.client.base_channel import BaseChannel, Listened
from realtime_sync.replication.subscription import Outgoing, Status, Subscription


class AwaitedConnection(Listened, Protocol):
    """What a watched channel asks of the client that made it."""

    async def call(self, said: Outgoing) -> Any:
        """Send a message and return its acknowledgement."""

    def forget(self, channel: "WatchedChannel") -> None:
        """Drop a channel that was closed."""


class WatchedChannel(BaseChannel):
    """One channel as this process sees it. Made by `client.channel(name)`.

    Listeners may be coroutine functions: they run in the background.

    Attributes:
        name: The channel's name.
        resyncs: Times it lost the thread and asked, since it was made.
        gaps: Of these, times the document was found to be no longer the newest.
        dropped_events: Ordinary events that were lost: left out by the server, or with a frame that could not be
            applied.
        lost_events: Lossless events that will not come; where nobody knows how many, it counts one.
        checksum_mismatches: Times the document was found to be wrong, and a whole one asked for.
    """

    def __init__(self, name: str, client: AwaitedConnection, subscription: Subscription) -> None:
        super().__init__(name, client, subscription)
        self._client = client
        self._changed = asyncio.Event()

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

    async def fetch(self, pointer: str) -> Any:
        """Return the value at a JSON Pointer of the server's document.

        Raises:
            PathNotFound: There is nothing there.
            SubscriptionRefused: The server says no.
            MessageTooLarge: The value is larger than one message of the server, or the pointer than one of ours. Of a
                channel that is watched the document is here.
            TimeoutError: No answer came.
        """
        return self._fetched(pointer, await self._client.call(self.subscription.fetch(pointer)))

    async def close(self) -> None:
        """Undo one `client.channel(name)`; the last one ends the subscription. The last document stays readable."""
        if self.let_go():
            self._client.forget(self)

    def _wake(self) -> None:
        self._changed.set()
