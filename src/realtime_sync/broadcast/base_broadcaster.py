"""What both broadcasters are: channels over one transport, whoever sleeps and sends for them."""

import contextlib
import functools
import logging
import secrets
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import attrs

from realtime_sync.broadcast.answering import Answering
from realtime_sync.broadcast.authority import Authority
from realtime_sync.broadcast.channel_registry import AnyChannel, ChannelRegistry
from realtime_sync.broadcast.entrance import Entrance
from realtime_sync.broadcast.flusher import Flusher
from realtime_sync.broadcast.forks import begin_in_every_child
from realtime_sync.broadcast.log_line import LogLine
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.opening import Opening
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.polling import Polling
from realtime_sync.broadcast.ports import Job, Runtime, Transport
from realtime_sync.broadcast.readers import Readers
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.broadcast.reception import Reception
from realtime_sync.broadcast.refusals import FORBIDDEN
from realtime_sync.broadcast.resync_reports import ResyncReports
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.stats import Counters, Stats
from realtime_sync.broadcast.sweeper import Sweeper
from realtime_sync.replication.primary import Primary
from realtime_sync.wire.messages import CHECK_READINESS

CLOSED = "the broadcaster was closed"

EPOCH_BYTES = 6
"""8 characters in every frame; two of a million lives of one channel meet with a probability under 1 in 500."""

AnyRuntime = TypeVar("AnyRuntime", bound=Runtime)

logger = logging.getLogger("realtime_sync")


