"""How long the server takes to answer."""

from typing import Any

MAX_QUESTIONS = 256
"""Without an answer; of more the oldest are forgotten."""


class Latency:
    """Measures from a request to the first message that answers it.

    Attributes:
        last_ms: The newest measurement; None before the first.
    """

    def __init__(self) -> None:
        self.last_ms: float | None = None
        self._asked: dict[tuple[Any, str], float] = {}  # by channel and request: each channel counts its own

    def asked(self, message: dict[str, Any], now: float) -> None:
        """A message is sent; one with a request will be answered."""
        request = message.get("request")
        if request is not None:
            self._asked[message.get("channel"), request] = now
            if len(self._asked) > MAX_QUESTIONS:
                del self._asked[next(iter(self._asked))]

    def answered(self, channel: str, answer: Any, now: float) -> None:
        """An answer came, or something that is none."""
        request = answer.get("request") if isinstance(answer, dict) else None
        asked_at = self._asked.pop((channel, request), None) if isinstance(request, str) else None
        if asked_at is not None:
            self.last_ms = 1000 * (now - asked_at)

    def forget_questions(self) -> None:
        """No answer will come: the connection is gone."""
        self._asked.clear()
