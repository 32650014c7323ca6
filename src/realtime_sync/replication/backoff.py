"""How long to wait before the next attempt."""

import random
from collections.abc import Callable

import attrs


@attrs.frozen(kw_only=True)
class Backoff:
    """Exponential back-off with jitter.

    Attributes:
        base_s: Seconds before the first repetition.
        factor: What each further delay is multiplied by.
        cap_s: No delay grows past this, jitter excluded.
        jitter: Up to this share of the delay is added, so that a thousand clients do not return in one instant.
        attempts: Repetitions before giving up; None means never.
    """

    base_s: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    factor: float = attrs.field(default=1.5, validator=attrs.validators.ge(1))
    cap_s: float = attrs.field(default=30.0, validator=attrs.validators.gt(0))
    jitter: float = attrs.field(default=0.3, validator=attrs.validators.ge(0))
    attempts: int | None = 10

    def delay_s(self, attempt: int, *, uniform: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after failed attempt number `attempt`, counted from 0.

        Args:
            attempt: How many attempts failed before this one.
            uniform: Draws from [0, 1); an argument so that a simulation can repeat itself.
        """
        # An exponent that grows for ever overflows; past the cap its value no longer matters.
        delay = min(self.cap_s, self.base_s * self.factor ** min(attempt, 1_000)) if attempt < 1_000 else self.cap_s
        return delay * (1 + self.jitter * uniform())

    def gives_up_after(self, attempt: int) -> bool:
        """Whether attempt number `attempt`, counted from 0, was the last."""
        return self.attempts is not None and attempt >= self.attempts
