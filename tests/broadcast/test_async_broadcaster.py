"""What only the asyncio broadcaster does, or what only a loop can make happen, on virtual time."""

import asyncio
import threading
from typing import Any

import pytest

from realtime_sync.errors import (
    InvalidValue,
    NoDocument,
    ReentrantCapture,
)
from tests.broadcast.world import Watcher, World

GRAPH = {"nodes": {"n1": {"status": "RUNNING", "text": "Hello"}}}


async def test_the_first_change_goes_at_once_and_the_next_ones_collect_for_a_window(world: World) -> None:
    channel = world.hub(window_ms=50).channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await world.clock.advance(1)
    for n in range(1, 4):
        channel.publish({"n": n})
    await watcher.pump()
    assert watcher.document == {"n": 3}, "all three captures of one turn are one frame, without waiting"
    channel.publish({"n": 4})
    await world.clock.advance(0.049)
    await watcher.pump()
    assert watcher.document == {"n": 3}
    await world.clock.advance(0.001)
    await watcher.pump()
    assert watcher.document == {"n": 4}


async def test_publish_async_compares_beside_the_loop_and_loses_to_no_other_writer(world: World) -> None:
    channel = world.hub().channel("c")
    with pytest.raises(NoDocument):
        _ = channel.document
    await channel.publish_async({"n": 1})
    await asyncio.gather(*(channel.publish_async(n, at="/n") for n in range(20)))
    assert channel.document["n"] in range(20)
    with pytest.raises(InvalidValue):
        await channel.publish_async({"n": float("nan")})


async def real_settle(world: World) -> None:
    """Let threads finish what virtual time cannot wait for."""
    for _ in range(5):
        await asyncio.to_thread(lambda: None)
        await world.clock.settle()


@pytest.mark.parametrize("name", ["bad", "unknown"])
async def test_all_who_wait_for_one_load_share_what_it_comes_to(world: World, name: str) -> None:
    calls: list[str] = []
    release = asyncio.Event()
    documents = {"unknown": None}

    async def load(name: str) -> Any:
        calls.append(name)
        await release.wait()
        return documents[name]

    world.hub(load=load)
    watchers = [world.watcher(name) for _ in range(5)]
    joins = [asyncio.ensure_future(watcher.join()) for watcher in watchers]
    await world.clock.settle()
    release.set()
    await asyncio.gather(*joins)
    assert calls == [name], "a database that is away is not asked by each of them"
    assert {watcher.answers[0]["outcome"] for watcher in watchers} == {"unavailable" if name == "bad" else "waiting"}


async def test_load_brings_a_document_once_however_many_join(world: World) -> None:
    calls: list[str] = []
    release = asyncio.Event()

    async def load(name: str) -> Any:
        calls.append(name)
        await release.wait()
        return {"loaded": name} if name != "unknown" else None

    hub = world.hub(load=load)
    watchers = [world.watcher() for _ in range(5)]
    joins = [asyncio.ensure_future(watcher.join()) for watcher in watchers]
    await world.clock.settle()
    release.set()
    await asyncio.gather(*joins)
    assert calls == ["c"]
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == {"loaded": "c"}
    assert (await world.watcher("unknown").join()).status == "waiting"
    assert hub.channel("c").document == {"loaded": "c"}


async def test_authorize_sees_who_what_and_why_and_may_be_a_coroutine(world: World) -> None:
    seen = []

    async def authorize(subscriber: Any, channel: str, action: str) -> bool:
        await asyncio.sleep(0)
        seen.append((subscriber.sid, subscriber.auth, subscriber.environ["HTTP_X"], channel, action))
        return bool(subscriber.auth["token"] == "good")

    hub = world.hub(authorize=authorize)
    hub.channel("c", initial={"n": 1})
    good = await world.watcher(auth={"token": "good"}, environ={"HTTP_X": "1"}).join()
    bad = await world.watcher(auth={"token": "bad"}, environ={"HTTP_X": "2"}).join()
    assert (good.status, bad.status) == ("live", "forbidden")
    await good.client.send("sync:resync", {"channel": "c", "request": "9", "position": None})
    await good.client.send("sync:fetch", {"channel": "c", "pointer": ""})
    assert [entry[3:] for entry in seen] == [("c", "subscribe"), ("c", "subscribe"), ("c", "resync"), ("c", "fetch")]
    assert seen[0][:3] == (good.client.sid, {"token": "good"}, "1")


async def test_a_subscription_that_is_revoked_while_it_is_admitted_does_not_slip_through(world: World) -> None:
    loading = asyncio.Event()
    answers = iter([True, False])

    async def load(name: str) -> Any:
        await loading.wait()
        return {"canary": 1}

    hub = world.hub(load=load, authorize=lambda *_: next(answers))
    watcher = world.watcher()
    join = asyncio.ensure_future(watcher.join())
    await world.clock.settle()
    hub.revoke(sid=watcher.client.sid)
    loading.set()
    await join
    assert watcher.status == "forbidden"
    assert watcher.frames_bytes == []


async def test_a_client_that_leaves_while_it_is_admitted_leaves_nothing_behind(world: World) -> None:
    release = asyncio.Event()

    async def load(name: str) -> Any:
        await release.wait()
        return {"n": 1}

    hub = world.hub(load=load)
    watcher = world.watcher()
    join = asyncio.ensure_future(watcher.join())
    await world.clock.settle()
    watcher.client.disconnect()
    release.set()
    await join
    await world.clock.advance(1)
    assert hub.sessions == 0
    assert hub.get_stats().subscriptions == 0
    assert world.transport.rooms == {}


async def test_what_is_published_before_the_loop_runs_is_kept() -> None:
    world = World()
    made: list[Any] = []

    def at_import() -> None:
        hub = world.hub()
        hub.channel("c", initial={"n": 1}).publish({"n": 2})
        hub.channel("c").watch(lambda: {"n": 3})
        made.append(hub)

    thread = threading.Thread(target=at_import)
    thread.start()
    thread.join()
    watcher: Watcher = await world.watcher().join()
    await real_settle(world)
    await world.clock.advance(0.05)
    await watcher.pump()
    assert watcher.document == {"n": 3}
    await made[0].close()


def test_a_default_that_publishes_to_its_own_channel_is_told_so_instead_of_hanging() -> None:
    world = World()

    def default(value: Any) -> str:
        channel.emit("odd_value", type(value).__name__)
        return str(value)

    channel = world.hub(default=default).channel("c")
    with pytest.raises(ReentrantCapture, match="default"):
        channel.publish({"x": {1, 2}})
    channel.publish({"x": 1})
    assert channel.document == {"x": 1}
