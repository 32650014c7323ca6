"""How often one client is answered about one channel."""

from typing import Any

BURST = 3
"""A subscription and two second thoughts, at once."""

PER_S = 1.0
"""After that one answer a second: each may be a whole document. Who asks a thousand times in a second gets three."""


class Pace:
    """A token bucket, and the request that waits for the next token; no clock.

    Attributes:
        waiting: The newest request that waits; None when none does. Older ones are answered with it: a client that
            asks again wants the answer to its last question.
        is_timed: Somebody sleeps until the next token is there, and then answers what waits, if anything does.
    """

    def __init__(self) -> None:
        self.waiting: Any = None
        self.is_timed = False
        self._tokens = float(BURST)
        self._at_s = 0.0

    def wait_s(self, now: float) -> float:
        """Return the seconds until there is a token."""
        return max(0.0, (1.0 - self._filled(now)) / PER_S)

    def take(self, now: float) -> None:
        """Take a token, be it a loan."""
        self._tokens = self._filled(now) - 1.0
        self._at_s = now

    def is_rested(self, now: float) -> bool:
        """Whether there is nothing to remember."""
        return not self.is_timed and self._filled(now) >= BURST

    def _filled(self, now: float) -> float:
        return min(float(BURST), self._tokens + (now - self._at_s) * PER_S)
