"""Who looks for channels that nobody uses, also where no other one is ever opened."""

import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from realtime_sync.broadcast.channel_registry import SWEEPS_PER_TTL, ChannelRegistry
from realtime_sync.broadcast.ports import Job, Runtime

logger = logging.getLogger("realtime_sync")


class Sweeper:
    """One background job, which is there only while there are channels that may have to be forgotten.

    Args:
        channels: Where it looks.
        runtime: Sleeps for it.
        spawn: Runs it.
        ttl_s: Seconds that an unused channel is kept; it is forgotten at most a tenth of that later.
    """

    def __init__(
        self,
        channels: ChannelRegistry[Any],
        runtime: Runtime,
        spawn: Callable[[Coroutine[Any, Any, None]], Job],
        ttl_s: float,
    ) -> None:
        self._channels, self._runtime, self._spawn = channels, runtime, spawn
        self._interval_s = ttl_s / SWEEPS_PER_TTL
        self.begin_again()

    def begin_again(self) -> None:
        """Take another job: that of an event loop that ended, or of a forked process's parent, does no more work."""
        self._guard = threading.Lock()
        self._job: Job | None = None

    @property
    def is_resting(self) -> bool:
        """Whether there is no job."""
        job = self._job
        return job is None or job.done()

    def begin(self) -> None:
        """See that there is a job when one is needed. Called where jobs are begun, after a channel was kept."""
        with self._guard:
            if not self.is_resting or not self._channels.may_forget:
                return
            try:
                self._job = self._spawn(self._sweep_while_needed())
            except RuntimeError as error:  # the system has no more threads; whoever uses a channel next tries again
                # As text: with the error, whoever keeps log records would keep the stack, and on it a channel.
                logger.warning("nobody can look for channels that are not used: %s", str(error))

    async def _sweep_while_needed(self) -> None:
        while not self._rests():
            await self._runtime.sleep(self._interval_s)
            self._channels.sweep()

    def _rests(self) -> bool:
        """Whether nothing is left to forget. Then the job ends: whoever keeps a channel after this look begins one."""
        with self._guard:
            if self._channels.may_forget:
                return False
            self._job = None
            return True
