"""What lies between a client and the server: a lossy link each way, which also turns messages into others."""

import random
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from realtime_sync.testing import LossyLink
from tests.simulation.weather import Weather

Message = TypeVar("Message")


class Surroundings(Protocol):
    """What a link needs of its world."""

    draw: random.Random
    weather: Weather


class Link(Generic[Message]):
    """One direction of a connection.

    Args:
        surroundings: What decides, and how bad it is.
        spoil: Makes garbage of a message.
    """

    def __init__(self, surroundings: Surroundings, spoil: Callable[[Message], Message]) -> None:
        draw, weather = surroundings.draw, surroundings.weather
        self._draw, self._spoil = draw, spoil
        self._garbage = weather.garbage
        self._link: LossyLink[Message] = LossyLink(
            draw.randrange(2**32), loss=weather.loss, duplication=weather.duplication, reordering=weather.reordering
        )

    def __len__(self) -> int:
        return len(self._link)

    def send(self, message: Message) -> None:
        """Put a message, or what becomes of it, on its way."""
        spoiled = self._garbage and self._draw.random() < self._garbage
        self._link.send(self._spoil(message) if spoiled else message)

    def receive(self) -> list[Message]:
        """Return what has arrived by now."""
        return self._link.receive()

    def heal(self) -> None:
        """From now on everything arrives as it was sent."""
        self._garbage = 0.0
        self._link.heal()
