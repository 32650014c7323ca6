"""Locks and signals for threads and greenlets."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

from realtime_sync.broadcast.primitives import Event


class FairLock:
    """A lock that serves in the order of asking. Its coroutines block instead of suspending.

    Its own mutex is held for a few instructions and never across anything that blocks, so it may be a plain one: under
    greenlets nobody ever waits for it.

    Args:
        event: Makes an event of the server's kind, for one who has to wait.
    """

    def __init__(self, event: Callable[[], Event]) -> None:
        self._event = event
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[Event] = deque()

    async def __aenter__(self) -> None:
        self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Block until this is the one who holds it."""
        with self._mutex:
            if not self._held:
                self._held = True
                return
            turn = self._event()
            self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:  # an interrupt, or the end of a greenlet
            self._give_up(turn)
            raise

    def _give_up(self, turn: Event) -> None:
        with self._mutex, contextlib.suppress(ValueError):
            self._waiting.remove(turn)
            return
        self.release()  # it was handed over just now

    def release(self) -> None:
        """Hand it to whoever has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class ThreadSignal:
    """Something that happened, for threads and greenlets.

    Args:
        event: Makes an event of the server's kind, for one who waits.
    """

    def __init__(self, event: Callable[[], Event]) -> None:
        self._event = event
        self._mutex = threading.Lock()
        self._is_set = False
        self._wakes: set[Event] = set()

    def set(self) -> None:
        """Say that it happened, to all who wait."""
        with self._mutex:
            self._is_set = True
            wakes = list(self._wakes)
        for event in wakes:
            event.set()

    def clear(self) -> None:
        """Forget it."""
        with self._mutex:
            self._is_set = False

    def is_set(self) -> bool:
        """Whether it happened."""
        return self._is_set

    async def wait(self) -> None:
        """Block until it has happened."""
        event = self._event()
        with self.waking(event):
            event.wait()

    @contextlib.contextmanager
    def waking(self, event: Event) -> Iterator[None]:
        """Set `event` when this happens within the block, or happened before it."""
        with self._mutex:
            self._wakes.add(event)
            happened = self._is_set
        if happened:
            event.set()
        try:
            yield
        finally:
            with self._mutex:
                self._wakes.discard(event)
