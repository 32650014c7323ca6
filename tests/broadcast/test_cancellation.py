"""What is cancelled at any of the places where it waits: nothing is lost, nothing sent twice, no lock kept."""

import asyncio
import itertools
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.position import Position
from realtime_sync.testing import MemoryClient, MemoryTransport
from realtime_sync.wire.frames import Delta, Keyframe
from tests.broadcast.world import Watcher, World


class SuspendingTransport(MemoryTransport):
    """It gives way before and after everything that it does, as a real one may."""

    async def enter(self, sid: str, room: str) -> None:
        await asyncio.sleep(0)
        await super().enter(sid, room)
        await asyncio.sleep(0)

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await asyncio.sleep(0)
        await super().deliver_to(sid, event, arguments)
        await asyncio.sleep(0)


class LogInThread:
    """A log that is called in a thread, like every one that does more than remember."""

    def __init__(self) -> None:
        self._inner = MemoryLog()

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        self._inner.append(channel, frame)

    def read_after(self, channel: str, position: Position) -> list[Delta] | None:
        return self._inner.read_after(channel, position)

    def save_keyframe(self, channel: str, keyframe: Keyframe) -> None:
        self._inner.save_keyframe(channel, keyframe)

    def load_keyframe(self, channel: str) -> Keyframe | None:
        return self._inner.load_keyframe(channel)

    def delete(self, channel: str) -> None:
        self._inner.delete(channel)


@types.coroutine
def cancelled_at(suspension: int, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, bool]:
    """Run a coroutine and cancel it where it waits for that time; return whether it came so far."""
    for number in itertools.count(1):
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return False
        if number == suspension:
            break
        yield awaited
    if awaited is not None:
        awaited.cancel()
    with pytest.raises(asyncio.CancelledError):
        coroutine.throw(asyncio.CancelledError())
    return True


async def at_every_suspension(attempt: Callable[[int], Coroutine[Any, Any, bool]]) -> int:
    """Call `attempt(k)` for every k until nothing was left to cancel; return how many there were."""
    suspensions = 0
    while await attempt(suspensions + 1):
        suspensions += 1
    return suspensions


class SuspendingWorld(World):
    """A world that waits wherever it can."""

    def __init__(self) -> None:
        super().__init__()
        self.transport = SuspendingTransport()


async def watchers_of(world: World) -> list[Watcher]:
    return [await world.watcher(codecs=(codec,)).join() for codec in ("json", "json", "msgpack+zstd")]


async def all_is_well(hub: AsyncBroadcaster, watchers: list[Watcher], events: list[Any]) -> None:
    """Everything arrived, once and in order, without anybody having asked again."""
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == hub.channel("c").document
        assert [data for _, data in watcher.events] == events
        assert watcher.status == "live"
    assert hub.get_stats().total_resyncs == 0


async def test_a_flush_is_cancelled_at_every_suspension_and_the_next_one_sends_it_all() -> None:
    async def attempt(suspension: int) -> bool:
        world = SuspendingWorld()
        hub = world.hub(log=LogInThread(), window_ms=1_000)
        channel = hub.channel("c", initial={"n": 0})
        await channel.flush()
        watchers = await watchers_of(world)
        channel.publish({"n": 1})
        channel.emit("e", 1)
        was_cancelled = await cancelled_at(suspension, hub._flusher.flush(channel))
        channel.publish({"n": 2})
        channel.emit("e", 2)
        await channel.flush()
        await all_is_well(hub, watchers, [1, 2])
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 7, "the log, and six steps to three clients"


@pytest.mark.parametrize("forget", [False, True])
async def test_the_end_of_a_channel_is_cancelled_at_every_suspension_and_can_be_repeated(forget: bool) -> None:
    async def attempt(suspension: int) -> bool:
        world = SuspendingWorld()
        hub = world.hub(log=LogInThread(), window_ms=1_000)
        channel = hub.channel("c", initial={"n": 0})
        await channel.flush()
        watchers = await watchers_of(world)
        channel.emit("e", 1)
        was_cancelled = await cancelled_at(suspension, hub._end(channel, "over", forget))
        if was_cancelled:
            channel.emit("e", 2)
        await (channel.delete("over") if forget else channel.close("over"))
        for watcher in watchers:
            await watcher.pump()
            assert watcher.status == "closed"
        if not forget:
            assert [data for _, data in watchers[0].events][:1] == [1]
        assert world.transport.rooms == {}
        assert hub.channel("c") is not channel
        assert hub.get_stats().subscriptions == 0
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 6


async def test_an_admission_is_cancelled_at_every_suspension_and_keeps_nobody_out() -> None:
    async def authorize(*_: Any) -> bool:
        await asyncio.sleep(0)
        return True

    async def load(name: str) -> Any:
        await asyncio.sleep(0)
        return {"n": 0}

    async def attempt(suspension: int) -> bool:
        world = SuspendingWorld()
        hub = world.hub(log=LogInThread(), authorize=authorize, load=load)
        watcher, other = world.watcher(), world.watcher()
        watcher.subscription.connected(world.clock.now())
        [said] = watcher.subscription.outgoing()
        was_cancelled = await cancelled_at(
            suspension, hub.receive(watcher.client.sid, said.event, {**said.message, "request": "cancelled"})
        )
        await watcher.client.send(said.event, said.message)
        await other.join()
        hub.channel("c").emit("e", 1)
        await hub.channel("c").flush()
        await all_is_well(hub, [watcher, other], [1])
        watcher.client.disconnect()
        other.client.disconnect()
        assert world.transport.rooms == {}
        assert hub.get_stats().subscriptions == hub.sessions == 0
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 7


async def test_a_close_that_is_cancelled_at_any_turn_is_finished_all_the_same() -> None:
    for turns in range(20):
        world = SuspendingWorld()
        hub = world.hub(window_ms=1_000)
        channel = hub.channel("c", initial={"n": 0})
        watchers = await watchers_of(world)
        channel.publish({"n": 1})
        channel.emit("e", 1)
        closing = asyncio.ensure_future(hub.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await hub.close()
        for watcher in watchers:
            await watcher.pump()
            assert watcher.document == {"n": 1}
        await world.clock.settle()
        assert world.clock.tasks == 0


SUBSCRIBE: dict[str, Any] = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}


@pytest.mark.parametrize("turns", range(20))
def test_a_loop_that_ends_at_any_turn_takes_nothing_with_it(turns: int) -> None:
    """`asyncio.run` cancels every task at its end, the broadcaster's own too."""
    transport = SuspendingTransport()
    hub = AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=0)
    channel = hub.channel("c", initial={"n": 0})

    async def prepare() -> MemoryClient:
        client = transport.connect()
        await client.send("sync:subscribe", SUBSCRIBE)
        for number in range(5):
            channel.emit("e", number)
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        return client

    async def serve() -> None:
        channel.emit("e", 5)
        await hub.close()

    client = asyncio.run(prepare())
    asyncio.run(serve())
    frames = {arguments[1]["offset"]: arguments[1] for _, arguments in client.take()}
    assert list(frames) == list(range(1, channel.position.offset + 1))
    events = [event for frame in frames.values() for event in frame.get("events", [])]
    assert events == [["e", number] for number in range(6)]
