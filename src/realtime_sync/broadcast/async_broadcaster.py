"""The broadcaster for asyncio servers."""

import asyncio
import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Self, Unpack

import attrs

from realtime_sync.broadcast.async_channel import AsyncChannel
from realtime_sync.broadcast.asyncio_runtime import AsyncioRuntime, LoopRuntime
from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.flusher import Flusher
from realtime_sync.broadcast.log_line import LogLine
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.options import OptionArguments, Options
from realtime_sync.broadcast.ports import Transport
from realtime_sync.broadcast.reception import Reception
from realtime_sync.broadcast.registry import transport_for
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.stats import Stats
from realtime_sync.replication.primary import Primary

CLOSED = "the broadcaster was closed"

EPOCH_BYTES = 6
"""8 characters in every frame; two of a million lives of one channel meet with a probability under 1 in 500."""

logger = logging.getLogger("realtime_sync")


class AsyncBroadcaster:
    """Keeps subscribers of any number of channels at the same documents, over one transport, on one event loop.

    Made by `realtime_sync.attach(sio, ...)` or `AsyncBroadcaster.on(sio, ...)`; making it at import is fine. Its
    loop is the one in which the transport's first client, `async with`, or an `await` of it shows up; what is published
    before is kept.

        async with realtime_sync.attach(sio, authorize=may_watch) as hub:
            hub.channel("project_42").publish(graph)

    Args:
        transport: Delivers to rooms and clients.
        runtime: Time and tasks; asyncio's own by default.
        arguments: See `realtime_sync.attach`.
    """

    def __init__(
        self, transport: Transport, *, runtime: LoopRuntime | None = None, **arguments: Unpack[OptionArguments]
    ) -> None:
        options = Options.of(arguments)
        self._transport = transport
        self._options = options
        self._runtime: LoopRuntime = runtime or AsyncioRuntime()
        self._counters = Stats()
        self._log = None if options.log is None else LogLine(options.log, self._runtime)
        self._flusher = Flusher(transport, self._runtime, self._log, options.window_ms / 1000, self._counters)
        self._channels = ChannelRegistry(self._make_channel, self._runtime.now, options.channel_ttl_s)
        self._reception = Reception(options, transport, self._runtime, self._flusher, self._channels, self._counters)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._before_loop: list[Callable[[], None]] = []
        self._background: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None
        transport.listen(self)

    @classmethod
    def on(cls, server: Any, *, namespace: str = "/", **options: Unpack[OptionArguments]) -> Self:
        """Return a broadcaster on an asyncio server such as `socketio.AsyncServer`; see `realtime_sync.attach`.

        Raises:
            UnsupportedServer: The server is of no kind that is known.
        """
        return cls(transport_for(server, namespace), **options)

    # ---- what applications call, from any thread -------------------------------------------------------------------

    def channel(self, name: str, *, initial: Any = None) -> AsyncChannel:
        """Return the channel of that name, the same object every time.

        Args:
            name: Printable text; also the name of the room of its plain clients.
            initial: The document to start with when there is none yet, in memory or in the log; None for none.

        Raises:
            InvalidName: It cannot be a channel's name.
            InvalidValue: `initial` is no JSON.
            ChannelClosed: The broadcaster was closed.
        """
        self._options.check_channel_name(name)
        channel = self._channels.open(name)
        if initial is not None:
            channel.initialize(initial)
        return channel

    def emit(self, event: str, data: Any, *, room: str, priority: int = 0, force_immediate: bool = False) -> None:
        """Emit an event to the subscribers of channel `room` and to the plain clients in the room of that name.

        Raises:
            What `Channel.emit` raises.
        """
        self.channel(room).emit(event, data, priority=priority, force_immediate=force_immediate)

    def revoke(self, sid: str | None = None, channel: str | None = None) -> int:
        """End subscriptions at once: of one client, of one channel, of one client to one channel.

        When this returns, no later frame goes to them; they are told `forbidden`. A client that asks again is
        authorised again.

        Returns:
            How many subscriptions ended.

        Raises:
            ValueError: Neither `sid` nor `channel` was given; that would end all.
        """
        if sid is None and channel is None:
            raise ValueError("revoke needs a sid, a channel, or both")
        revoked = self._reception.revoke(sid, channel)
        for revoked_sid, name in revoked:
            self.start(functools.partial(self._reception.tell_revoked, revoked_sid, name))
        return len(revoked)

    def get_stats(self) -> Stats:
        """Return what was counted since the broadcaster was made."""
        channels = list(self._channels)
        return attrs.evolve(
            self._counters,
            channels=len(channels),
            subscriptions=sum(channel.subscriber_count for channel in channels),
            queued_events=sum(channel.primary.queued_events for channel in channels),
        )

    @property
    def sessions(self) -> int:
        """Connected clients that asked for a channel."""
        return self._reception.sessions

    # ---- what applications await -----------------------------------------------------------------------------------

    async def flush_all(self) -> None:
        """Append and send what was captured before this call, in every channel.

        Raises:
            ExceptionGroup: Of what failed; nothing is lost, it is repeated.
        """
        pending = [channel for channel in self._channels if channel.is_pending]
        results = await asyncio.gather(*(self.flush(channel) for channel in pending), return_exceptions=True)
        failed = [result for result in results if isinstance(result, Exception)]
        if failed:
            raise ExceptionGroup("some channels could not be flushed", failed)

    async def close(self, timeout_s: float = 5) -> None:
        """Refuse captures, send what is pending, stop every timer. Idempotent.

        Args:
            timeout_s: Seconds for sending; what is not sent by then is logged as lost.
        """
        self.bind()
        if self._closing is None:
            self._closing = self._runtime.spawn(self._close(timeout_s))
        await asyncio.shield(self._closing)

    async def __aenter__(self) -> Self:
        self.bind()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _close(self, timeout_s: float) -> None:
        self._channels.close(CLOSED)
        try:
            await asyncio.wait_for(self.flush_all(), timeout_s)
        except (TimeoutError, ExceptionGroup) as error:
            lost = [channel.name for channel in self._channels if channel.is_pending]
            logger.error("closed with unsent changes in channels %s: %s", lost, error)
        for task in [*self._background, *(channel.worker for channel in self._channels)]:
            if task is not None:
                task.cancel()
        if self._log is not None:
            self._log.close()

    # ---- the loop --------------------------------------------------------------------------------------------------

    def bind(self) -> None:
        """Take the running loop as the one that sends, unless there is one."""
        if self._loop is not None and self._loop.is_running():
            return
        self._loop = asyncio.get_running_loop()
        for channel in self._channels:
            channel.begin_again()
        waiting, self._before_loop = self._before_loop, []
        for start in waiting:
            start()
        for channel in self._channels:
            self._rouse(channel, urgent=False)

    def wake(self, channel: SendingChannel, urgent: bool) -> None:
        """See that what is pending in a channel is flushed. From any thread."""
        self._channels.keep(channel)
        # A capture is there first, then the loop is read; `bind` sets the loop, then looks at every channel.
        if self._loop is not None:
            self._call_in_loop(functools.partial(self._rouse, channel, urgent))

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
        """Run `work` on the broadcaster's loop, now or when it starts; return what stops it. From any thread."""
        tasks: list[asyncio.Task[Any]] = []

        def begin() -> None:
            task = self._runtime.spawn(work())
            tasks.append(task)
            self._background.add(task)
            task.add_done_callback(self._background.discard)

        def stop() -> None:
            if begin in self._before_loop:
                self._before_loop.remove(begin)
            self._call_in_loop(lambda: [task.cancel() for task in tasks])

        if self._loop is None or not self._loop.is_running():
            self._before_loop.append(begin)
        else:
            self._call_in_loop(begin)
        return stop

    async def flush(self, channel: SendingChannel) -> None:
        """Append and send what is pending in one channel. From any loop."""
        await self._in_loop(functools.partial(self._flusher.flush, channel))

    async def end(self, channel: SendingChannel, reason: str, *, forget: bool) -> None:
        """Drain a channel and take it away; with `forget` discard what is pending, and the log. From any loop."""
        channel.refuse_captures(reason)
        await self._in_loop(functools.partial(self._end, channel, reason, forget))

    async def _end(self, channel: SendingChannel, reason: str, forget: bool) -> None:
        async with self._flusher.sending(channel):
            if not self._channels.holds(channel):
                return  # somebody else ended it first
            subscribers = await self._flusher.end(channel, reason, forget=forget)
            self._reception.forget_channel(channel.name, subscribers)
            self._channels.remove(channel)

    async def _in_loop(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` to its end on the broadcaster's loop, even when the caller is cancelled."""
        self.bind()
        assert self._loop is not None, "bound above"
        if asyncio.get_running_loop() is self._loop:
            await asyncio.shield(self._runtime.spawn(work()))
        else:
            await asyncio.shield(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._loop)))

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        await self._runtime.sleep(seconds)

    def report(self, problem: str, channel: SendingChannel, error: BaseException) -> None:
        """Log an error that no caller hears of."""
        logger.error("%s in channel %r", problem, channel.name, exc_info=error)

    def _rouse(self, channel: SendingChannel, urgent: bool) -> None:
        if urgent:
            channel.urgent.set()
        if channel.worker is None or channel.worker.done():
            channel.worker = self._runtime.spawn(self._flusher.work(channel))

    def _call_in_loop(self, call: Callable[[], Any]) -> None:
        loop = self._loop
        try:
            if loop is not None:
                loop.call_soon_threadsafe(call)
        except RuntimeError:
            # The loop was closed under us. What is pending stays; the next loop to show up sends it.
            self._loop = None

    # ---- what the transport calls ----------------------------------------------------------------------------------

    def arrived(self) -> None:
        """A client connected: the running loop is the server's."""
        self.bind()

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        self.bind()
        return await self._reception.receive(sid, event, message)

    def departed(self, sid: str) -> None:
        """A client is gone."""
        self._reception.departed(sid)

    def _make_channel(self, name: str) -> AsyncChannel:
        primary = Primary(
            secrets.token_urlsafe(EPOCH_BYTES),
            normalizer=self._options.normalizer,
            history=self._options.history,
            max_queue_size=self._options.max_queue_size,
        )
        channel = AsyncChannel(name, primary, self, self._runtime, self._options.limits, self._counters)
        if isinstance(self._options.log, MemoryLog):
            channel.recover(self._options.log)  # it only touches memory; any other log is read at the first flush
        return channel
