"""The broadcaster for asyncio servers."""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Self, Unpack

from realtime_sync.broadcast.async_channel import AsyncChannel
from realtime_sync.broadcast.asyncio_runtime import AsyncioRuntime, LoopRuntime
from realtime_sync.broadcast.base_broadcaster import CLOSED, BaseBroadcaster
from realtime_sync.broadcast.options import OptionArguments, Options
from realtime_sync.broadcast.polling import poll_message
from realtime_sync.broadcast.ports import Subscriber, Transport
from realtime_sync.broadcast.receipt import is_in_event_loop
from realtime_sync.broadcast.registry import ShellKind, kind_of
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.position import Position
from realtime_sync.replication.primary import Primary

STOP_S = 1.0
"""A task that is cancelled ends at once; one whose code holds on to it gets this long."""

logger = logging.getLogger("realtime_sync")


class AsyncBroadcaster(BaseBroadcaster[AsyncChannel, LoopRuntime]):
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None
        super().__init__(transport, runtime or AsyncioRuntime(), Options.of(arguments))

    def begin_in_child(self) -> None:
        self._loop = None
        self._background.clear()
        super().begin_in_child()

    @classmethod
    def on(cls, server: Any, *, namespace: str = "/", **options: Unpack[OptionArguments]) -> Self:
        """Return a broadcaster on an asyncio server such as `socketio.AsyncServer`; see `realtime_sync.attach`.

        Raises:
            UnsupportedServer: The server is of no kind that is known, or runs on threads.
        """
        return cls(kind_of(server, ShellKind.ASYNCIO).make(server, namespace), **options)

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

    async def poll(self, channel: str, position: Position | None, *, subscriber: Subscriber) -> dict[str, Any]:
        """Return what brings a client that holds `channel` at `position` up to date, for a reply over plain HTTP.

        Authorised as a subscription is (action `subscribe`), and answered as one, in codec `json`; nothing of the
        client is kept. `answer_poll` takes a whole message; `polling_app` and `polling_view` are routes around it.

        Args:
            channel: Its name.
            position: Where the client holds the document; None: it holds none.
            subscriber: Who asks.

        Returns:
            Shape: `{"answer": {"outcome": ..., ...}, "body": frame or None}`, as PROTOCOL.md has them.
        """
        return await self.answer_poll(poll_message(channel, position), subscriber=subscriber)

    async def answer_poll(self, message: Any, *, subscriber: Subscriber) -> dict[str, Any]:
        """Return the reply to a client's message over plain HTTP: a `sync:subscribe` (PROTOCOL.md, section 8).

        Args:
            message: What was posted, parsed.
            subscriber: Who asks.

        Returns:
            What `poll` returns.
        """
        self.bind()
        reply: dict[str, Any] = {}

        async def answer() -> None:
            reply.update(await self._polling.answer(message, subscriber))

        await self._in_loop(answer)
        return reply

    async def close(self, timeout_s: float = 5) -> None:
        """Refuse captures, send what is pending, stop every timer. Idempotent.

        Args:
            timeout_s: Seconds for sending; what is not sent by then is logged as lost.
        """
        self.bind()
        if self._closing is None or not self._will_end(self._closing):
            self._closing = self._runtime.spawn(self._close(timeout_s))
        await asyncio.shield(self._closing)

    def _will_end(self, closing: asyncio.Task[None]) -> bool:
        """Whether it closed, or goes on to; a loop that ended took those with it that had not."""
        return not closing.cancelled() and (closing.done() or closing.get_loop() is self._loop)

    async def __aenter__(self) -> Self:
        self.bind()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _close(self, timeout_s: float) -> None:
        self._closed = True
        self._channels.close(CLOSED)
        try:
            await asyncio.wait_for(self.flush_all(), timeout_s)
        except (TimeoutError, ExceptionGroup) as error:
            lost = [channel.name for channel in self._channels if channel.is_pending]
            logger.error(
                "closed with unsent changes in channels %s: %s", lost, str(error) or f"not sent in {timeout_s} s"
            )
        self._fail_receipts()
        await self._stop_tasks()
        if self._log is not None:
            self._log.close()

    def may_block(self) -> bool:
        return self._loop is not None and self._loop.is_running() and not is_in_event_loop()

    async def _stop_tasks(self) -> None:
        loop = asyncio.get_running_loop()
        tasks = [task for task in self._background if task.get_loop() is loop]  # no other loop has to run any more
        for channel in self._channels:
            if isinstance(channel.worker, asyncio.Task):
                tasks.append(channel.worker)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    # ---- the loop --------------------------------------------------------------------------------------------------

    def bind(self) -> None:
        """Take the running loop as the one that sends, unless there is one."""
        if self._loop is not None and self._loop.is_running():
            return
        self._loop = asyncio.get_running_loop()
        for channel in self._channels:
            channel.begin_again()
        self._sweeper.begin_again()
        self._sweeper.begin()
        self._begin_waiting()
        for channel in self._channels:
            self._rouse(channel, urgent=False)

    def wake(self, channel: SendingChannel, urgent: bool) -> None:
        self._channels.keep(channel)
        # A capture is there first, then the loop is read; `bind` sets the loop, then looks at every channel.
        self._call(functools.partial(self._rouse, channel, urgent))

    async def flush(self, channel: SendingChannel) -> None:
        await self._in_loop(functools.partial(self._flusher.flush, channel))

    async def end(self, channel: SendingChannel, reason: str, *, forget: bool) -> None:
        await self._in_loop(functools.partial(self._end, channel, reason, forget))

    async def _in_loop(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` to its end on the broadcaster's loop, even when the caller is cancelled."""
        self.bind()
        assert self._loop is not None, "bound above"
        if asyncio.get_running_loop() is self._loop:
            await asyncio.shield(self._spawn(work()))
        else:
            await asyncio.shield(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._loop)))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        task = self._runtime.spawn(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _call(self, call: Callable[[], None]) -> None:
        loop = self._loop
        try:
            if loop is not None:
                loop.call_soon_threadsafe(call)
        except RuntimeError:
            # The loop was closed under us. What is pending stays; the next loop to show up sends it.
            self._loop = None

    def arrived(self) -> None:
        self.bind()

    def _make_channel(self, name: str, primary: Primary) -> AsyncChannel:
        return AsyncChannel(name, primary, self, self._runtime, self._options, self._counters)
