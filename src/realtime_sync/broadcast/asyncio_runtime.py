"""The time and concurrency of the running asyncio loop."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any


class AsyncioRuntime:
    """A `Runtime` on whichever asyncio loop is running; holds the tasks it spawned until they end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float, *, unless: asyncio.Event | None = None) -> None:
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
