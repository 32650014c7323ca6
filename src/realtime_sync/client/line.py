"""A thread in which things happen one after the other."""

import logging
import queue
import threading
import time
from collections.abc import Callable

logger = logging.getLogger("realtime_sync")


class Line:
    """Does the steps that any thread adds, in their order, in a thread of its own, which begins with the first.

    Args:
        ring: Called in line when the alarm is due.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._steps: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._alarm: float | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ended = False

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the line's own."""
        return self._thread is threading.current_thread()

    def add(self, step: Callable[[], None]) -> None:
        """Do a step after those that were added before it; after `end`, nothing."""
        with self._starting:
            if self._ended:
                return
            self._steps.put(step)
            if self._thread is None:
                # A daemon: a program that forgets `close` can still end.
                self._thread = threading.Thread(target=self._work, name="realtime_sync client", daemon=True)
                self._thread.start()

    def set_alarm(self, at: float | None) -> None:
        """Ring at that monotonic time; None: never. Called in line."""
        self._alarm = at

    def end(self, timeout_s: float) -> None:
        """Do what was added, then end; wait for it, unless the line itself calls this."""
        with self._starting:
            self._ended = True
            self._steps.put(None)
        if self._thread is not None and not self.is_here:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while (step := self._next()) is not None:
            try:
                step()
            except Exception:
                logger.exception("a step of the client failed")

    def _next(self) -> Callable[[], None] | None:
        """Return what is to be done next; an alarm that is due goes before what waits."""
        while True:
            left_s = None if self._alarm is None else self._alarm - time.monotonic()
            if left_s is not None and left_s <= 0:
                self._alarm = None
                return self._ring
            try:
                return self._steps.get(timeout=left_s)
            except queue.Empty:
                continue
