"""The server's process: a real broadcaster, on a transport and a log that take their time and sometimes fail."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.asyncio_runtime import AsyncioRuntime
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import Subscriber
from realtime_sync.testing import MemoryClient, MemoryTransport
from realtime_sync.wire.frames import Delta, Keyframe
from tests.simulation.complaints import Complaints
from tests.simulation.outage import Outage
from tests.simulation.weather import Weather

LONGEST_PAUSE_S = 0.02


class SimulatedRuntime(AsyncioRuntime):
    """asyncio's own, on the time of the simulated loop."""

    def __init__(self) -> None:
        super().__init__()
        self._killed = False

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = super().spawn(coroutine)
        if self._killed:
            task.cancel()
        return task

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def jobs(self) -> int:
        """Jobs that did not end yet."""
        return len(self._tasks)

    def kill(self) -> None:
        """End every job, as the end of a process would, and let none begin."""
        self._killed = True
        for task in self._tasks:
            task.cancel()


class SimulatedTransport(MemoryTransport):
    """Delivers in the order of the calls, as promised, but lets others run before and after; sometimes it fails.

    Args:
        draw: What decides.
        failures: Share of deliveries that fail.
        witness: Told (session id, event, arguments) of everything that goes to somebody.
    """

    def __init__(
        self, draw: random.Random, failures: float, witness: Callable[[str, str, tuple[Any, ...]], None]
    ) -> None:
        super().__init__()
        self._draw, self.failures, self._witness = draw, failures, witness
        self._in_order = asyncio.Lock()

    @property
    def clients(self) -> list[MemoryClient]:
        """Everybody whom the server takes for connected."""
        return list(self._clients.values())

    async def _pause(self) -> None:
        if self._draw.random() < 0.2:
            await asyncio.sleep(self._draw.uniform(0, LONGEST_PAUSE_S))

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        async with self._in_order:
            await self._pause()
            for sid in self.members(room):
                if sid not in skip:
                    self._witness(sid, event, arguments)
                    await self._hand_over(sid, event, arguments)
        await self._pause()

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        self._witness(sid, event, arguments)  # as it was decided; it may take its time
        async with self._in_order:
            await self._pause()
            await self._hand_over(sid, event, arguments)
        await self._pause()

    async def _hand_over(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        if self._draw.random() < self.failures:
            raise Outage(f"{event} was not delivered to {sid}")  # to others of its room it may have been
        await super().deliver_to(sid, event, arguments)

    async def enter(self, sid: str, room: str) -> None:
        await self._pause()
        await super().enter(sid, room)


class SimulatedLog(MemoryLog):
    """A log that sometimes fails: before it took a frame, or after, so that nobody knows whether it did."""

    def __init__(self, draw: random.Random, failures: float) -> None:
        super().__init__()
        self._draw, self.failures = draw, failures

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        self._fail()
        super().append(channel, frame)
        self._fail()

    def _fail(self) -> None:
        if self._draw.random() < self.failures:
            raise Outage("the log is full")


class Server:
    """One life of the server after another.

    Attributes:
        hub: The broadcaster of this life.
        transport: Its transport.
        log: What outlives it; None when there is none.
        lives: How many there were.
        being_answered: How many messages of a client, by session id, are being handled.
    """

    def __init__(
        self,
        draw: random.Random,
        weather: Weather,
        complaints: Complaints,
        authorize: Callable[[Subscriber, str], bool],
        witness: Callable[[str, str, tuple[Any, ...]], None],
    ) -> None:
        self._draw, self._weather, self._complaints = draw, weather, complaints
        self._authorize, self._witness = authorize, witness
        self.log: SimulatedLog | None = None
        self.lives = 0
        self._healed = False
        self.begin()

    def begin(self) -> None:
        """A new process, with what is left of the log."""
        self.lives += 1
        failures = 0.0 if self._healed else self._weather.failures
        if self._weather.keeps_log and self.log is None:
            self.log = SimulatedLog(self._draw, failures)
        self.runtime = SimulatedRuntime()
        self.being_answered: Counter[str] = Counter()
        self.transport = SimulatedTransport(self._draw, failures, self._witness)
        self.hub = AsyncBroadcaster(
            self.transport, runtime=self.runtime, authorize=self._ask, log=self.log, **self._weather.options
        )

    async def _ask(self, subscriber: Subscriber, channel: str, action: str) -> bool:
        if self._draw.random() < 0.3:
            await asyncio.sleep(self._draw.uniform(0, LONGEST_PAUSE_S))
        return self._authorize(subscriber, channel)

    def receive(self, client: MemoryClient, event: str, message: Any) -> None:
        """Begin to handle a message in a job of its own, as python-socketio does."""
        if self.transport.is_connected(client.sid):
            self.runtime.spawn(self._handle(client, event, message))

    async def _handle(self, client: MemoryClient, event: str, message: Any) -> None:
        self.being_answered[client.sid] += 1
        try:
            await client.send(event, message)
        except Exception as error:
            self._complaints.add(error)  # python-socketio would log it, and the client ask again
        finally:
            self.being_answered[client.sid] -= 1

    def crash(self, *, lose_log: bool) -> None:
        """Kill the process; what was not appended is gone."""
        self.runtime.kill()
        if lose_log:
            self.log = None

    def heal(self) -> None:
        """From now on nothing fails."""
        self._healed = True
        self.transport.failures = 0.0
        if self.log is not None:
            self.log.failures = 0.0
