"""A client that watches channels: real subscriptions, behind links that do what they like."""

import asyncio
import random
from collections import Counter
from typing import Any, Protocol, TypeAlias

from realtime_sync.position import Position
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.replica import ChannelEnded, EventReceived, Happening, Replica, State
from realtime_sync.replication.subscription import Outgoing, Status, Subscription
from realtime_sync.testing import MemoryClient
from realtime_sync.wire.messages import BATCH_UPDATE
from tests.simulation.complaints import Complaints
from tests.simulation.garbage import spoil_delivery, spoil_request
from tests.simulation.link import Link
from tests.simulation.lossless import Listener
from tests.simulation.poller import Poller, new_schedule
from tests.simulation.server import Server
from tests.simulation.truth import Truth, canonical
from tests.simulation.weather import Weather

Delivery: TypeAlias = tuple[str, tuple[Any, ...]]
"""Event and arguments, as a client gets them."""

ASK_AGAIN = 0.1
"""Chance, each step, that a viewer whom the server sent away asks once more."""


class Surroundings(Protocol):
    """What a viewer needs of its world."""

    draw: random.Random
    weather: Weather
    truth: Truth
    server: Server
    complaints: Complaints
    seen: Counter[str]

    def chance(self, share: float) -> bool: ...

    def tell(self, *what: Any) -> None: ...

    def may_have(self, name: str, channel: str, position: Position) -> bool: ...


class Watch:
    """One channel as a viewer watches it, and what may be said about it at any time.

    Attributes:
        subscription: The client's side of the channel.
        events: How many events the application got.
    """

    def __init__(self, channel: str, codecs: tuple[str, ...], surroundings: Surroundings) -> None:
        self.channel = channel
        polls = new_schedule(surroundings.draw) if surroundings.weather.polls else None
        self.subscription = Subscription(channel, codecs, Replica(uniform=surroundings.draw.random), polls=polls)
        self.events = 0
        self._truth, self._seen = surroundings.truth, surroundings.seen
        self._has_short_lane = surroundings.weather.has_short_lane
        self._listener = Listener(channel, surroundings.truth)
        self._asked_anew: set[str] = set()  # requests from before the server had let it in
        self._last_number = 0
        self._furthest = (-1, -1)  # (life, offset) of the newest document that was shown as live

    @property
    def replica(self) -> Replica:
        return self.subscription.replica

    def outgoing(self) -> list[Outgoing]:
        """Return what it has to say."""
        outgoing = self.subscription.outgoing()
        self._asked_anew |= {said.message.get("request", "") for said in outgoing if "heard" not in said.message}
        return outgoing

    def receive(self, body: Any, answer: Any, now: float) -> None:
        """Take a message."""
        self.take(answer, self.subscription.receive(body, answer, now))

    def poll(self, now: float) -> dict[str, Any] | None:
        """Return what to ask without a connection; None: nothing now."""
        message = self.subscription.poll(now)
        if message is not None and "heard" not in message:
            self._asked_anew.add(message["request"])
        return message

    def take(self, answer: Any, happened: list[Happening]) -> None:
        """Hold what came of a message against the truth."""
        has_ended = any(isinstance(happening, ChannelEnded) for happening in happened)
        for happening in happened:
            self._seen[type(happening).__name__] += 1
            if isinstance(happening, EventsLost):
                self._listener.lose(happening, has_to_be=has_ended or self._may_lose(answer))
            self._check_event(happening)
        if has_ended:
            self._listener.end()
        self._listener.begin(self.replica.heard)
        self.check()

    def _may_lose(self, answer: Any) -> bool:
        """Whether lossless events may be lost by number though their epoch goes on.

        An answer to a question from before it was let in begins at the present. On a link that reorders it may come
        when there has been another beginning; what lies between is then lost to it.
        """
        return self._has_short_lane or (isinstance(answer, dict) and answer.get("request") in self._asked_anew)

    def check(self) -> None:
        """No wrong document is shown as live, and none that is older than one shown before."""
        if self.replica.state is not State.LIVE:
            return
        position = self.replica.position
        assert position is not None, "live, but nowhere"
        moment = self._truth.at(self.channel, position)
        assert canonical(self.replica.document) == moment.document, f"{self.channel}: a wrong document at {position}"
        here = (moment.life, position.offset)
        assert here >= self._furthest, f"{self.channel}: went back in time, from {self._furthest} to {here}"
        self._furthest = here
        self._listener.check(position.epoch, moment.serial)

    def _check_event(self, happening: Happening) -> None:
        if not isinstance(happening, EventReceived):
            return
        data: Any = happening.data
        number, captures = data["number"], data["captures"]
        assert number > self._last_number, f"{self.channel}: event {number} after event {self._last_number}"
        self._last_number = number
        self.events += 1
        if data["lossless"]:
            self._listener.receive(number)
        position = self.replica.position
        assert position is not None, "an event without a document"
        assert self._truth.at(self.channel, position).captures >= captures, f"event {number} before its state"


