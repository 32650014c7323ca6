"""What is cancelled at any of the places where it waits: nothing is lost, nothing sent twice, no lock kept."""

import asyncio
import itertools
import threading
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import ChannelLog, allow_everyone
from realtime_sync.errors import ChannelClosed
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
        awaited = coroutine.throw(asyncio.CancelledError())
        while True:  # it may have to wait for what it cancels in turn
            yield awaited
            awaited = coroutine.send(None)
    return True


async def after_turns(turns: int, coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Cancel a task after so many turns of the loop; return whether it was not done by then."""
    task = asyncio.ensure_future(coroutine)
    for _ in range(turns):
        await asyncio.sleep(0)
    was_cancelled = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() == was_cancelled
    return was_cancelled


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


async def test_a_first_flush_is_cancelled_at_every_suspension_and_goes_on_from_its_log_all_the_same() -> None:
    async def attempt(suspension: int) -> bool:
        log = LogInThread()
        former = World().hub(log=log)
        begun = former.channel("c", initial={"n": 0})
        await former.close()
        world = SuspendingWorld()
        hub = world.hub(log=log, window_ms=1_000)
        channel = hub.channel("c")
        channel.publish({"n": 1})
        channel.emit("e", 1)
        was_cancelled = await cancelled_at(suspension, hub._flusher.flush(channel))
        channel.emit("e", 2)
        await channel.flush()
        assert channel.position.epoch == begun.position.epoch
        deltas = log.read_after("c", Position(channel.position.epoch, 1))
        assert deltas is not None
        assert [event.data for delta in deltas for event in delta.events] == [1, 2]
        assert channel.document == {"n": 1}
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 2, "reading the log, and appending to it"


async def test_a_flush_that_saves_a_keyframe_and_serves_plain_clients_is_cancelled_at_every_suspension(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("realtime_sync.broadcast.flusher.KEYFRAME_EVERY", 1)

    async def attempt(suspension: int) -> bool:
        world = SuspendingWorld()
        log = LogInThread()
        hub = world.hub(log=log, window_ms=1_000)
        channel = hub.channel("c", initial={"n": 0})
        await channel.flush()
        watchers = await watchers_of(world)
        plain = world.transport.connect()
        await plain.enter("c")
        for number in (1, 2):
            channel.publish({"n": number})
            channel.emit("e", number)
            was_cancelled = await cancelled_at(suspension, hub._flusher.flush(channel))
        channel.emit("e", 3)
        await channel.flush()
        await all_is_well(hub, watchers, [1, 2, 3])
        told = [arguments[0] for event, arguments in plain.take() if event == "e"]
        assert sorted(told) == told, "a delivery whose outcome is unknown is repeated, and these have no position"
        assert set(told) == {1, 2, 3}
        keyframe = log.load_keyframe("c")
        assert keyframe is not None
        assert log.read_after("c", keyframe.position) is not None
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 6


async def test_a_flush_whose_caller_is_cancelled_at_any_turn_is_finished_all_the_same() -> None:
    async def attempt(turn: int) -> bool:
        world = SuspendingWorld()
        hub = world.hub(window_ms=1_000)
        channel = hub.channel("c", initial={"n": 0})
        await channel.flush()
        watchers = await watchers_of(world)
        channel.publish({"n": 1})
        channel.emit("e", 1)
        was_cancelled = await after_turns(turn - 1, channel.flush())
        channel.emit("e", 2)
        await channel.flush()
        await all_is_well(hub, watchers, [1, 2])
        await hub.close()
        return was_cancelled

    assert await at_every_suspension(attempt) >= 5


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


async def is_closed(world: World, hub: AsyncBroadcaster, watchers: list[Watcher]) -> None:
    """All of one change and one event arrived, nothing more is taken, and nothing is left that runs."""
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == {"n": 1}
        assert [data for _, data in watcher.events] == [1]
    for call in (lambda: hub.emit("e", 2, room="c"), lambda: hub.channel("new")):
        with pytest.raises(ChannelClosed, match="broadcaster was closed"):
            call()
    await world.clock.settle()
    assert world.clock.tasks == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("realtime_sync")]


async def about_to_close(world: World, log: ChannelLog) -> tuple[AsyncBroadcaster, list[Watcher]]:
    hub = world.hub(log=log, window_ms=1_000)
    channel = hub.channel("c", initial={"n": 0})
    await channel.flush()
    watchers = await watchers_of(world)
    channel.watch(lambda: {"n": 1}, interval_ms=100_000)
    await world.clock.settle()
    channel.publish({"n": 1})
    channel.emit("e", 1)
    return hub, watchers


async def test_a_close_whose_caller_is_cancelled_at_any_turn_is_finished_all_the_same() -> None:
    async def attempt(turn: int) -> bool:
        world = SuspendingWorld()
        hub, watchers = await about_to_close(world, MemoryLog())
        was_cancelled = await after_turns(turn - 1, hub.close())
        await hub.close()
        await is_closed(world, hub, watchers)
        return was_cancelled

    assert await at_every_suspension(attempt) >= 10


async def test_a_close_that_is_itself_cancelled_at_every_suspension_can_be_repeated() -> None:
    """A loop that ends cancels all that runs on it."""

    async def attempt(suspension: int) -> bool:
        world = SuspendingWorld()
        hub, watchers = await about_to_close(world, LogInThread())
        was_cancelled = await cancelled_at(suspension, hub._close(5))
        await hub.close()
        await is_closed(world, hub, watchers)
        return was_cancelled

    assert await at_every_suspension(attempt) >= 2, "sending what is pending, and ending what runs"


async def test_the_task_that_closes_is_cancelled_at_any_turn_and_the_next_close_does_the_rest() -> None:
    async def attempt(turn: int) -> bool:
        world = SuspendingWorld()
        hub, watchers = await about_to_close(world, MemoryLog())
        closing = asyncio.ensure_future(hub.close())
        for _ in range(turn):
            await asyncio.sleep(0)
        task = hub._closing
        assert task is not None
        was_cancelled = task.cancel()
        await asyncio.wait([closing])
        await hub.close()
        await is_closed(world, hub, watchers)
        return was_cancelled

    assert await at_every_suspension(attempt) >= 10


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


@pytest.mark.parametrize("turns", range(20))
def test_a_loop_that_ends_at_any_turn_of_a_close_leaves_the_rest_to_the_next_one(turns: int) -> None:
    transport = SuspendingTransport()
    hub = AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=10_000, log=LogInThread())
    channel = hub.channel("c", initial={"n": 0})

    async def begin_to_close() -> MemoryClient:
        client = transport.connect()
        await client.send("sync:subscribe", SUBSCRIBE)
        for number in range(3):
            channel.emit("e", number)
        closing = asyncio.ensure_future(hub.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        return client

    client = asyncio.run(begin_to_close())
    asyncio.run(hub.close())
    asyncio.run(hub.close())
    frames = {arguments[1]["offset"]: arguments[1] for _, arguments in client.take()}
    assert list(frames) == list(range(1, channel.position.offset + 1))
    assert [data for frame in frames.values() for _, data in frame.get("events", [])] == [0, 1, 2]
    with pytest.raises(ChannelClosed):
        channel.emit("e", 3)
