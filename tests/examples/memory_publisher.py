"""A channel without a library: what a run needs, and a memory of all that happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson


class MemoryPublisher:
    """Holds the document, and every document that it ever was.

    Attributes:
        documents: After the start, after each edit and each publication.
        events: (name, data, how many documents there were) of each.
    """

    def __init__(self, document: Any) -> None:
        self.documents: list[Any] = [document]
        self.events: list[tuple[str, Any, int]] = []

    @property
    def document(self) -> Any:
        return self.documents[-1]

    @contextmanager
    def edit(self) -> Iterator[Any]:
        draft = _copied(self.document)
        yield draft
        self.documents.append(draft)

    def publish(self, value: Any) -> None:
        self.documents.append(_copied(value))

    def emit(self, event: str, data: Any) -> None:
        self.events.append((event, _copied(data), len(self.documents)))

    def told(self, event: str) -> list[Any]:
        """Return the data of every event of that name."""
        return [data for name, data, _ in self.events if name == event]


def _copied(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))
