"""A broadcaster made at import that meets one event loop after another, as with two calls of `asyncio.run`."""

import asyncio
import time
from typing import Any

import pytest

import realtime_sync as rs
from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Subscription
from realtime_sync.testing import MemoryTransport
from tests.loop_timers import noted_timers


def made_at_import() -> tuple[AsyncBroadcaster, MemoryTransport]:
    transport = MemoryTransport()
    return AsyncBroadcaster(transport, authorize=rs.allow_everyone, window_ms=5), transport


async def reaches_a_subscriber(transport: MemoryTransport, document: Any) -> None:
    """Return when a new subscriber holds `document`."""
    client, subscription = transport.connect(), Subscription("c", ["json"], Replica())
    subscription.connected(time.monotonic())
    await client.send_all(subscription.outgoing())
    async with asyncio.timeout(5):
        while subscription.replica.document != document:
            for _, arguments in client.take():
                answer = arguments[2] if len(arguments) > 2 else None
                subscription.receive(arguments[1], answer, time.monotonic())
            await asyncio.sleep(0.001)


def test_the_second_loop_goes_on_where_the_first_ended() -> None:
    hub, transport = made_at_import()
    channel = hub.channel("c")

    async def prepare() -> None:
        await hub.flush_all()
        for n in range(5):
            channel.publish({"n": n})
            await asyncio.sleep(0.001)

    async def serve() -> None:
        channel.publish({"n": 10})
        await reaches_a_subscriber(transport, {"n": 10})
        await hub.close()

    asyncio.run(prepare())
    asyncio.run(serve())


# The loop is closed over a waiting worker, as many programs do; Python complains about its task, rightly.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_was_closed_over_a_waiting_worker_takes_nothing_with_it() -> None:
    hub, transport = made_at_import()
    channel = hub.channel("c")

    async def prepare() -> None:
        await hub.flush_all()
        channel.publish({"n": 0})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        channel.publish({"n": 1})
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(prepare())
    loop.close()

    async def serve() -> None:
        channel.publish({"n": 2})
        await reaches_a_subscriber(transport, {"n": 2})
        await hub.close()

    asyncio.run(serve())


def test_a_watch_that_begins_between_two_loops_runs_in_the_second() -> None:
    hub, transport = made_at_import()
    channel = hub.channel("c")
    asyncio.run(hub.flush_all())
    channel.watch(lambda: {"n": "watched"}, interval_ms=1)

    async def serve() -> None:
        await reaches_a_subscriber(transport, {"n": "watched"})
        await hub.close()

    asyncio.run(serve())


async def test_started_and_closed_a_thousand_times_leaves_no_task_and_no_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    timers = noted_timers(monkeypatch)
    for number in range(1_000):
        transport = MemoryTransport()
        async with AsyncBroadcaster(transport, authorize=rs.allow_everyone) as hub:
            transport.connect()
            hub.channel("c").publish({"n": number})
            hub.channel("c").watch(lambda: {"watched": True}, interval_ms=100_000)
            if number % 100 == 0:
                await hub.flush_all()  # the worker and the watch are under way
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert timers != []
    assert [timer for timer in timers if not timer.cancelled() and timer.when() > loop.time()] == []


async def test_two_broadcasters_on_one_loop_have_nothing_in_common() -> None:
    transports = [MemoryTransport(), MemoryTransport()]
    hubs = [AsyncBroadcaster(transport, authorize=rs.allow_everyone) for transport in transports]
    for number, hub in enumerate(hubs):
        hub.channel("c").publish({"hub": number})
    for number, transport in enumerate(transports):
        await reaches_a_subscriber(transport, {"hub": number})
    await hubs[0].close()
    hubs[1].channel("c").publish({"hub": "still there"})
    await reaches_a_subscriber(transports[1], {"hub": "still there"})
    await hubs[1].close()


class HangingTransport(MemoryTransport):
    """It never comes back from a delivery."""

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await asyncio.Event().wait()


async def test_close_leaves_no_task_at_a_transport_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    transport = HangingTransport()
    hub = AsyncBroadcaster(transport, authorize=rs.allow_everyone)
    plain = transport.connect()
    await plain.enter("c")
    hub.channel("c").emit("e", 1)
    await hub.close(timeout_s=0.01)
    assert "unsent changes in channels ['c']" in caplog.text
    assert asyncio.all_tasks() == before
