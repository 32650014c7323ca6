"""One run: an application, its server, the viewers, and all the bad luck that a seed holds."""

import asyncio
import hashlib
import random
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from realtime_sync.broadcast.ports import Subscriber
from realtime_sync.position import Position
from realtime_sync.wire.messages import BATCH_UPDATE
from tests.simulation.author import Author
from tests.simulation.complaints import Complaints
from tests.simulation.invariants import EVERY_STEP
from tests.simulation.server import Server
from tests.simulation.truth import Truth
from tests.simulation.viewer import Viewer, Watch
from tests.simulation.weather import Weather

CHANNELS = ["c0", "c1"]
PAUSES_S = (0.0, 0.0, 0.005, 0.02, 0.05, 0.05, 0.1, 0.5, 3.0)
"""Between steps: many in one window, some longer than a replica waits for an answer."""

STORY_LENGTH = 80


class World:
    """Everything in one run.

    Args:
        seed: What decides everything.

    Attributes:
        weather: The circumstances of this run.
        truth: What the application said.
        server: The server, in all its lives.
        authors: Who writes the channels, by name.
        viewers: Who watches them.
        forbidden: (viewer, channel) pairs that `authorize` refuses at the moment, and where the channel was when that
            began.
        complaints: What the library logged as an error, and what it should not have raised.
        seen: How often a kind of message was received, and a kind of happening came of one.
        story: What happened last, for whoever has to understand a failure.
    """

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.weather = Weather.of(self.draw)
        self.truth = Truth()
        self.forbidden: dict[tuple[str, str], Position] = {}
        self.seen: Counter[str] = Counter()
        self.complaints = Complaints(failures=self.weather.failures > 0)
        self.story: deque[tuple[Any, ...]] = deque(maxlen=STORY_LENGTH)
        self.server = Server(self.draw, self.weather, self.complaints, self._may, self._witness)
        self.authors = {
            name: Author(name, self.server, self.truth, self.draw, self.weather.lossless) for name in CHANNELS
        }
        self.viewers = [self._viewer(number, codec) for number, codec in enumerate(self.weather.codecs)]
        self._digest = hashlib.sha256()

    def _viewer(self, number: int, codec: str) -> Viewer:
        channels = CHANNELS if number % 2 == 0 else [self.draw.choice(CHANNELS)]
        watches = [Watch(channel, (codec, "json"), self) for channel in channels]
        return Viewer(f"viewer-{number}", watches, self)

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    @property
    def digest(self) -> str:
        """Tells runs apart in which anything that was looked at differs."""
        return self._digest.hexdigest()

    def watches(self) -> Iterator[Watch]:
        """Yield every channel that anybody watches."""
        for viewer in self.viewers:
            yield from viewer.watches.values()

    def chance(self, share: float) -> bool:
        """Draw whether something of that probability happens; nothing is drawn for what never does."""
        return share > 0 and self.draw.random() < share

    def tell(self, *what: Any) -> None:
        """Remember what happened, for a while."""
        self.story.append((round(self.now, 3), *what))

    # ---- who may ---------------------------------------------------------------------------------------------------

    def forbid(self, name: str, channel: str) -> None:
        """From now on somebody may not watch a channel."""
        self.forbidden[name, channel] = self.authors[channel].channel.position

    def may_have(self, name: str, channel: str, position: Position) -> bool:
        """Whether somebody may be told of a position: what was on its way when it was forbidden may arrive."""
        forbidden_at = self.forbidden.get((name, channel))
        return forbidden_at is None or self._age(channel, position) <= self._age(channel, forbidden_at)

    def _age(self, channel: str, position: Position) -> tuple[int, int]:
        epochs = self.truth.epochs(channel)
        life = epochs.index(position.epoch) if position.epoch in epochs else len(epochs)
        return life, position.offset

    def _may(self, subscriber: Subscriber, channel: str) -> bool:
        return channel in CHANNELS and (subscriber.auth, channel) not in self.forbidden

    def _witness(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        """Nothing of a channel goes to somebody who may not watch it."""
        if event != BATCH_UPDATE or not self.server.transport.is_connected(sid):
            return
        name = self.server.transport.subscriber(sid).auth
        if arguments[1] is None:
            self._note_ending(name, *arguments[2:])
        elif (name, arguments[0]) in self.forbidden:
            self.complaints.add(AssertionError(f"{name} gets a frame of {arguments[0]}, and may not"))

    def _note_ending(self, name: str, answer: dict[str, Any]) -> None:
        if "request" not in answer:  # the server ends a subscription unasked, and says so once
            for viewer in self.viewers:
                viewer.was_sent_away |= viewer.name == name

    # ---- time ------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Let the application say something, and time pass."""
        for author in self.authors.values():
            author.step()
        await self.pass_time(self.draw.choice(PAUSES_S))

    async def pass_time(self, seconds: float) -> None:
        """Let time pass and messages travel, then look at everything."""
        await asyncio.sleep(seconds)
        for viewer in self.viewers:
            viewer.step(self.now)
        self.check()

    def check(self) -> None:
        """Hold everything that can be seen against what was promised.

        Raises:
            AssertionError: A promise was broken.
        """
        self.complaints.check()
        for channel in self.server.hub._channels:
            for invariant in EVERY_STEP:
                invariant(self.server, channel, self.weather)
        for author in self.authors.values():
            author.check_receipts()
        for watch in self.watches():
            watch.check()
            self._digest.update(f"{self.now} {watch.replica.state} {watch.replica.position} {watch.events}\n".encode())