def kind_of(body: Any) -> str:
    """Return what a message carries, by its looks."""
    return str(body.get("type")) if isinstance(body, dict) else type(body).__name__


class Viewer:
    """A client with one connection at a time.

    Attributes:
        name: Who it says it is.
        watches: What it watches, by channel.
        client: Its connection; None while there is none.
        was_sent_away: Whether the server ended a subscription on this connection; its word may be lost.
    """

    def __init__(self, name: str, watches: list[Watch], surroundings: Surroundings) -> None:
        self.name = name
        self.watches = {watch.channel: watch for watch in watches}
        self.client: MemoryClient | None = None
        self.was_sent_away = False
        self._world = surroundings
        self._poller = Poller(name, surroundings)
        self._naps_for = 0  # steps
        self._healed = False

    # ---- the connection ------------------------------------------------------------------------------------------

    def connect(self, now: float) -> None:
        """Open a connection, and ask for everything on it."""
        self._world.tell(self.name, "connects")
        self.client = self._world.server.transport.connect(auth=self.name)
        self.was_sent_away = False
        self._up: Link[Outgoing] = Link(self._world, spoil_request(self._world.draw))
        self._down: Link[Delivery] = Link(self._world, spoil_delivery(self._world.draw))
        if self._healed:
            self.heal()
        for watch in self.watches.values():
            watch.subscription.connected(now)

    def cut(self) -> MemoryClient | None:
        """Lose the connection, and what is on its way; the server may notice later. From now on it polls."""
        client, self.client = self.client, None
        for watch in self.watches.values():
            watch.subscription.disconnected()
            watch.subscription.poll_meanwhile(asyncio.get_running_loop().time(), at_once=self._world.chance(0.5))
        return client

    def nap(self, steps: int) -> None:
        """Read nothing for a while; the server goes on."""
        self._naps_for = steps

    def heal(self) -> None:
        """From now on it is awake, and its links are good."""
        self._healed, self._naps_for = True, 0
        if self.client is not None:
            self._up.heal()
            self._down.heal()

    # ---- one step ------------------------------------------------------------------------------------------------

    def step(self, now: float) -> None:
        """Take what arrived, and say what is to be said."""
        if self.client is None:
            return self._poll(now)
        if self._naps_for:
            self._naps_for -= 1
            return
        for delivery in self.client.take():
            self._down.send(delivery)
        for delivery in self._down.receive():
            self._take(delivery, now)
        for watch in self.watches.values():
            self._mind_the_time(watch, now)
            for said in watch.outgoing():
                self._up.send(said)
        for said in self._up.receive():
            self._world.server.receive(self.client, said.event, said.message)

    def _poll(self, now: float) -> None:
        for watch in self.watches.values():
            message = watch.poll(now)
            if message is not None:
                self._world.seen["poll"] += 1
                self._poller.post(watch.subscription, message, watch.take)

    def _take(self, delivery: Delivery, now: float) -> None:
        event, (channel, body, *answer) = delivery
        if event == BATCH_UPDATE and channel in self.watches:
            watch = self.watches[channel]
            self._world.seen[kind_of(body)] += 1
            before = watch.replica.position
            self._world.tell(self.name, channel, body, *answer, f"at {before}")
            watch.receive(body, answer[0] if answer else None, now)

    def _mind_the_time(self, watch: Watch, now: float) -> None:
        subscription = watch.subscription
        if subscription.deadline is not None and now >= subscription.deadline:
            subscription.tick(now)
        sent_away = subscription.status in (Status.CLOSED, Status.FORBIDDEN)
        if sent_away and (self._healed or self._world.chance(ASK_AGAIN)):
            subscription.connected(now)
