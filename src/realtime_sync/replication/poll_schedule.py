"""When a client without a connection asks over plain HTTP, and how long an answer counts."""

import random
from collections.abc import Callable

import attrs

from realtime_sync.replication.backoff import Backoff

DEFAULT_INTERVAL_S = 2.0

CONFIRMED_INTERVALS = 2
"""An answer counts until the one after the next is due: one that is a little late changes nothing that a user sees."""


def poll_pace(interval_s: float, backoff: Backoff) -> Backoff:
    """Return the delays between polls: `interval_s`, and after failures longer and longer, as `backoff` says."""
    return attrs.evolve(backoff, base_s=interval_s, cap_s=max(backoff.cap_s, interval_s))


class PollSchedule:
    """One question at a time, for one channel.

    Args:
        pace: Its first delay is the interval; the others follow failures.
        uniform: Draws from [0, 1) for the jitter.

    Attributes:
        is_on: Whether questions are asked.
        is_confirmed: Whether an answer came that still counts.
        failures: Questions since the last answer that helped.
    """

    def __init__(self, pace: Backoff, *, uniform: Callable[[], float] = random.random) -> None:
        self._pace, self._uniform = pace, uniform
        self.is_on, self.failures = False, 0
        self._due_at: float | None = None
        self._confirmed_until: float | None = None
        self._open: str | None = None

    @property
    def deadline(self) -> float | None:
        """When the next question is due, or the last answer no longer counts; None: not before the next answer."""
        return min((at for at in (self._due_at, self._confirmed_until) if at is not None), default=None)

    @property
    def is_confirmed(self) -> bool:
        return self._confirmed_until is not None

    def begin(self, now: float, *, at_once: bool) -> None:
        """There is no connection.

        Args:
            now: The time.
            at_once: Whether to ask now, and not after an interval: most connections that were lost are back by then,
                and those of a server that restarts were lost by all of its clients in one instant.
        """
        if not self.is_on:
            self.is_on = True
            self._due_at = now if at_once else now + self._delay_s()

    def end(self) -> None:
        """The connection is back, or there is no point in asking."""
        self.is_on, self.failures = False, 0
        self._due_at = self._confirmed_until = None
        self._open = None

    def look(self, now: float) -> bool:
        """Return whether a question is due; forget an answer that no longer counts."""
        if self._confirmed_until is not None and now >= self._confirmed_until:
            self._confirmed_until = None
        return self._due_at is not None and now >= self._due_at

    def asked(self, request: str) -> None:
        """The question of that id is under way."""
        self._open, self._due_at = request, None

    def settle(self, request: str) -> bool:
        """Return whether the question of that id is the one that was waited for; it no longer is."""
        is_open = self._open is not None and self._open == request
        if is_open:
            self._open = None
        return is_open

    def helped(self, now: float) -> None:
        """The answer says what there is."""
        self.failures = 0
        self._confirmed_until = now + CONFIRMED_INTERVALS * self._pace.base_s
        self._due_at = now + self._delay_s()

    def failed(self, now: float) -> None:
        """No answer came, or none that helped."""
        self.failures += 1
        self._due_at = now + self._delay_s()

    def ask_again(self, now: float) -> None:
        """The answer showed that another question has to be asked."""
        self._due_at = now

    def _delay_s(self) -> float:
        return self._pace.delay_s(self.failures, uniform=self._uniform)
