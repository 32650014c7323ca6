"""The time and concurrency of the running asyncio loop."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any, Protocol

from realtime_sync.broadcast.ports import Result, Runtime, Signal
from realtime_sync.broadcast.primitives import Event


class LoopRuntime(Runtime, Protocol):
    """A `Runtime` whose jobs are tasks of the running asyncio loop."""

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background, and hold it until it ends."""


class AsyncioRuntime:
    """A `Runtime` on whichever asyncio loop is running; holds the tasks it spawned until they end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float, *, unless: Signal | None = None) -> None:
        if unless is None:
            await asyncio.sleep(seconds)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(unless.wait(), seconds)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        # The loop holds tasks weakly: without this set a sleeping one could be collected.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def lock(self) -> asyncio.Lock:
        return asyncio.Lock()

    def signal(self) -> asyncio.Event:
        return asyncio.Event()

    def event(self) -> Event:
        return threading.Event()

    async def outcome(self, future: concurrent.futures.Future[Result]) -> Result:
        return await asyncio.wrap_future(future)
