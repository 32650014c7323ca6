"""The way from a shell to a synchronous log: first in, first out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import ChannelLog, Runtime

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class LogLine:
    """Calls a log inline when it only touches memory, else in one dedicated thread, in the order of asking."""

    def __init__(self, log: ChannelLog, runtime: Runtime) -> None:
        self.log = log
        self._runtime = runtime
        self._thread: ThreadPoolExecutor | None = None

    async def call(
        self, method: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Return what the log's method returns."""
        if isinstance(self.log, MemoryLog):
            return method(*args, **kwargs)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="realtime_sync-log")
        return await self._runtime.outcome(self._thread.submit(method, *args, **kwargs))

    def close(self) -> None:
        """End the thread once it has done what was asked of it."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None
