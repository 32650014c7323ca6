"""A threaded broadcaster on virtual time over an in-memory transport, and the same behind the names of the asyncio one.

What the two shells promise alike is tested by one text: `AwaitedWorld` lets a test written with `await` run on threads.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.broadcast.primitives import Primitives, Thread
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.thread_runtime import ThreadRuntime
from realtime_sync.broadcast.threaded_broadcaster import ThreadedBroadcaster
from realtime_sync.broadcast.threaded_channel import ThreadedChannel
from realtime_sync.testing import MemoryTransport, ThreadClock
from tests.broadcast.world import Watcher

on_both_shells = pytest.mark.parametrize("world", ["asyncio", "threads"], indirect=True)
"""For tests that have one `world` and await what it does."""


class ThreadedWatcher(Watcher):
    """A watcher of a server on threads."""

    def join_now(self) -> "ThreadedWatcher":
        run_now(self.join())
        return self

    def pump_now(self) -> None:
        run_now(self.pump())


class ThreadedWorld:
    """Everything that a test of the threaded shell needs."""

    def __init__(self) -> None:
        self.clock = ThreadClock()
        self.transport = MemoryTransport()
        self.hubs: list[ThreadedBroadcaster] = []
        self._threads_before = set(threading.enumerate())

    async def settle(self) -> None:
        self.clock.settle()

    def hub(self, *, refusing: Sequence[object] = (), **options: Any) -> ThreadedBroadcaster:
        """Return a new broadcaster; while `refusing` holds anything, the system has no thread for it."""
        primitives = self.clock.primitives

        def start(run: Callable[[], None]) -> Thread:
            if refusing:
                raise RuntimeError("can't start new thread")
            return primitives.start(run)

        runtime = ThreadRuntime(Primitives(event=primitives.event, start=start, now=primitives.now))
        self.hubs.append(
            ThreadedBroadcaster(self.transport, runtime=runtime, **{"authorize": allow_everyone, **options})
        )
        return self.hubs[-1]

    def watcher(self, channel: str = "c", codecs: tuple[str, ...] = ("json",), **connection: Any) -> ThreadedWatcher:
        return ThreadedWatcher(self, channel, codecs, **connection)

    def end(self) -> None:
        """Close what a test left open, and see that no thread is left."""
        for hub in self.hubs:
            hub.close()
        assert self.clock.threads == 0
        left = [thread.name for thread in set(threading.enumerate()) - self._threads_before]
        assert [name for name in left if name.startswith("realtime_sync")] == []


class AwaitedChannel:
    """A `ThreadedChannel` whose blocking methods are awaited, for tests of both shells."""

    def __init__(self, channel: ThreadedChannel) -> None:
        self.threaded = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.threaded, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AwaitedChannel) and self.threaded is other.threaded

    __hash__ = None  # type: ignore[assignment]

    async def flush(self) -> None:
        self.threaded.flush()

    async def close(self, reason: str = "closed") -> None:
        self.threaded.close(reason)

    async def delete(self, reason: str) -> None:
        self.threaded.delete(reason)


class AwaitedHub:
    """A `ThreadedBroadcaster` whose blocking methods are awaited."""

    def __init__(self, hub: ThreadedBroadcaster) -> None:
        self.threaded = hub

    def __getattr__(self, name: str) -> Any:
        return getattr(self.threaded, name)

    def channel(self, name: str, **options: Any) -> AwaitedChannel:
        return AwaitedChannel(self.threaded.channel(name, **options))

    async def flush_all(self) -> None:
        self.threaded.flush_all()

    async def close(self, timeout_s: float = 5) -> None:
        self.threaded.close(timeout_s)


class AwaitedClock:
    """A `ThreadClock` with the names of `VirtualClock`."""

    def __init__(self, clock: ThreadClock) -> None:
        self.now: Callable[[], float] = clock.now
        self._clock = clock

    @property
    def tasks(self) -> int:
        return self._clock.threads

    async def settle(self) -> None:
        self._clock.settle()

    async def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)


class AwaitedWorld:
    """A `ThreadedWorld` with the names of `World`."""

    def __init__(self) -> None:
        self.threaded = ThreadedWorld()
        self.clock = AwaitedClock(self.threaded.clock)

    @property
    def transport(self) -> MemoryTransport:
        return self.threaded.transport

    @transport.setter
    def transport(self, transport: MemoryTransport) -> None:
        self.threaded.transport = transport

    async def settle(self) -> None:
        self.threaded.clock.settle()

    def hub(self, **options: Any) -> AwaitedHub:
        return AwaitedHub(self.threaded.hub(**options))

    def watcher(self, channel: str = "c", codecs: tuple[str, ...] = ("json",), **connection: Any) -> Watcher:
        return Watcher(self, channel, codecs, **connection)
