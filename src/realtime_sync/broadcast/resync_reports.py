"""Telling the application which of its subscribers had to be brought up to date."""

import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from realtime_sync.broadcast.ports import Job, OnResync, Subscriber
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.stats import ResyncCause
from realtime_sync.position import Position

MAX_WAITING = 1_000
"""Reports that wait for `on_resync`: a thousand clients come back at once when a server restarts."""

Report: TypeAlias = tuple[str, Subscriber, ResyncCause, Position | None, Position]
"""The arguments of `on_resync`."""

logger = logging.getLogger("realtime_sync")


def cause_of(channel: SendingChannel, held: Position | None, now: float) -> ResyncCause:
    """Return where a subscriber stands that holds the document at `held`."""
    if held is None:
        return ResyncCause.NO_DOCUMENT
    if held.epoch != channel.position.epoch:
        return ResyncCause.OTHER_EPOCH
    with channel.lock:
        return ResyncCause.GAP if channel.primary.reaches(held, now) else ResyncCause.HISTORY_TOO_SHORT


class ResyncReports:
    """Calls `on_resync` one report after the other, in a job that is there only while one waits.

    Who is brought up to date is so under locks. The application is told under none: it may flush, revoke, or take its
    time.
    """

    def __init__(self, on_resync: OnResync | None, spawn: Callable[[Coroutine[Any, Any, None]], Job]) -> None:
        self._on_resync, self._spawn = on_resync, spawn
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Forget what waits: those are the clients of a forked process's parent."""
        self._waiting: deque[Report] = deque()
        self._job: Job | None = None
        self._guard = threading.Lock()
        self._is_behind = False

    def add(self, report: Report) -> None:
        """Tell the application soon. From any thread; never blocks."""
        if self._on_resync is None:
            return
        with self._guard:
            if len(self._waiting) >= MAX_WAITING:
                self._leave_out()
                return
            self._waiting.append(report)
            if self._job is None or self._job.done():
                self._begin(self._on_resync)

    def _begin(self, on_resync: OnResync) -> None:
        telling = self._tell_all(on_resync)
        try:
            self._job = self._spawn(telling)
        except RuntimeError:  # the system has no more threads: the next report tries again
            telling.close()
            logger.exception("nobody can call on_resync")

    def _leave_out(self) -> None:
        if not self._is_behind:
            logger.error(
                "on_resync does not keep up: %d reports wait for it, and further ones are left out", MAX_WAITING
            )
        self._is_behind = True

    async def _tell_all(self, on_resync: OnResync) -> None:
        while (report := self._next()) is not None:
            try:
                result = on_resync(*report)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                logger.exception("on_resync raised for channel %r and %s", report[0], report[1].id)

    def _next(self) -> Report | None:
        with self._guard:  # what is added after this look finds no job, and begins one
            if self._waiting:
                return self._waiting.popleft()
            self._job, self._is_behind = None, False
            return None
