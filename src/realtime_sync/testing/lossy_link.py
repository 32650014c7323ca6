"""A link that loses, repeats and reorders, as its seed says."""

import random
from typing import Generic, TypeVar

Message = TypeVar("Message")


class LossyLink(Generic[Message]):
    """Messages on their way: some are lost, some come twice, some overtake others. Equal seeds do equal harm.

    Args:
        seed: What decides.
        loss: Share of messages that never arrive.
        duplication: Share of messages that arrive twice.
        reordering: Share of messages that wait behind later ones.
    """

    def __init__(self, seed: int, *, loss: float = 0.0, duplication: float = 0.0, reordering: float = 0.0) -> None:
        self._random = random.Random(seed)
        self.loss, self.duplication, self.reordering = loss, duplication, reordering
        self._on_the_way: list[Message] = []

    def __len__(self) -> int:
        """Return how many messages are on their way."""
        return len(self._on_the_way)

    def send(self, message: Message) -> None:
        """Put a message on its way."""
        if self._random.random() < self.loss:
            return
        copies = 2 if self._random.random() < self.duplication else 1
        self._on_the_way.extend([message] * copies)

    def receive(self) -> list[Message]:
        """Return what has arrived by now; the rest is late."""
        arrived: list[Message] = []
        late: list[Message] = []
        for message in self._on_the_way:
            (late if self._random.random() < self.reordering else arrived).append(message)
        self._on_the_way = late
        return arrived

    def cut(self) -> None:
        """Lose everything that is on its way."""
        self._on_the_way.clear()

    def heal(self) -> None:
        """From now on nothing is lost, repeated or late."""
        self.loss = self.duplication = self.reordering = 0.0
