"""Clients in the application's room never acknowledge: what bounds what is held for them is their send queue."""

import logging
from typing import Any

import pytest

from realtime_sync.limits import ReaderLimits
from realtime_sync.testing import MemoryClient
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

pytestmark = on_both_shells

READERS = ReaderLimits(max_plain_packets=100)


async def emit(channel: Any, count: int = 1) -> None:
    for number in range(count):
        channel.emit("happened", number)
    await channel.flush()


async def plain(world: World, queued: int | None, room: str = "c") -> MemoryClient:
    client = world.transport.connect()
    await client.enter(room)
    client.queued = queued
    return client


async def test_one_for_whom_too_much_waits_is_disconnected_and_counted_and_the_others_stay(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="realtime_sync")
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"n": 0})
    at_the_limit, stuck, unknown = [await plain(world, queued) for queued in (100, 101, None)]
    await emit(channel, 2)
    assert not world.transport.is_connected(stuck.sid)
    assert stuck.take() == [], "no more is put on the heap"
    for client in (at_the_limit, unknown):
        assert world.transport.is_connected(client.sid)
        assert [arguments for _, arguments in client.take()] == [(0,), (1,)]
    assert hub.get_stats().plain_let_go == 1
    assert hub.get_stats().messages == 4
    assert f"client {stuck.sid} does not read the events of channel 'c', and is disconnected" in caplog.messages


async def test_it_is_so_before_the_first_document_as_well(world: World) -> None:
    hub = world.hub(readers=READERS)
    stuck = await plain(world, 101)
    await emit(hub.channel("c"))
    assert not world.transport.is_connected(stuck.sid)
    assert hub.get_stats().plain_let_go == 1


async def test_a_subscriber_in_the_room_is_parked_in_time_but_not_disconnected(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await watcher.client.enter("c")
    watcher.client.queued = 10_000
    await emit(channel)
    assert world.transport.is_connected(watcher.client.sid)
    await watcher.pump()
    assert watcher.events == [("happened", 0)]
    assert hub.get_stats().plain_let_go == 0


async def test_a_member_of_another_room_is_not_looked_at(world: World) -> None:
    hub = world.hub(readers=READERS)
    elsewhere = await plain(world, 101, room="d")
    await emit(hub.channel("c", initial={"n": 0}))
    assert world.transport.is_connected(elsewhere.sid)


async def test_one_who_asks_and_acknowledges_without_reading_is_disconnected(world: World) -> None:
    hub = world.hub(readers=ReaderLimits(max_plain_packets=100, max_unacked_frames=10))
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    ack = {"channel": "c", "position": channel.position.to_wire()}
    watcher.client.queued = 110
    await watcher.client.send("sync:ack", ack)
    assert world.transport.is_connected(watcher.client.sid), "so much may be under way"
    watcher.client.queued = 111
    assert await watcher.client.send("sync:fetch", {"channel": "c", "pointer": ""}) is None
    assert not world.transport.is_connected(watcher.client.sid)
    assert (hub.sessions, channel.subscriber_count, hub.get_stats().plain_let_go) == (0, 0, 1)


async def test_nobody_is_asked_about_when_there_is_no_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(type(world.transport), "queued", lambda _, sid: asked.append(sid))
    channel = world.hub(readers=READERS).channel("c", initial={"n": 0})
    await plain(world, 101)
    channel.publish({"n": 1})
    await channel.flush()
    assert asked == []


async def test_nothing_is_kept_of_a_client_that_was_disconnected(world: World) -> None:
    """It may watch another channel, too."""
    hub = world.hub(readers=READERS)
    other = hub.channel("d", initial={"n": 0})
    watcher = await world.watcher("d").join()
    await watcher.client.enter("c")
    watcher.client.queued = 101
    await emit(hub.channel("c", initial={"n": 0}))
    assert (hub.sessions, other.subscriber_count, world.transport.rooms) == (0, 0, {})
