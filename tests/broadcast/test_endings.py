"""Channels that end while something else is going on."""

import asyncio
import gc
from typing import Any

import pytest

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.errors import ChannelClosed
from realtime_sync.testing import MemoryTransport
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World


class Gate(MemoryTransport):
    """A transport that holds deliveries back while its gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await self.open.wait()
        await super().deliver_to(sid, event, arguments)


class GatedWorld(World):
    """A world with such a transport."""

    def __init__(self) -> None:
        super().__init__()
        self.transport = self.gate = Gate()


async def test_one_who_joins_while_a_channel_is_deleted_joins_the_next_one() -> None:
    world = GatedWorld()
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    early = await world.watcher().join()
    world.gate.open.clear()
    channel.publish({"n": 1})
    deleting = asyncio.ensure_future(channel.delete("gone"))
    await world.clock.settle()
    late = world.watcher()
    late.subscription.connected(world.clock.now())
    joining = asyncio.ensure_future(late.client.send_all(late.subscription.outgoing()))
    await world.clock.settle()
    world.gate.open.set()
    await asyncio.gather(deleting, joining)
    for watcher in (early, late):
        await watcher.pump()
    assert early.status == "closed"
    assert late.status == "waiting"
    hub.channel("c", initial={"n": 2})
    await hub.flush_all()
    await world.clock.advance(0.1)
    await late.pump()
    assert (late.status, late.document) == ("live", {"n": 2})


@on_both_shells
@pytest.mark.parametrize("flushed_before", [False, True])
async def test_what_was_pending_when_a_channel_was_deleted_never_comes_back(
    world: World, caplog: pytest.LogCaptureFixture, flushed_before: bool
) -> None:
    log = MemoryLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    await world.watcher().join()
    if flushed_before:
        await channel.flush()
    channel.publish({"secret": 1})
    await channel.delete("erased")
    await channel.flush()
    await world.clock.advance(600)
    assert log.load_keyframe("c") is None
    assert "failed" not in caplog.text


async def test_a_second_delete_does_not_end_the_next_life() -> None:
    world = GatedWorld()
    hub = world.hub(log=MemoryLog())
    channel = hub.channel("c", initial={"n": 0})
    await world.watcher().join()
    world.gate.open.clear()
    channel.publish({"n": 1})

    async def delete_and_begin_again() -> Any:
        await channel.delete("x")
        return hub.channel("c", initial={"n": 9})

    first = asyncio.ensure_future(delete_and_begin_again())
    await world.clock.settle()
    second = asyncio.ensure_future(channel.delete("y"))
    await world.clock.settle()
    world.gate.open.set()
    again = await first
    await second
    assert hub.channel("c") is again
    assert again.document == {"n": 9}


async def test_a_delete_that_is_cancelled_is_finished_all_the_same() -> None:
    world = GatedWorld()
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    await world.watcher().join()
    world.gate.open.clear()
    deleting = asyncio.ensure_future(channel.delete("gone"))
    await world.clock.settle()
    deleting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deleting
    world.gate.open.set()
    await world.clock.advance(1)
    hub.channel("c").publish({"n": 1})
    with pytest.raises(ChannelClosed, match="gone"):
        channel.publish({"n": 2})


@on_both_shells
async def test_a_channel_that_was_closed_goes_on_from_its_log(world: World) -> None:
    hub = world.hub(log=MemoryLog())
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await channel.close("maintenance")
    await watcher.pump()
    assert watcher.status == "closed"
    hub.channel("c").publish({"n": 1})
    await hub.flush_all()
    watcher.subscription.disconnected()
    watcher.client = world.transport.connect()
    await watcher.join()
    assert (watcher.status, watcher.document) == ("live", {"n": 1})
    assert hub.channel("c").position.epoch == channel.position.epoch


@on_both_shells
async def test_a_subscriber_of_an_idle_channel_keeps_it_in_memory(world: World) -> None:
    hub = world.hub(channel_ttl_s=10)
    hub.channel("c", initial={"n": 0})
    await hub.flush_all()
    await world.clock.advance(60)
    watcher = await world.watcher().join()
    gc.collect()
    hub.channel("c").publish({"n": 1})
    await hub.flush_all()
    await world.clock.advance(1)
    await watcher.pump()
    assert watcher.document == {"n": 1}


@on_both_shells
async def test_close_sends_what_was_appended_but_not_delivered(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    world.transport.failure = OSError("the network is away")
    channel.publish({"n": 1})
    await world.clock.advance(0.06)
    world.transport.failure = None
    assert channel.is_pending
    await hub.close()
    await watcher.pump()
    assert watcher.document == {"n": 1}


class Slow(MemoryTransport):
    """It gives way once in a delivery, as a real one does."""

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await asyncio.sleep(0)
        await super().deliver_to(sid, event, arguments)


@pytest.mark.parametrize("turns", range(1, 30))
async def test_nobody_slips_through_who_is_revoked_at_any_turn_of_an_admission(turns: int) -> None:
    world = World()
    world.transport = Slow()
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    await channel.flush()
    watcher = world.watcher()
    watcher.subscription.connected(world.clock.now())
    joining = asyncio.ensure_future(watcher.client.send_all(watcher.subscription.outgoing()))
    for _ in range(turns):
        await asyncio.sleep(0)
    hub.revoke(sid=watcher.client.sid)
    await joining
    await world.clock.settle()
    channel.publish({"n": "canary"})
    await channel.flush()
    assert "canary" not in repr(watcher.client.inbox)
    assert world.transport.rooms == {}


async def test_revoking_one_channel_leaves_the_admission_to_another_alone(world: World) -> None:
    loaded = asyncio.Event()

    async def load(name: str) -> Any:
        await loaded.wait()
        return {"n": 0}

    hub = world.hub(load=load)
    watcher = world.watcher("b")
    joining = asyncio.ensure_future(watcher.join())
    await world.clock.settle()
    hub.revoke(channel="a")
    loaded.set()
    await joining
    assert watcher.status == "live"
