"""Servers for real: each in its own process, on threads, on greenlets and on an event loop, with real clients."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import Status, SyncClient
from tests.adapters.spawned import SERVERS, WORKERS, ServerProcess, Watcher, shows
from tests.servers import eventually

EDITS = 40


@pytest.fixture(scope="module", params=SERVERS.values(), ids=list(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    with ServerProcess(**request.param) as process:
        yield process


NAMES = (f"channel_{number}" for number in itertools.count())


@pytest.fixture
async def watcher(server: ServerProcess) -> AsyncIterator[Watcher]:
    """A client, and a channel that no other test has."""
    async with server.client() as client:
        watcher = Watcher(client, next(NAMES))
        await watcher.tell("open", channel=watcher.name, document={"shared": ""})
        yield watcher


# python-engineio's polling client never reads the answers to its POSTs; aiohttp complains when they are collected.
async def test_a_document_is_followed_in_three_codecs_and_over_polling(server: ServerProcess, watcher: Watcher) -> None:
    options: list[dict[str, Any]] = [
        {"codecs": ("json",)},
        {"codecs": ("msgpack+zstd",)},
        {"codecs": ("json+gzip",)},
        {"codecs": ("msgpack",), "transports": ["polling"]},
    ]
    clients = [server.client(**one) for one in options]
    for client in clients:
        await client.connect()
    watched = [await client.channel(watcher.name).ready() for client in clients]
    for number in range(5):
        await watcher.tell("publish", channel=watcher.name, value={"n": number})
    for one in watched:
        await shows(one, {"n": 4})
        assert (one.resyncs, one.error) == (0, None)
    for client in clients:
        assert client.reconnects == 0
        await client.close()
    gc.collect()


async def test_a_large_document_travels_in_parts(watcher: Watcher) -> None:
    name = next(NAMES)
    await watcher.tell("open_large", channel=name, size=3 * 2**20)
    watched = await watcher.client.channel(name).ready()
    answer = await watcher.tell("document", channel=name)
    assert watched.document == answer["document"]
    assert watcher.client.reconnects == 0


async def test_what_eight_workers_do_at_once_arrives_complete_and_in_order(
    watcher: Watcher, server: ServerProcess
) -> None:
    watched = await watcher.watch()
    others = [server.client(codecs=(codec,)) for codec in ("json", "msgpack+zstd+dictionary")]
    for other in others:
        await other.connect()
        await other.channel(watcher.name).ready()
    announced: list[list[int]] = []
    blobs: list[tuple[int, int, bytes]] = []
    watched.on("edited", announced.append)
    watcher.client.sio.on("blob", lambda *arguments: blobs.append(arguments))
    result = await watcher.tell("work", channel=watcher.name, edits=EDITS)
    for client in (watcher.client, *others):
        await shows(await client.channel(watcher.name).ready(), result["document"])
    await eventually(lambda: len(announced) == len(blobs) == WORKERS * EDITS)
    for worker in range(WORKERS):
        expected = list(range(EDITS))
        assert [number for who, number in announced if who == worker] == expected
        assert [number for who, number, _ in blobs if who == worker] == expected
    assert all(data == b"%d:%d" % (worker, number) for worker, number, data in blobs)
    words = result["document"]["shared"].split()
    assert sorted(words) == sorted(f"{worker}:{number}" for worker in range(WORKERS) for number in range(EDITS))
    assert (watched.resyncs, watcher.client.reconnects) == (0, 0)
    assert result["longest_pause_s"] < 1, "nothing held up everybody else"
    for other in others:
        assert (other.channel(watcher.name).resyncs, other.reconnects) == (0, 0)
        await other.close()


async def test_a_client_on_threads_follows_eight_workers_too(watcher: Watcher, server: ServerProcess) -> None:
    announced: list[list[int]] = []
    with SyncClient(server.url, transports=["websocket"]) as client:
        watched = await asyncio.to_thread(client.channel(watcher.name).ready, 10)
        watched.on("edited", announced.append)
        result = await watcher.tell("work", channel=watcher.name, edits=EDITS)
        await eventually(lambda: watched.status is Status.LIVE and watched.document == result["document"])
        await eventually(lambda: len(announced) == WORKERS * EDITS)
    for worker in range(WORKERS):
        assert [number for who, number in announced if who == worker] == list(range(EDITS))
    assert (watched.resyncs, client.reconnects) == (0, 0)


async def test_a_cut_connection_is_restored_and_right_again(watcher: Watcher, server: ServerProcess) -> None:
    async with server.client() as client:
        watched = await client.channel(watcher.name).ready()
        for n in range(3):
            await client.sio.eio.disconnect(abort=True)
            await watched.wait_for(lambda: watched.status is Status.OFFLINE)
            await watcher.tell("publish", channel=watcher.name, value={"n": n})
            await shows(watched, {"n": n})
        assert client.reconnects == 3


async def test_fetch_and_revoke(watcher: Watcher, server: ServerProcess) -> None:
    async with server.client() as client:
        watched = await client.channel(watcher.name).ready()
        assert await watched.fetch("/shared") == ""
        with pytest.raises(rs.PathNotFound):
            await watched.fetch("/nowhere")
        received: list[Any] = []
        client.sio.on("*", lambda *arguments: received.append(arguments))
        assert await watcher.tell("revoke", channel=watcher.name) == 1
        await eventually(lambda: watched.status is Status.FORBIDDEN)
        assert watched.document == {"shared": ""}
        assert "not for you" not in repr(received)


async def test_subscribe_and_unsubscribe_in_one_moment_end_as_the_last_one_says(
    watcher: Watcher, server: ServerProcess
) -> None:
    answers: list[int] = []
    async with socketio.AsyncSimpleClient() as client:
        await client.connect(server.url, transports=["websocket"])
        for number in range(50):
            request = {"version": 1, "channel": watcher.name, "request": str(number), "codecs": [], "position": None}
            await client.emit("sync:subscribe", request)
            if number < 49:
                await client.emit("sync:unsubscribe", {"channel": watcher.name})
        while 49 not in answers:
            _, _, _, answer = await client.receive(timeout=10)
            answers.append(int(answer["request"]))
        assert answers == sorted(answers)
        assert (await watcher.tell("subscribers", channel=watcher.name)) == 1


async def test_many_channels_are_subscribed_to_and_left_at_once(watcher: Watcher, server: ServerProcess) -> None:
    """Clients that come and go in eight tasks: nobody's membership is lost, and nothing of them is left."""
    names = [next(NAMES) for _ in range(4)]
    for name in names:
        await watcher.tell("open", channel=name, document={"n": 0})

    async def come_and_go(worker: int) -> None:
        for number in range(4):
            async with server.client() as client:
                for name in names:
                    await client.channel(name).ready()
                if number == 3:
                    await watcher.tell("publish", channel=names[worker % 4], value=worker, at=f"/w{worker}")
                    await client.channel(names[worker % 4]).wait_for(
                        lambda: client.channel(names[worker % 4]).document.get(f"w{worker}") == worker
                    )

    await asyncio.gather(*(come_and_go(worker) for worker in range(8)))
    for name in names:
        async with asyncio.timeout(10):
            while await watcher.tell("subscribers", channel=name):
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("variety", [{"patched": False}, {"patched": True, "gevent_websocket": True}], ids=str)
async def test_gevent_without_patching_and_with_gevent_websocket(variety: dict[str, Any]) -> None:
    with ServerProcess(kind="plain", mode="gevent", **variety) as server:
        async with server.client(codecs=("msgpack",)) as client:
            watcher = Watcher(client, "c")
            await watcher.tell("open", channel="c", document={"shared": ""})
            watched = await watcher.watch()
            result = await watcher.tell("work", channel="c", edits=EDITS)
            await shows(watched, result["document"])
            assert (watched.resyncs, client.reconnects) == (0, 0)
            assert result["longest_pause_s"] < 1, "nothing blocked the hub"
