"""What a server without an event loop runs on: threads, or the greenlets of its library."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import attrs


class Event(Protocol):
    """What `threading.Event` and `gevent.event.Event` have in common."""

    def set(self) -> object:
        """Wake who waits."""

    def is_set(self) -> bool:
        """Whether it was set."""

    def wait(self, timeout: float | None = None) -> object:
        """Block until it is set, or for that many seconds."""


class Thread(Protocol):
    """What `threading.Thread` and `gevent.Greenlet` have in common."""

    def join(self, timeout: float | None = None) -> Any:
        """Block until it has ended, or for that many seconds."""


def _new_event() -> Event:
    return threading.Event()  # looked up at the call: a library may have replaced it since this module was imported


def _start_thread(run: Callable[[], None]) -> Thread:
    # A daemon: a program that forgets `close` can still end. `close` waits for all of them.
    thread = threading.Thread(target=run, name="realtime_sync", daemon=True)
    thread.start()
    return thread


@attrs.frozen(kw_only=True)
class Primitives:
    """How to wait and to run beside others. Nothing of it is called before something is sent.

    Attributes:
        event: Returns a new event, not set.
        start: Runs a function in a thread or greenlet, and returns that. From any thread.
        now: Returns monotonic seconds.
    """

    event: Callable[[], Event] = _new_event
    start: Callable[[Callable[[], None]], Thread] = _start_thread
    now: Callable[[], float] = time.monotonic
