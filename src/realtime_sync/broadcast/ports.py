"""The ports of a broadcaster: what it is to applications, and what it needs from the world."""

import concurrent.futures
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar

import attrs

from realtime_sync.broadcast.primitives import Event
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.broadcast.stats import ResyncCause
from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Keyframe

Result = TypeVar("Result")


@attrs.frozen
class Subscriber:
    """Who asks to watch a channel: one connection to one namespace.

    Attributes:
        id: Names the connection in logs and questions; unique in this process.
        sid: The Socket.IO session id that rooms and `emit(to=...)` know.
        namespace: The Socket.IO namespace.
        environ: The request that opened the connection (WSGI form; under ASGI the scope is in `asgi.scope`).
        auth: What the client passed as `auth` when it connected; None when it passed nothing.
    """

    id: str
    sid: str
    namespace: str
    environ: Mapping[str, Any] = attrs.field(repr=False)
    auth: Any = attrs.field(default=None, repr=False)


Authorize: TypeAlias = Callable[[Subscriber, str, str], bool | Awaitable[bool]]
"""`authorize(subscriber, channel, action)`; actions are `subscribe`, `resync` and `fetch`.

On an event loop it may be a coroutine function, on threads it is a plain one."""

Load: TypeAlias = Callable[[str], Any]
"""`load(channel)` returns its document, or None when there is none; on an event loop it may be a coroutine function."""

OnResync: TypeAlias = Callable[[str, Subscriber, ResyncCause, Position | None, Position], Any]
"""`on_resync(channel, subscriber, cause, from_position, to_position)`; on an event loop it may be a coroutine function.

`from_position` is what the subscriber held, None for nothing that it trusts; with offset 0 in `to_position` there is no
document yet."""


def allow_everyone(subscriber: Subscriber, channel: str, action: str) -> bool:
    """Let anybody watch anything: for demonstrations, and for servers that are private anyway."""
    return True


class Broadcaster(Protocol):
    """What an application publishes to: calls that never block, from any thread."""

    def channel(self, name: str, *, initial: Any = None, window_ms: float | None = None) -> Any:
        """Return the channel of that name, the same object every time."""

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
        """Emit an event to a channel's subscribers and to the plain clients in the room of that name."""

    def get_stats(self) -> Any:
        """Return counters of what was sent and lost."""

    def revoke(self, sid: str | None = None, channel: str | None = None) -> int:
        """End subscriptions at once; return how many."""


class Receiver(Protocol):
    """What a transport hands over to."""

    def arrived(self) -> None:
        """A client connected."""

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""

    def departed(self, sid: str) -> None:
        """A client is gone."""


class Transport(Protocol):
    """Delivers to rooms and to single clients, in the order of the calls, and loses nothing silently.

    On an event loop its coroutines may suspend. Those of a server on threads must not: they block, and return.
    """

    def listen(self, receiver: Receiver) -> None:
        """Hand over clients' messages and departures to `receiver` from now on."""

    def subscriber(self, sid: str) -> Subscriber:
        """Return who is behind a session id."""

    def is_connected(self, sid: str) -> bool:
        """Whether the client is still there."""

    def members(self, room: str) -> Iterable[str]:
        """Return the session ids in a room."""

    def queued(self, sid: str) -> int | None:
        """Return how many packets wait to be sent to a client; None when that cannot be told."""

    def disconnect(self, sid: str) -> None:
        """Begin to end a client's connection, for good and at once: what waits for it is forgotten. Never blocks."""

    async def enter(self, sid: str, room: str) -> None:
        """Put a client into a room."""

    def leave(self, sid: str, room: str) -> None:
        """Take a client out of a room; when this returns, no later delivery to the room reaches it."""

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        """Send to everybody in a room but the `skip`ped."""

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        """Send to one client."""


class Signal(Protocol):
    """Something that happened, until it is cleared. For those who run on the runtime that made it."""

    def set(self) -> None:
        """Say that it happened, to all who wait."""

    def clear(self) -> None:
        """Forget it."""

    def is_set(self) -> bool:
        """Whether it happened."""

    async def wait(self) -> Any:
        """Return when it has happened."""


class Job(Protocol):
    """Something that runs in the background."""

    def cancel(self) -> Any:
        """Stop it: at the next place where it waits, it ends."""

    def done(self) -> bool:
        """Whether it ended."""


class Runtime(Protocol):
    """Time and concurrency: of one event loop, or of threads.

    On an event loop its coroutines suspend. On threads they block the calling thread, and never suspend: so one text
    serves both.
    """

    def now(self) -> float:
        """Return monotonic seconds."""

    async def sleep(self, seconds: float, *, unless: Signal | None = None) -> None:
        """Return after that time, or as soon as `unless` is set."""

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Job:
        """Run a coroutine in the background, and hold it until it ends."""

    def lock(self) -> AbstractAsyncContextManager[Any]:
        """Return a lock that serves in the order of asking."""

    def signal(self) -> Signal:
        """Return a signal that is not set."""

    def event(self) -> Event:
        """Return what a thread, or a greenlet, blocks on until another one sets it."""

    async def outcome(self, future: concurrent.futures.Future[Result]) -> Result:
        """Return, or raise, what another thread's work comes to."""


class ChannelLog(Protocol):
    """Where channels' frames are kept: what survives a restart and joins processes.

    Synchronous. `MemoryLog` is called inline, any other in one dedicated thread, first in first out, one append in
    flight a channel.
    """

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        """Add a frame at the end.

        A delta's base is the end. A keyframe begins a new life of the channel. The frame that is the end already is
        taken again without an effect, so that an append whose outcome is unknown can be repeated.

        Raises:
            LogRefused: The end is elsewhere: somebody else writes.
        """

    def read_after(self, channel: str, position: Position) -> list[Delta] | None:
        """Return the deltas after a position, oldest first; None when they are not all there."""

    def save_keyframe(self, channel: str, keyframe: Keyframe) -> None:
        """Keep a keyframe of the log's epoch, its `lane` included; what lies before it may be forgotten."""

    def load_keyframe(self, channel: str) -> Keyframe | None:
        """Return the newest keyframe; None for a channel that the log does not know."""

    def delete(self, channel: str) -> None:
        """Forget everything of a channel."""
