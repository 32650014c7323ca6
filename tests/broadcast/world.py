"""A broadcaster on virtual time over an in-memory transport, and subscribers with real replicas."""

from typing import Any, Protocol, Self

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.position import Position
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.replica import EventReceived, EventsDropped, Happening, Replica
from realtime_sync.replication.resynchronizing import Resynced
from realtime_sync.replication.subscription import Subscription
from realtime_sync.testing import MemoryClient, MemoryTransport, VirtualClock


class Clock(Protocol):
    """What a watcher reads."""

    def now(self) -> float: ...


class WatchedWorld(Protocol):
    """What a watcher needs of its world."""

    @property
    def clock(self) -> Clock: ...

    @property
    def transport(self) -> MemoryTransport: ...

    async def settle(self) -> None: ...


class Watcher:
    """A client with a replica of one channel, pumped by hand."""

    def __init__(
        self, world: WatchedWorld, channel: str, codecs: tuple[str, ...] = ("json",), **connection: Any
    ) -> None:
        self.world = world
        self.client: MemoryClient = world.transport.connect(**connection)
        self.subscription = Subscription(channel, codecs, Replica(uniform=lambda: 0.0))
        self.happened: list[Happening] = []
        self.plain: list[tuple[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.frames_bytes: list[Any] = []

    async def join(self) -> Self:
        self.subscription.connected(self.world.clock.now())
        await self.pump()
        return self

    def leave(self) -> None:
        """Lose the connection, and all that is under way on it."""
        self.client.disconnect()
        self.client.take()
        self.subscription.disconnected()

    async def come_back(self) -> None:
        """Join again on another connection."""
        self.client = self.world.transport.connect()
        await self.join()

    async def pump(self) -> None:
        """Exchange messages until neither side has any left."""
        while True:
            await self.client.send_all(self.subscription.outgoing())
            await self.world.settle()
            arrived = self.client.take()
            for event, arguments in arrived:
                self.take(event, arguments)
            if not arrived:
                return

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "batch_update":
            self.plain.append((event, arguments[0]))
            return
        assert arguments[0] == self.subscription.channel or arguments[0] == ""
        body, answer = arguments[1], arguments[2] if len(arguments) > 2 else None
        if answer is not None:
            self.answers.append(answer)
        if body is not None:
            self.frames_bytes.append(body)
        self.happened += self.subscription.receive(body, answer, self.world.clock.now())

    @property
    def document(self) -> Any:
        return self.subscription.replica.document

    @property
    def status(self) -> str:
        return self.subscription.status.value

    @property
    def events(self) -> list[tuple[str, Any]]:
        return [(one.name, one.data) for one in self.happened if isinstance(one, EventReceived)]

    @property
    def lost(self) -> list[tuple[int, int | None]]:
        return [(one.first, one.last) for one in self.happened if isinstance(one, EventsLost)]

    @property
    def resyncs(self) -> list[tuple[str, Position, Position]]:
        told = [one for one in self.happened if isinstance(one, Resynced)]
        return [(one.reason.value, one.from_position, one.to_position) for one in told]

    @property
    def dropped(self) -> int:
        return sum(one.count for one in self.happened if isinstance(one, EventsDropped))


class World:
    """Everything that a test of the broadcast floor needs."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.transport: MemoryTransport = MemoryTransport()

    async def settle(self) -> None:
        """Let everything happen that waits for no time."""
        await self.clock.settle()

    def hub(self, **options: Any) -> AsyncBroadcaster:
        return AsyncBroadcaster(self.transport, runtime=self.clock, **{"authorize": allow_everyone, **options})

    def watcher(self, channel: str = "c", codecs: tuple[str, ...] = ("json",), **connection: Any) -> Watcher:
        return Watcher(self, channel, codecs, **connection)
