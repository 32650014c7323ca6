"""Messages that are sent together."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from realtime_sync.document.normalize import NORMALIZE
from realtime_sync.jsontypes import Json


class MessageBatch:
    """Messages collected until there are enough of them, by number, age or size.

    A batch decides nothing and sends nothing: its owner asks `is_expired()`, or sleeps until `deadline`.

        batch = MessageBatch(max_size=50, max_age_ms=100)
        if batch.add({"event": "task_update", "data": {...}}):
            send(batch.to_payload())

    Args:
        max_size: Messages that make it full.
        max_age_ms: Milliseconds from `created_at` after which it is expired.
        max_bytes: Bytes of the messages as compact JSON that make it full.
        clock: Returns seconds since 1970; an argument so that tests need not sleep.

    Attributes:
        messages: What was added, oldest first: owned copies.
        created_at: `clock()` when the batch was made.
    """

    def __init__(
        self,
        max_size: int = 50,
        max_age_ms: float = 100,
        max_bytes: int = 256 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        for name, value in (("max_size", max_size), ("max_age_ms", max_age_ms), ("max_bytes", max_bytes)):
            if value <= 0:
                raise ValueError(f"{name} must be positive, not {value}")
        self.max_size, self.max_age_ms, self.max_bytes = max_size, max_age_ms, max_bytes
        self._clock = clock
        self.messages: list[Json] = []
        self.created_at = clock()
        self._bytes = 0

    def add(self, message: Any) -> bool:
        """Take a copy of `message`; return whether the batch is full now.

        Raises:
            InvalidValue: `message` is no JSON.
        """
        owned = NORMALIZE(message)
        self._bytes += len(orjson.dumps(owned))
        self.messages.append(owned)
        return self.is_full()

    def is_full(self) -> bool:
        """Whether it holds `max_size` messages or `max_bytes` bytes."""
        return len(self.messages) >= self.max_size or self._bytes >= self.max_bytes

    @property
    def deadline(self) -> float:
        """When it expires, in the seconds of its clock."""
        return self.created_at + self.max_age_ms / 1000

    def is_expired(self) -> bool:
        """Whether it is older than `max_age_ms`."""
        return self._clock() >= self.deadline

    def to_payload(self) -> dict[str, Any]:
        """Return the batch as one JSON object.

        Shape: `{"type": "batch", "messages": [...], "count": n, "timestamp": ISO 8601 in UTC}`.
        """
        return {
            "type": "batch",
            "messages": list(self.messages),
            "count": len(self.messages),
            "timestamp": datetime.fromtimestamp(self._clock(), UTC).isoformat().replace("+00:00", "Z"),
        }

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> Iterator[Json]:
        return iter(self.messages)

    def __repr__(self) -> str:
        return f"MessageBatch({len(self.messages)} of {self.max_size} messages, {self._bytes} bytes)"
