"""Time that passes when a test says so, for what runs on threads."""

import itertools
import threading
from collections.abc import Callable

import attrs

from realtime_sync.broadcast.primitives import Primitives

HANGS_AFTER_S = 30.0
"""Real seconds after which a thread that neither ends nor waits for virtual time is taken for one that hangs."""


@attrs.define(eq=False)
class _Sleeper:
    """A thread that waits.

    Attributes:
        until: When it is woken anyway; None for never.
        order: Of two that wake at one time, the lower goes first.
        counts: Whether it is a thread of the clock's own.
        woken: Whether it may go on.
    """

    until: float | None
    order: int
    counts: bool
    woken: bool = False


class ThreadClock:
    """Threads and events for a `ThreadRuntime` whose time stands still until `advance`.

        clock = ThreadClock()
        hub = ThreadedBroadcaster(
            MemoryTransport(), authorize=allow_everyone, runtime=ThreadRuntime(clock.primitives)
        )
        clock.advance(0.05)

    The threads are real. The clock counts those that run, and knows by that when nothing more happens by itself.

    Args:
        start_s: What `now` returns at first.

    Attributes:
        primitives: What a `ThreadRuntime` takes.
    """

    def __init__(self, start_s: float = 1_000.0) -> None:
        self._now = start_s
        self._changed = threading.Condition()
        self._busy = 0
        self._own: set[threading.Thread] = set()
        self._sleepers: list[_Sleeper] = []
        self._orders = itertools.count()
        self.primitives = Primitives(event=lambda: _Event(self), start=self._start, now=self.now)

    def now(self) -> float:
        """Return the seconds that were said to have passed."""
        return self._now

    @property
    def threads(self) -> int:
        """Threads that were started and did not end yet."""
        return len(self._own)

    def settle(self) -> None:
        """Return when every thread has ended or waits for time, or for something that only the caller can do."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._busy == 0, HANGS_AFTER_S):
                raise TimeoutError(f"{self._busy} threads still run after {HANGS_AFTER_S} s")

    def advance(self, seconds: float) -> None:
        """Let that much time pass, waking sleepers in the order of their times."""
        self.settle()
        until = self._now + seconds
        while self._wake_next(until):
            self.settle()
        self._now = until

    def _wake_next(self, until: float) -> bool:
        with self._changed:
            due = [sleeper for sleeper in self._sleepers if sleeper.until is not None and sleeper.until <= until]
            if not due:
                return False
            first = min(due, key=lambda sleeper: (sleeper.until, sleeper.order))
            assert first.until is not None, "only those are due"
            self._now = max(self._now, first.until)
            self._wake(first)
            return True

    # ---- for its threads and events, the condition held ------------------------------------------------------------

    def _wait(self, event: "_Event", timeout: float | None) -> None:
        until = None if timeout is None else self._now + timeout
        sleeper = _Sleeper(until, next(self._orders), threading.current_thread() in self._own)
        self._sleepers.append(sleeper)
        event.sleepers.append(sleeper)
        self._busy -= sleeper.counts
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: sleeper.woken)
        finally:
            self._wake(sleeper)  # an interrupt woke it, if nothing else did
            event.sleepers.remove(sleeper)

    def _wake(self, sleeper: _Sleeper) -> None:
        if not sleeper.woken:
            sleeper.woken = True
            self._busy += sleeper.counts  # from now on, not from when the system lets it run
            self._sleepers.remove(sleeper)
            self._changed.notify_all()

    def _start(self, run: Callable[[], None]) -> threading.Thread:
        def count() -> None:
            try:
                run()
            finally:
                with self._changed:
                    self._own.discard(threading.current_thread())
                    self._busy -= 1
                    self._changed.notify_all()

        thread = threading.Thread(target=count, name="realtime_sync", daemon=True)
        with self._changed:
            self._own.add(thread)
            self._busy += 1
        thread.start()
        return thread


class _Event:
    """An event on the clock's time."""

    def __init__(self, clock: ThreadClock) -> None:
        self._clock = clock
        self._is_set = False
        self.sleepers: list[_Sleeper] = []

    def set(self) -> None:
        with self._clock._changed:
            self._is_set = True
            for sleeper in self.sleepers:
                self._clock._wake(sleeper)

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        with self._clock._changed:
            if not self._is_set:
                self._clock._wait(self, timeout)
            return self._is_set
