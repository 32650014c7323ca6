"""A viewer without a connection asks over plain HTTP, and is answered late, badly or not at all."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from realtime_sync.broadcast.ports import Subscriber
from realtime_sync.position import Position
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.poll_schedule import PollSchedule
from realtime_sync.replication.replica import Happening
from realtime_sync.replication.subscription import Subscription
from tests.simulation.complaints import Complaints
from tests.simulation.server import Server
from tests.simulation.weather import Weather

PACE = Backoff(base_s=0.2, factor=1.5, cap_s=2.0, jitter=0.3, attempts=None)
"""Most connections come back within a second or two."""


def poll_sid(name: str) -> str:
    """Return what the server knows of a viewer that asks."""
    return f"poll of {name}"


class Surroundings(Protocol):
    """What it needs of its world."""

    draw: random.Random
    weather: Weather
    server: Server
    complaints: Complaints

    def chance(self, share: float) -> bool: ...

    def tell(self, *what: Any) -> None: ...

    def may_have(self, name: str, channel: str, position: Position) -> bool: ...


def new_schedule(draw: random.Random) -> PollSchedule:
    """Return when one channel of a viewer is asked for."""
    return PollSchedule(PACE, uniform=draw.random)


class Poller:
    """Posts what the subscriptions of one viewer want to ask.

    Args:
        name: The viewer's.
        surroundings: Its world.
    """

    def __init__(self, name: str, surroundings: Surroundings) -> None:
        self._name, self._world = name, surroundings

    def post(
        self, subscription: Subscription, message: dict[str, Any], take: Callable[[Any, list[Happening]], None]
    ) -> None:
        """Send a message; `take` gets what its answer and what came of it, when there is one.

        A server that dies takes the request with it.
        """
        self._world.server.runtime.spawn(self._ask(subscription, message, take))

    async def _ask(
        self, subscription: Subscription, message: dict[str, Any], take: Callable[[Any, list[Happening]], None]
    ) -> None:
        world, request, clock = self._world, message["request"], asyncio.get_running_loop()
        subscriber = Subscriber(self._name, poll_sid(self._name), "/", {}, self._name)
        try:
            reply = await world.server.hub.answer_poll(message, subscriber=subscriber)
        except BaseException:
            subscription.poll_failed(request, None, clock.time())
            raise
        body, channel = reply["body"], message["channel"]
        if body is not None and not world.may_have(self._name, channel, Position(body["epoch"], body["offset"])):
            world.complaints.add(AssertionError(f"{self._name} is told of {channel}, and may not"))
        await asyncio.sleep(world.draw.choice((0.0, 0.01, 0.3)))
        if world.chance(world.weather.loss):
            subscription.poll_failed(request, None, clock.time())
            return
        data = orjson.dumps(reply)
        if world.chance(world.weather.garbage):
            data = data[: world.draw.randrange(len(data))]
        world.tell(self._name, "polled", data)
        try:
            take(reply["answer"], subscription.receive_reply(request, data, clock.time()))
        except AssertionError as error:  # of the viewer, which found something wrong: here nobody would hear of it
            world.complaints.add(error)
