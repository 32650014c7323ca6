"""An asyncio loop on virtual time: hours pass in milliseconds, and equal runs are equal to the last callback."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs what is ready; when nothing is, the next timer's moment has come.

    It has no sockets, hence nothing to select from: it stands in for its own selector.
    """

    def __init__(self, start_s: float = 1_000.0) -> None:
        super().__init__()
        self._now = start_s
        self._selector = self

    def time(self) -> float:
        """Return virtual seconds."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Let `timeout` pass at once.

        Raises:
            RuntimeError: Every task waits for another: nothing will ever happen again.
        """
        if timeout is None:
            raise RuntimeError("the simulation has come to a standstill")
        self._now += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list, "there are no sockets"

    def _write_to_self(self) -> None:
        """Nobody sleeps in `select`, so nobody has to be woken."""


def simulate(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` on a loop of its own; what it left behind is cancelled."""
    loop = SimulatedLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.close()
