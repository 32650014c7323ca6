"""The sending half of a channel, the same on every shell: what its captures become once somebody waits for them."""

import functools
import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import attrs

from realtime_sync.broadcast.channel import Channel
from realtime_sync.broadcast.encoded_frames import Encodings
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.ports import ChannelLog, Job, Runtime
from realtime_sync.broadcast.stats import Counters
from realtime_sync.errors import LogRefused
from realtime_sync.replication.primary import Primary
from realtime_sync.replication.send_window import SendWindow


@attrs.frozen
class Delivery:
    """One message that a room has yet to get.

    Attributes:
        room: The Socket.IO room.
        event: The Socket.IO event.
        arguments: Its arguments.
        skip: Session ids in the room that do not get it.
        size_bytes: Size of the body, for the statistics.
        saved_bytes: What the whole document would have taken beyond it, for the statistics.
        dictionary_bytes: How much of it is a dictionary, for the statistics.
        recipients: How many get it, for the statistics.
    """

    room: str
    event: str
    arguments: tuple[Any, ...]
    skip: tuple[str, ...] = ()
    size_bytes: int = 0
    saved_bytes: int = 0
    dictionary_bytes: int = 0
    recipients: int = 0


class Shell(Protocol):
    """What a channel asks of the broadcaster that made it."""

    def wake(self, channel: "SendingChannel", urgent: bool) -> None:
        """See that what is pending is flushed. From any thread."""

    async def flush(self, channel: "SendingChannel") -> None:
        """Append and send what is pending."""

    async def end(self, channel: "SendingChannel", reason: str, *, forget: bool) -> None:
        """Drain the channel and take it away; with `forget` also from the log."""

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
        """Run `work` in the background, now or when the broadcaster starts; return what stops it."""

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""

    def report(self, problem: str, channel: "SendingChannel", error: BaseException) -> None:
        """Log an error that no caller hears of."""

    def may_block(self) -> bool:
        """Whether this thread may block until something was flushed."""


@attrs.define
class Loads:
    """Attempts to bring a document that is not in memory.

    Attributes:
        ended: How many ended, well or badly.
        succeeded: Whether the last one did.
    """

    ended: int = 0
    succeeded: bool = False


class SendingChannel(Channel):
    """A `Channel` with what a shell needs to flush it; `AsyncChannel` and `ThreadedChannel` add what users wait for.

    Whoever holds `send_lock` decides what subscribers get next; all below `send_lock` is touched under it alone.

    Attributes:
        ended: Nothing of it is appended or sent any more.
        readers: How far subscribers and plain clients may fall behind.
        window: Which subscribers keep up with what is sent to them.
        window_s: Seconds in which changes collect under load.
        urgent: A capture does not want to wait for the window.
        worker: Flushes it until nothing is pending.
    """

    def __init__(
        self, name: str, primary: Primary, shell: Shell, runtime: Runtime, options: Options, counters: Counters
    ) -> None:
        super().__init__(name, primary, overflow=options.overflow, new_event=runtime.event)
        self._shell, self._runtime = shell, runtime
        self._new_encodings = functools.partial(Encodings, name, options.limits, counters)
        self.readers = options.readers
        self.ended = False
        self.used_at = float("-inf")
        self.window_s = options.window_ms / 1000
        self._begin_sending()

    def _begin_sending(self) -> None:
        self.encodings = self._new_encodings()
        self.window = SendWindow(self.readers)
        self.outbox: deque[Delivery] = deque()  # of the last committed frame
        self.flushed_at = float("-inf")
        self.recovered = False
        self.deltas_since_keyframe = 0
        self.loads = Loads()
        self.begin_again()

    def begin_again(self) -> None:
        """Take new locks and signals: those of an event loop that ended are of no use. What is pending stays."""
        self.send_lock = self._runtime.lock()
        self.load_lock = self._runtime.lock()
        self.urgent = self._runtime.signal()
        self.worker: Job | None = None

    def begin_in_child(self, primary: Primary) -> None:
        """Go on in a forked process with the same document, in the epoch of `primary`, without subscribers."""
        primary.adopt(self.primary)
        self._begin(primary)
        self._begin_sending()

    @property
    def is_pending(self) -> bool:
        """Whether something waits to be appended or sent."""
        return not self.ended and (bool(self.outbox) or super().is_pending)

    def wake(self, urgent: bool) -> None:
        self._shell.wake(self, urgent)

    def may_block(self) -> bool:
        return self._shell.may_block()

    def collect_for(self, window_ms: float) -> None:
        """Let changes collect for so long under load: fewer frames, and of what has a key only the newest.

        Raises:
            ValueError: It is below 0.
        """
        if window_ms < 0:
            raise ValueError(f"window_ms must not be negative, and is {window_ms}")
        self.window_s = window_ms / 1000

    def rest_if_idle(self) -> bool:
        """End the worker that asks, and be woken by the next capture, when nothing is pending; return whether it is so.

        One step under the lock: a capture on another thread comes before it, and is pending, or after it, and wakes.
        """
        with self.lock:
            if self.is_pending:
                self._awake = True
                return False
            self.rest()
            return True

    def rest(self) -> None:
        """Be without a worker, and be woken by the next capture. The caller holds the lock."""
        self._awake = False
        self.worker = None

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
                self.primary.recover(keyframe, deltas, self._runtime.now())
            self.deltas_since_keyframe = len(deltas)
        self.recovered = True

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
                    await self.publish_watched(await value if inspect.isawaitable(value) else value)
                except Exception as error:
                    if self._closed is not None:
                        return
                    self._shell.report("the watched function raised, and will be called again", self, error)
                await self._shell.sleep(interval_ms / 1000)

        return self._shell.start(publish_periodically)

    async def publish_watched(self, value: Any) -> None:
        """Publish what a watched function returned."""
        self.publish(value)
