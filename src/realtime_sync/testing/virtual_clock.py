"""Time that passes when a test says so."""

import asyncio
import concurrent.futures
import heapq
import itertools
import threading
from collections.abc import Coroutine
from typing import Any

from realtime_sync.broadcast.ports import Result, Signal

TURNS_TO_SETTLE = 50
"""Loop turns after which tasks that wait for nothing but each other have run; chains here are a few turns deep."""


class VirtualClock:
    """A `Runtime` whose time stands still until `advance`.

        clock = VirtualClock()
        hub = AsyncBroadcaster(MemoryTransport(), authorize=allow_everyone, runtime=clock)
        await clock.advance(0.05)

    Args:
        start_s: What `now` returns at first.
    """

    def __init__(self, start_s: float = 1_000.0) -> None:
        self._now = start_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        """Return the seconds that were said to have passed."""
        return self._now

    async def sleep(self, seconds: float, *, unless: Signal | None = None) -> None:
        """Return when the clock has advanced that far, or as soon as `unless` is set."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._numbers), woken))
        if unless is None:
            await woken
            return
        interrupted = asyncio.ensure_future(unless.wait())
        either: set[asyncio.Future[Any]] = {woken, interrupted}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted.cancel()
            woken.cancel()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def tasks(self) -> int:
        """Background tasks that did not end yet."""
        return len(self._tasks)

    def lock(self) -> asyncio.Lock:
        """Return a lock that serves in the order of asking."""
        return asyncio.Lock()

    def signal(self) -> asyncio.Event:
        """Return a signal that is not set."""
        return asyncio.Event()

    def event(self) -> threading.Event:
        """Return what a thread blocks on; in real time."""
        return threading.Event()

    async def outcome(self, future: concurrent.futures.Future[Result]) -> Result:
        """Return, or raise, what another thread's work comes to; that takes real time."""
        return await asyncio.wrap_future(future)

    async def settle(self) -> None:
        """Let every task run that does not wait for time."""
        for _ in range(TURNS_TO_SETTLE):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking sleepers in the order of their times."""
        await self.settle()
        until = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self._now = until
        await self.settle()
