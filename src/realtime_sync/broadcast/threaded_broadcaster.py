"""The broadcaster for servers that run on threads or greenlets."""

import contextlib
import inspect
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Self, Unpack

from realtime_sync.broadcast.base_broadcaster import CLOSED, BaseBroadcaster
from realtime_sync.broadcast.options import OptionArguments, Options
from realtime_sync.broadcast.polling import poll_message
from realtime_sync.broadcast.ports import Subscriber, Transport
from realtime_sync.broadcast.receipt import is_in_event_loop
from realtime_sync.broadcast.registry import ShellKind, kind_of
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.thread_runtime import ThreadJob, ThreadRuntime
from realtime_sync.broadcast.threaded_channel import ThreadedChannel
from realtime_sync.position import Position
from realtime_sync.replication.primary import Primary

STOP_S = 1.0
"""Threads that are told to stop and only sleep end at once; one that still sends gets this long."""

DRAINERS = 8
"""Threads that send what is pending when a broadcaster is closed."""

logger = logging.getLogger("realtime_sync")


class ThreadedBroadcaster(BaseBroadcaster[ThreadedChannel, ThreadRuntime]):
    """Keeps subscribers of any number of channels at the same documents, over one transport, from threads.

    Made by `realtime_sync.attach(server, ...)` or `ThreadedBroadcaster.on(server, ...)`; making it at import is fine:
    no thread is started before the first client, `with hub`, or a `flush`; what is published before is kept.

        with realtime_sync.attach(socketio, authorize=may_watch) as hub:
            hub.channel("project_42").publish(graph)

    Args:
        transport: Delivers to rooms and clients, by coroutines that never suspend.
        runtime: Time and threads; Python's own by default.
        arguments: See `realtime_sync.attach`; `authorize` and `load` are plain functions here.
    """

    def __init__(
        self, transport: Transport, *, runtime: ThreadRuntime | None = None, **arguments: Unpack[OptionArguments]
    ) -> None:
        self._started = False
        options = Options.of(arguments)
        _check_blocks("authorize", options.authorize)
        _check_blocks("load", options.load)
        runtime = runtime or ThreadRuntime()
        self._closing = runtime.lock()
        super().__init__(transport, runtime, options)

    def begin_in_child(self) -> None:
        self._runtime.begin_in_child()
        self._started = False
        self._closing = self._runtime.lock()
        super().begin_in_child()

    @classmethod
    def on(cls, server: Any, *, namespace: str = "/", **options: Unpack[OptionArguments]) -> Self:
        """Return a broadcaster on a server such as `socketio.Server` or `flask_socketio.SocketIO`; see
        `realtime_sync.attach`.

        Raises:
            UnsupportedServer: The server is of no kind that is known, or runs on an event loop.
        """
        kind = kind_of(server, ShellKind.THREADS)
        return cls(kind.make(server, namespace), runtime=ThreadRuntime(kind.primitives(server)), **options)

    # ---- what applications call and wait for -----------------------------------------------------------------------

    def flush_all(self) -> None:
        """Append and send what was captured before this call, in every channel.

        Raises:
            ExceptionGroup: Of what failed; nothing is lost, it is repeated.
        """
        failed: list[Exception] = []
        for channel in self._channels:
            if channel.is_pending:
                try:
                    channel.flush()
                except Exception as error:
                    failed.append(error)
        if failed:
            raise ExceptionGroup("some channels could not be flushed", failed)

    def poll(self, channel: str, position: Position | None, *, subscriber: Subscriber) -> dict[str, Any]:
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
        return self.answer_poll(poll_message(channel, position), subscriber=subscriber)

    def answer_poll(self, message: Any, *, subscriber: Subscriber) -> dict[str, Any]:
        """Return the reply to a client's message over plain HTTP: a `sync:subscribe` (PROTOCOL.md, section 8).

        Args:
            message: What was posted, parsed.
            subscriber: Who asks.

        Returns:
            What `poll` returns.
        """
        self.arrived()
        return run_now(self._polling.answer(message, subscriber))

    def close(self, timeout_s: float = 5) -> None:
        """Refuse captures, send what is pending, end every thread. Idempotent.

        Args:
            timeout_s: Seconds for sending; what is not sent by then is logged as lost.
        """
        run_now(self._close(timeout_s))

    def __enter__(self) -> Self:
        self.arrived()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _close(self, timeout_s: float) -> None:
        async with self._closing:
            if not self._closed:
                self._closed = True
                self._end_all(self._runtime.now() + timeout_s)

    def _end_all(self, until: float) -> None:
        self._channels.close(CLOSED)
        self._drain(until)
        unsent = [channel.name for channel in self._channels if channel.is_pending]
        if unsent:
            logger.error("closed with unsent changes in channels %s", unsent)
        left = self._runtime.close(max(until - self._runtime.now(), STOP_S))
        self._fail_receipts()
        if left:
            logger.error("closed while %d threads were still sending; they end when the transport lets them", left)
        if self._log is not None:
            self._log.close()

    def _drain(self, until: float) -> None:
        """Flush every channel, in a few threads: one that hangs holds up few others."""
        pending = deque(channel for channel in self._channels if channel.is_pending)
        jobs: list[ThreadJob] = []
        try:
            while len(jobs) < min(len(pending), DRAINERS):
                jobs.append(self._runtime.spawn(self._drain_all(pending)))
        except RuntimeError:  # the system has no more threads; this one is left
            run_now(self._drain_all(pending))
        for job in jobs:
            job.wait(max(until - self._runtime.now(), 0))

    async def _drain_all(self, pending: deque[ThreadedChannel]) -> None:
        with contextlib.suppress(IndexError):
            while True:
                await self._drain_channel(pending.popleft())

    async def _drain_channel(self, channel: ThreadedChannel) -> None:
        try:
            await self._flusher.flush(channel)
        except Exception as error:
            self.report("the last flush failed", channel, error)

    # ---- threads -----------------------------------------------------------------------------------------------------

    def arrived(self) -> None:
        if self._started:
            return
        self._started = True
        self._sweeper.begin()
        self._begin_waiting()
        for channel in self._channels:
            if channel.is_pending:
                self._rouse(channel, urgent=False)

    def may_block(self) -> bool:
        return self._started and not self._closed and not self._runtime.is_in_job and not is_in_event_loop()

    def wake(self, channel: SendingChannel, urgent: bool) -> None:
        self._channels.keep(channel)
        # A capture is there first, then this is read; `arrived` sets it, then looks at every channel.
        if self._started:
            self._rouse(channel, urgent)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> ThreadJob:
        return self._runtime.spawn(coroutine)

    def _call(self, call: Callable[[], None]) -> None:
        if self._started:
            call()

    async def flush(self, channel: SendingChannel) -> None:
        self.arrived()
        await self._flusher.flush(channel)

    async def end(self, channel: SendingChannel, reason: str, *, forget: bool) -> None:
        self.arrived()
        await self._end(channel, reason, forget)

    def _make_channel(self, name: str, primary: Primary) -> ThreadedChannel:
        return ThreadedChannel(name, primary, self, self._runtime, self._options, self._counters)


def _check_blocks(option: str, function: object) -> None:
    if inspect.iscoroutinefunction(function):
        raise TypeError(
            f"{option} is a coroutine function, and on threads there is no loop to run it: pass a plain one"
        )