class BaseBroadcaster(ABC, Generic[AnyChannel, AnyRuntime]):
    """Keeps subscribers of any number of channels at the same documents, over one transport.

    Args:
        transport: Delivers to rooms and clients.
        runtime: Time and concurrency.
        options: See `realtime_sync.attach`.
    """

    def __init__(self, transport: Transport, runtime: AnyRuntime, options: Options) -> None:
        self._runtime, self._options = runtime, options
        self._counters = Counters()
        self._waiting: deque[Callable[[], None]] = deque()  # what begins with the first client
        self._closed = False
        self._log = None if options.log is None else LogLine(options.log, runtime)
        self._flusher = Flusher(transport, runtime, self._log, self._counters)
        self._channels: ChannelRegistry[AnyChannel] = ChannelRegistry(
            self._open_channel, runtime.now, options.channel_ttl_s
        )
        self._sweeper = Sweeper(self._channels, runtime, self._spawn, options.channel_ttl_s)
        self._channels.on_kept = self._look_for_unused
        authority = Authority(options)
        opening = Opening(options.load, self._channels, self._flusher)
        counters = self._counters
        self._membership = Membership(transport, runtime, options.limits.max_channels_per_client)
        self._answering = Answering(transport, runtime, self._membership, counters)
        self._resync_reports = ResyncReports(options.on_resync, self._spawn)
        entrance = Entrance(transport, runtime, self._membership, counters, self._resync_reports)
        self._readers = Readers(
            options.readers,
            runtime,
            self._flusher,
            self._channels,
            self._membership,
            entrance,
            self._answering,
            counters,
            self._spawn,
        )
        self._reception = Reception(
            options,
            authority,
            transport,
            runtime,
            opening,
            self._membership,
            entrance,
            self._answering,
            self._readers,
            counters,
            self._spawn,
        )
        self._polling = Polling(authority, opening, runtime, counters)
        begin_in_every_child(self)
        transport.listen(self)

    def begin_in_child(self) -> None:
        """Keep the documents in a forked process; begin new epochs, without the parent's clients, threads and locks.

        Only a log that both processes share goes on: it refuses whoever is not its writer.
        """
        self._counters.begin_in_child()
        self._membership.begin_in_child()
        self._readers.begin_in_child()
        self._resync_reports.begin_in_child()
        self._channels.begin_in_child()
        self._sweeper.begin_again()
        if self._log is not None:
            self._log.begin_in_child()
        for channel in self._channels:
            channel.begin_in_child(self._new_primary())
            channel.recovered = isinstance(self._options.log, MemoryLog)  # the parent's frames are of no use here

    # ---- what applications call, from any thread -------------------------------------------------------------------

    def channel(self, name: str, *, initial: Any = None, window_ms: float | None = None) -> AnyChannel:
        """Return the channel of that name, the same object every time.

        Args:
            name: Printable text; also the name of the room of its plain clients.
            initial: The document to start with when there is none yet, in memory or in the log; None for none.
            window_ms: Milliseconds in which changes of this channel collect under load, from now on; None: as before,
                and at first as `attach` was told.

        Raises:
            InvalidName: It cannot be a channel's name.
            ValueError: `window_ms` is below 0.
            InvalidValue: `initial` is no JSON.
            ChannelClosed: The broadcaster was closed.
        """
        self._options.check_channel_name(name)
        channel = self._channels.open(name)
        if window_ms is not None:
            channel.collect_for(window_ms)
        if initial is not None:
            channel.initialize(initial)
        return channel

    def emit(
        self,
        event: str,
        data: Any,
        *,
        room: str,
        priority: int = 0,
        key: str | None = None,
        lossless: bool | None = None,
        force_immediate: bool = False,
    ) -> Receipt | None:
        """Emit an event to the subscribers of channel `room` and to the plain clients in the room of that name.

        Returns:
            What `Channel.emit` returns.

        Raises:
            What `Channel.emit` raises.
        """
        return self.channel(room).emit(
            event, data, priority=priority, key=key, lossless=lossless, force_immediate=force_immediate
        )

    def revoke(self, sid: str | None = None, channel: str | None = None) -> int:
        """End subscriptions at once: of one client, of one channel, of one client to one channel.

        Nothing that is captured after this returns reaches them; they are told `forbidden`. A client that asks again
        is authorised again.

        Returns:
            How many subscriptions ended.

        Raises:
            ValueError: Neither `sid` nor `channel` was given; that would end all.
        """
        if sid is None and channel is None:
            raise ValueError("revoke needs a sid, a channel, or both")
        self._polling.revoke(sid, channel)
        revoked = self._membership.revoke(sid, channel)
        if revoked:
            self.start(functools.partial(self._answering.tell_ended, revoked, FORBIDDEN))
        return len(revoked)

    def get_stats(self) -> Stats:
        """Return what was counted since the broadcaster was made."""
        channels = list(self._channels)
        return attrs.evolve(
            self._counters.stats(),
            channels=len(channels),
            subscriptions=sum(channel.subscriber_count for channel in channels),
            queued_events=sum(channel.primary.queued_events for channel in channels),
            pending_operations=sum(channel.primary.pending_operations for channel in channels),
            parked=sum(len(channel.window.parked) for channel in channels),
        )

    @property
    def sessions(self) -> int:
        """Connected clients that asked for a channel."""
        return len(self._membership)

    # ---- what a shell does ---------------------------------------------------------------------------------------

    @abstractmethod
    def arrived(self) -> None:
        """A client connected, or was here already: whatever was waiting for the first one begins."""

    @abstractmethod
    def wake(self, channel: SendingChannel, urgent: bool) -> None:
        """See that what is pending in a channel is flushed. From any thread."""

    @abstractmethod
    def may_block(self) -> bool:
        """Whether this thread may block until something was flushed: somebody else flushes, and needs it not."""

    @abstractmethod
    def _call(self, call: Callable[[], None]) -> None:
        """Call it where jobs are begun and stopped; not at all before the first client."""

    @abstractmethod
    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> Job:
        """Run a coroutine in the background until it ends or the broadcaster is closed."""

    @abstractmethod
    async def flush(self, channel: SendingChannel) -> None:
        """Append and send what is pending in one channel. On asyncio from any loop, and to its end when cancelled."""

    @abstractmethod
    async def end(self, channel: SendingChannel, reason: str, *, forget: bool) -> None:
        """Drain a channel and take it away; with `forget` discard what is pending, and the log. As `flush`."""

    @abstractmethod
    def _make_channel(self, name: str, primary: Primary) -> AnyChannel:
        """Return a channel of this shell's kind."""

    # ---- what is the same in every shell ---------------------------------------------------------------------------

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
        """Run `work` in the background, now or when the first client arrives; return what stops it. From any thread.

        Nothing begins after `close`.
        """
        jobs: list[Job] = []
        stopped = threading.Event()

        def begin() -> None:
            if not self._closed and not stopped.is_set():
                jobs.append(self._spawn(work()))
            if stopped.is_set():  # meanwhile
                cancel()

        def cancel() -> None:
            for job in jobs:
                job.cancel()

        def stop() -> None:
            stopped.set()
            self._call(cancel)

        self._waiting.append(begin)
        self._call(self._begin_waiting)
        return stop

    def _begin_waiting(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._waiting.popleft()()

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        await self._runtime.sleep(seconds)

    def report(self, problem: str, channel: SendingChannel, error: BaseException) -> None:
        """Log an error that no caller hears of."""
        logger.error("channel %r: %s", channel.name, problem, exc_info=error)

    async def _end(self, channel: SendingChannel, reason: str, forget: bool) -> None:
        channel.refuse_captures(reason)  # at once; and below again, should another attempt fail while this one waits
        async with self._flusher.sending(channel):
            if not self._channels.holds(channel):
                return  # somebody else ended it first
            channel.refuse_captures(reason)
            left: list[str] = []
            try:
                await self._flusher.end(channel, reason, left, forget=forget)
            except BaseException:
                self._channels.reopen(channel)  # else its name would stand for a channel that takes nothing
                raise
            finally:
                self._membership.forget_channel(channel, left)
            self._channels.remove(channel)

    def _look_for_unused(self) -> None:
        """See that somebody looks for channels that nobody uses, once there is a client. From any thread."""
        if self._sweeper.is_resting:
            self._call(self._sweeper.begin)

    def _fail_receipts(self) -> None:
        """What is not kept when the broadcaster was closed is lost."""
        for channel in self._channels:
            channel.fail_receipts()

    def _rouse(self, channel: SendingChannel, urgent: bool) -> None:
        """See that a worker flushes the channel; none begins after `close`."""
        if self._closed:
            return
        if urgent:
            channel.urgent.set()
        with channel.lock:  # a worker goes to rest under it
            if channel.worker is not None and not channel.worker.done():
                return
            try:
                channel.worker = self._runtime.spawn(self._flusher.work(channel))
            except RuntimeError as error:  # the system has no more threads
                channel.rest()  # the next capture tries again
                self.report("no thread can be started, so nobody can flush until the next change", channel, error)

    def _open_channel(self, name: str) -> AnyChannel:
        channel = self._make_channel(name, self._new_primary())
        if isinstance(self._options.log, MemoryLog):
            channel.recover(self._options.log)  # it only touches memory; any other log is read at the first flush
        return channel

    def _new_primary(self) -> Primary:
        return Primary(
            secrets.token_urlsafe(EPOCH_BYTES),
            normalizer=self._options.normalizer,
            history=self._options.history,
            max_queue_size=self._options.max_queue_size,
        )

    # ---- what the transport calls ----------------------------------------------------------------------------------

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        self.arrived()
        if event == CHECK_READINESS:
            return {"ready": not self._closed, "channels": len(self._channels)}
        return await self._reception.receive(sid, event, message)

    def departed(self, sid: str) -> None:
        """A client is gone."""
        self._membership.departed(sid)
