"""On a threaded server the requests of one client are answered in their order."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from realtime_sync.broadcast.primitives import Event, Primitives

MAX_WAITING = 200
"""Requests of one client that wait; past it, its connection is not read until they are done. A client that comes back
asks for all its channels at once, and `Limits.max_channels_per_client` is 100."""

Request = Callable[[], Any]

logger = logging.getLogger("realtime_sync")


class _Line:
    def __init__(self) -> None:
        self.requests: deque[Request] = deque()
        self.emptied: Event | None = None


class RequestLines:
    """Runs the requests of each client one after the other, and those of different clients at the same time.

    python-socketio starts a thread for every event. Of subscribe, unsubscribe, subscribe in one moment the second may
    then come last, and the client waits for frames for ever.

    Args:
        primitives: What the server runs on.
    """

    def __init__(self, primitives: Primitives) -> None:
        self._primitives = primitives
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        """Clients with a request that is not done."""
        return len(self._lines)

    def add(self, client: str, request: Request) -> None:
        """Run `request` after those of `client` that came before it. Blocks while too many of them wait."""
        with self._lock:
            line = self._lines.get(client)
            is_first = line is None
            if line is None:
                line = self._lines[client] = _Line()
            line.requests.append(request)
            emptied = None
            if len(line.requests) > MAX_WAITING:
                emptied = line.emptied = line.emptied or self._primitives.event()
        if is_first:
            self._start(client, line)
        if emptied is not None:
            emptied.wait()

    def _start(self, client: str, line: _Line) -> None:
        try:
            self._primitives.start(lambda: self._work(client, line))
        except BaseException:  # the system has no more threads
            with self._lock:
                self._lines.pop(client)
            raise

    def _work(self, client: str, line: _Line) -> None:
        while True:
            with self._lock:
                if not line.requests:
                    del self._lines[client]
                    break
                request = line.requests.popleft()
            try:
                request()
            except Exception:
                logger.exception("a request of client %s failed, and is left without an answer", client)
        if line.emptied is not None:
            line.emptied.set()
