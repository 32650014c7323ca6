"""A channel on an event loop: what its captures do once somebody waits for them."""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import attrs

from realtime_sync.broadcast.channel import Channel
from realtime_sync.broadcast.encoded_frames import Encodings
from realtime_sync.broadcast.ports import ChannelLog
from realtime_sync.broadcast.stats import Stats
from realtime_sync.errors import LogRefused
from realtime_sync.limits import Limits
from realtime_sync.replication.primary import Primary

PUBLISH_ATTEMPTS = 3
"""Diffs made beside other writers before one is made while they wait."""


@attrs.frozen
class Delivery:
    """One message that a room has yet to get.

    Attributes:
        room: The Socket.IO room.
        event: The Socket.IO event.
        arguments: Its arguments.
        skip: Session ids in the room that do not get it.
        size_bytes: Size of the body, for the statistics.
        recipients: How many get it, for the statistics.
    """

    room: str
    event: str
    arguments: tuple[Any, ...]
    skip: tuple[str, ...] = ()
    size_bytes: int = 0
    recipients: int = 0


class Shell(Protocol):
    """What a channel asks of the broadcaster that made it."""

    def wake(self, channel: "AsyncChannel", urgent: bool) -> None:
        """See that what is pending is flushed. From any thread."""

    async def flush(self, channel: "AsyncChannel") -> None:
        """Append and send what is pending."""

    async def end(self, channel: "AsyncChannel", reason: str, *, forget: bool) -> None:
        """Drain the channel and take it away; with `forget` also from the log."""

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
        """Run `work` on the broadcaster's loop, now or when it starts; return what stops it."""

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""

    def report(self, problem: str, channel: "AsyncChannel", error: BaseException) -> None:
        """Log an error that no caller hears of."""


class AsyncChannel(Channel):
    """A `Channel` whose shell is an event loop."""

    def __init__(self, name: str, primary: Primary, shell: Shell, limits: Limits, counters: Stats) -> None:
        super().__init__(name, primary)
        self._shell = shell
        self.encodings = Encodings(name, limits, counters)
        self.ended = False  # nothing of it is appended or sent any more
        # What only the broadcaster's loop touches:
        self.outbox: deque[Delivery] = deque()  # of the last committed frame
        self.flushed_at = float("-inf")
        self.used_at = float("-inf")
        self.recovered = False
        self.deltas_since_keyframe = 0
        self.keyframe_bytes: dict[str, int] = {}  # size of the last one encoded, by codec
        self.use_new_loop()

    def use_new_loop(self) -> None:
        """Forget what belongs to a loop that ended; what is pending stays."""
        self.send_lock: AbstractAsyncContextManager[Any] | None = None
        self.urgent = asyncio.Event()
        self.loading: asyncio.Task[Any] | None = None
        self.worker: asyncio.Task[Any] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether something waits to be appended or sent."""
        return not self.ended and (bool(self.outbox) or super().is_pending)

    def wake(self, urgent: bool) -> None:
        self._shell.wake(self, urgent)

    def recover(self, log: ChannelLog) -> None:
        """Go on where the log ended. Called once, where the log is called, before anything is flushed.

        Raises:
            LogRefused: The log has a keyframe, but not what follows it.
        """
        keyframe = log.load_keyframe(self.name)
        if keyframe is not None:
            deltas = log.read_after(self.name, keyframe.position)
            if deltas is None:
                raise LogRefused(f"channel {self.name!r}: the log lost what follows its keyframe {keyframe.position}")
            with self.lock:
                self.primary.recover(keyframe, deltas)
        self.recovered = True

    async def flush(self) -> None:
        """Append and send what was captured before this call; return when the transport has it.

        Cancelling it loses nothing. From any event loop.

        Raises:
            LogRefused: Somebody else writes to the log; what was captured is kept.
        """
        await self._shell.flush(self)

    async def close(self, reason: str = "closed") -> None:
        """Flush, tell every subscriber that the channel ended, and take it out of memory.

        The log keeps it: `hub.channel(name)` goes on from there. Later captures raise ChannelClosed. Idempotent.
        """
        await self._shell.end(self, reason, forget=False)

    async def delete(self, reason: str) -> None:
        """Close, and forget the document for good; a channel created again under the name is a new epoch."""
        await self._shell.end(self, reason, forget=True)

    async def publish_async(self, value: Any, at: str = "") -> None:
        """`publish`, with the comparison of a huge document in a thread beside the event loop.

        Until it returns, leave `value` alone.

        Raises:
            What `publish` raises.
        """
        await asyncio.to_thread(self._publish_beside, value, at)

    def _publish_beside(self, value: Any, at: str) -> None:
        for _ in range(PUBLISH_ATTEMPTS):
            if not self.primary.has_document:
                break
            with self.lock:
                self.check_open()
                base = self.primary.begin_edit()
            try:
                patch = self.primary.changes(base, value, at)
            except BaseException:
                with self.lock:
                    self.primary.abandon_edit(base)
                raise
            with self._capture() as primary:
                if primary.commit_if_unchanged(base, patch):
                    return
        self.publish(value, at)

    def watch(self, fn: Callable[[], Any], interval_ms: float = 500) -> Callable[[], None]:
        """Publish what `fn()` returns, now and every `interval_ms`; return a function that stops it.

        `fn` may be a coroutine function. An error in it is logged, and the next turn tries again.
        """
        if interval_ms <= 0:
            raise ValueError(f"interval_ms must be positive, not {interval_ms}")

        async def publish_periodically() -> None:
            while True:
                try:
                    value = fn()
                    await self.publish_async(await value if inspect.isawaitable(value) else value)
                except Exception as error:
                    if self._closed is not None:
                        return
                    self._shell.report("watched function failed", self, error)
                await self._shell.sleep(interval_ms / 1000)

        return self._shell.start(publish_periodically)
