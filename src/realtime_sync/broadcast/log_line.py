"""The way from a shell to a synchronous log: first in, first out."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

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
        self._last: Future[Any] | None = None

    async def call(
        self, method: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Return what the log's method returns."""
        if isinstance(self.log, MemoryLog):
            return method(*args, **kwargs)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="realtime_sync-log")
        called = self._last = self._thread.submit(method, *args, **kwargs)
        return await self._runtime.outcome(called)

    def begin_in_child(self) -> None:
        """Forget the thread: a forked process does not have it."""
        if isinstance(self.log, MemoryLog):
            self.log.begin_in_child()
        self._thread = self._last = None

    def close(self) -> None:
        """End the thread: now when it has nothing to do, else when the log lets it."""
        if self._thread is not None:
            self._thread.shutdown(wait=self._last is None or self._last.done())
            self._thread = None
