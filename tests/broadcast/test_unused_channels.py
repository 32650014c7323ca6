"""Channels that nobody uses are forgotten, whoever else comes or does not; the others are not."""

import asyncio
import gc
import threading
from typing import Any

import pytest

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.broadcast.thread_runtime import LINGER_S
from realtime_sync.testing import MemoryTransport
from tests.broadcast.threaded_world import ThreadedWorld, on_both_shells
from tests.broadcast.world import World

TTL_S = 100.0
LATE_S = TTL_S / 10
"""How much later than its time to live a channel may be forgotten."""


def in_memory(hub: Any) -> int:
    """Return how many channels there are, those aside that only wait for Python's collector."""
    gc.collect()
    return int(hub.get_stats().channels)


async def jobs(world: World) -> int:
    """Return how many jobs the broadcaster has; a thread without one waits a moment for another."""
    await world.clock.advance(LINGER_S)
    return world.clock.tasks


@on_both_shells
async def test_a_channel_is_forgotten_though_no_other_one_is_ever_opened(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    world.transport.connect()
    hub.channel("c", initial={"n": 1})
    hub.channel("d", initial={"n": 1})
    await hub.flush_all()
    await world.clock.advance(TTL_S - 1)
    assert in_memory(hub) == 2
    await world.clock.advance(1 + LATE_S)
    assert in_memory(hub) == 0
    await hub.close()


@on_both_shells
async def test_whoever_looks_is_there_only_while_there_is_something_to_forget(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    hub.channel("before", initial={"n": 1})
    assert await jobs(world) == 0, "before the first client"
    world.transport.connect()
    await world.clock.advance(TTL_S + LATE_S)
    await hub.channel("before").flush()
    assert await jobs(world) == 1
    hub.channel("another", initial={"n": 1})
    await hub.flush_all()
    assert await jobs(world) == 1
    await world.clock.advance(TTL_S + LATE_S)
    assert await jobs(world) == 0
    hub.channel("after", initial={"n": 1})
    await hub.flush_all()
    assert await jobs(world) == 1
    await hub.close()
    await world.settle()
    assert world.clock.tasks == 0
    await world.clock.advance(2 * TTL_S)
    assert world.clock.tasks == 0


@on_both_shells
async def test_what_the_application_holds_goes_on_working_and_is_forgotten_when_it_lets_go(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    held = hub.channel("c", initial={"n": 1})
    watcher = await world.watcher("c").join()
    watcher.client.disconnect()
    await world.clock.advance(3 * TTL_S)
    assert in_memory(hub) == 1
    assert await jobs(world) == 0, "nothing can be forgotten that is held"
    held.publish({"n": 2})
    await held.flush()
    assert hub.channel("c") == held
    assert held.position.offset == 2
    late = await world.watcher("c").join()
    assert (late.status, late.document) == ("live", {"n": 2})
    await held.close()
    late.client.disconnect()
    assert in_memory(hub) == 0


@on_both_shells
async def test_a_held_channel_that_is_published_to_again_is_kept_for_another_time_to_live(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    world.transport.connect()
    held = hub.channel("c", initial={"n": 1})
    await world.clock.advance(3 * TTL_S)
    held.publish({"n": 2})
    await held.flush()
    del held
    assert in_memory(hub) == 1
    await world.clock.advance(TTL_S - 1)
    assert hub.channel("c").document == {"n": 2}
    await world.clock.advance(TTL_S + LATE_S)
    assert in_memory(hub) == 0
    await hub.close()


@on_both_shells
async def test_the_time_to_live_counts_from_the_last_subscriber(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    watcher = world.watcher("c")
    hub.channel("c", initial={"n": 1})
    await watcher.join()
    await world.clock.advance(5 * TTL_S)
    assert in_memory(hub) == 1
    watcher.client.disconnect()
    await world.clock.advance(TTL_S - 1)
    assert in_memory(hub) == 1
    await world.clock.advance(1 + LATE_S)
    assert in_memory(hub) == 0
    await hub.close()


@on_both_shells
async def test_a_watched_channel_is_held(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    world.transport.connect()
    stop = hub.channel("c").watch(lambda: {"n": 1}, interval_ms=3 * TTL_S * 1000)
    await world.clock.advance(7 * TTL_S)
    assert in_memory(hub) == 1
    stop()
    del stop
    await world.clock.advance(2 * TTL_S)
    assert in_memory(hub) == 0
    await hub.close()


@on_both_shells
async def test_what_could_not_be_sent_is_not_forgotten(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    watcher = await world.watcher("c").join()
    hub.channel("c").publish({"n": 1})
    await hub.flush_all()
    await watcher.pump()
    world.transport.failure = OSError("the network is away")
    hub.channel("c").publish({"n": 2})
    await world.clock.advance(3 * TTL_S)
    watcher.client.disconnect()
    world.transport.failure = None
    assert in_memory(hub) == 1
    await world.clock.advance(TTL_S / 2)
    assert hub.channel("c").document == {"n": 2}
    await hub.close()


async def test_a_thousand_rooms_that_are_opened_and_left_are_all_forgotten(world: World) -> None:
    hub = world.hub(channel_ttl_s=TTL_S)
    client = world.transport.connect()
    for number in range(1_000):
        hub.channel(f"c{number}", initial={"n": number})
        if number % 100 == 0:
            await world.clock.advance(1)
    assert in_memory(hub) == 1_000
    await world.clock.advance(TTL_S + LATE_S)
    assert in_memory(hub) == 0
    client.disconnect()
    await hub.close()


# The loop is closed over a waiting job, as many programs do; Python complains about its task, rightly.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("tidy", [True, False])
def test_after_a_loop_ended_the_next_one_looks(tidy: bool) -> None:
    transport = MemoryTransport()
    hub = AsyncBroadcaster(transport, authorize=allow_everyone, channel_ttl_s=0.1)

    async def begin() -> None:
        hub.channel("c", initial={"n": 1})
        await hub.flush_all()
        await asyncio.sleep(0)

    async def go_on() -> None:
        transport.connect()
        async with asyncio.timeout(10):
            while in_memory(hub):
                await asyncio.sleep(0.01)
        await hub.close()

    if tidy:
        asyncio.run(begin())
    else:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(begin())
        loop.close()
    asyncio.run(go_on())


def test_where_the_system_has_no_thread_whoever_uses_a_channel_next_tries_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = ThreadedWorld()
    refusing = [True]
    hub = world.hub(refusing=refusing, channel_ttl_s=TTL_S, window_ms=0)
    world.transport.connect()
    hub.channel("c")
    assert "nobody can look" in caplog.text
    refusing.clear()
    hub.channel("d")
    world.clock.advance(TTL_S + LATE_S)
    assert in_memory(hub) == 0
    world.end()


def test_threads_that_open_channels_while_they_are_forgotten_never_lose_one_they_hold() -> None:
    world = ThreadedWorld()
    hub = world.hub(channel_ttl_s=0.01)
    world.transport.connect()
    over = threading.Event()
    wrong: list[str] = []

    def use(name: str) -> None:
        while not over.is_set():
            channel = hub.channel(name)
            channel.publish({"name": name})
            if hub.channel(name) is not channel or channel.document != {"name": name}:
                wrong.append(name)

    threads = [threading.Thread(target=use, args=(f"c{number % 2}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        world.clock.advance(0.01)
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    world.end()
