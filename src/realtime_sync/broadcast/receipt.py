"""The promise that begins when a lossless event is in the log."""

import asyncio
import concurrent.futures
from collections.abc import Callable, Generator
from typing import Any

from realtime_sync.broadcast.primitives import Event


class Receipt:
    """Says when a lossless event is kept: from then on each reader gets it once, or is told that it was lost.

    Returned by `channel.emit(..., lossless=True)`. From any thread and any event loop, any number of times:

        serial = await channel.emit("hitl_request", question)
        serial = channel.emit("hitl_request", question).wait(timeout_s=5)

    Args:
        new_event: Makes what a thread, or a greenlet, blocks on.
    """

    def __init__(self, new_event: Callable[[], Event]) -> None:
        self._new_event = new_event
        self._kept: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._kept.set_running_or_notify_cancel()  # one who stops waiting takes it from nobody else

    @property
    def serial(self) -> int | None:
        """The event's number; None while it is not kept, or when it never will be."""
        if not self._kept.done() or self._kept.exception() is not None:
            return None
        return self._kept.result()

    def __await__(self) -> Generator[Any, None, int]:
        """Return the event's number when it is kept.

        Raises:
            ChannelClosed: The channel ended first.
        """
        return asyncio.wrap_future(self._kept).__await__()

    def wait(self, timeout_s: float | None = None) -> int:
        """Block until the event is kept, and return its number.

        Args:
            timeout_s: Seconds to wait at most; None: as long as it takes.

        Raises:
            ChannelClosed: The channel ended first.
            TimeoutError: It was not kept in that time; it still may be.
            RuntimeError: This is the thread of an event loop, which may be the one that has to keep it.
        """
        if is_in_event_loop():
            raise RuntimeError("wait() would block the event loop of this thread: `await` the receipt")
        if not self._kept.done():
            kept = self._new_event()
            self._kept.add_done_callback(lambda _: kept.set())
            kept.wait(timeout_s)
        if not self._kept.done():
            raise TimeoutError(f"the event was not kept within {timeout_s} s")
        return self._kept.result()

    def keep(self, serial: int) -> None:
        """The log has the event."""
        self._kept.set_result(serial)

    def fail(self, error: Exception) -> None:
        """The log will not have it."""
        self._kept.set_exception(error)

    def __repr__(self) -> str:
        return f"<Receipt serial={self.serial}>"


def is_in_event_loop() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
