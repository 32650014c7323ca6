"""The asyncio client over long polling alone: what its Socket.IO client leaves unread, and how it leaves."""

import asyncio
import contextlib
import gc
import random
import warnings
from collections.abc import AsyncIterator

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, Status
from tests.client.test_async_client import SOON
from tests.servers import eventually, serving

LARGE = random.Random(1).randbytes(500_000).hex()
"""More than one read brings, also when a server compresses it."""

READ_BYTES = 2**14


class CuttingProxy:
    """Stands between client and server; cuts every connection in the middle of the next large answer, once told so.

    While `passes` is cleared, nothing gets through.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.passes = asyncio.Event()
        self.passes.set()
        self.cuts_next = False
        self.cuts = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._cut()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader_behind, writer_behind = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, writer_behind}
        await asyncio.gather(self._pass(reader, writer_behind), self._pass(reader_behind, writer, is_answer=True))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                await self.passes.wait()
                writer.write(data)
                await writer.drain()
                if is_answer and self.cuts_next and len(data) == READ_BYTES:
                    self.cuts_next = False
                    self.cuts += 1
                    self._cut()
        writer.close()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.close()


def served() -> tuple[socketio.AsyncServer, rs.AsyncBroadcaster, socketio.ASGIApp]:
    sio = socketio.AsyncServer(async_mode="asgi", ping_interval=3_600)  # else the next ping would end the waiting
    hub = rs.attach(sio, authorize=rs.allow_everyone, window_ms=5)
    hub.channel("c", initial={"n": 0})
    return sio, hub, socketio.ASGIApp(sio)


def client_of(url: str, transport: str = "polling", codec: str = "json") -> AsyncSyncClient:
    return AsyncSyncClient(url, transports=[transport], codecs=(codec,), backoff=SOON)


async def test_a_connection_that_is_cut_in_the_middle_of_an_answer_is_noticed() -> None:
    _, hub, app = served()
    async with hub, serving(app) as server:
        proxy = CuttingProxy(server.port)
        async with proxy.serving() as url, client_of(url) as client:
            watched = await client.channel("c").ready()
            proxy.cuts_next = True
            hub.channel("c").publish({"n": 1, "text": LARGE})
            await asyncio.wait_for(watched.wait_for(lambda: watched.document["n"] == 1), 10)
            assert watched.document == {"n": 1, "text": LARGE}
            assert watched.status is Status.LIVE
            assert (proxy.cuts, client.reconnects) == (1, 1)


async def test_a_hundred_messages_at_once_arrive() -> None:
    sio, hub, app = served()
    heard: list[int] = []
    sio.on("say", lambda sid, number: heard.append(number))
    async with hub, serving(app) as server, client_of(server.url) as client:
        for number in range(100):
            await client.sio.emit("say", number)
        await eventually(lambda: heard == list(range(100)))
        assert client.reconnects == 0


async def test_forty_channels_are_followed_on_one_connection() -> None:
    _, hub, app = served()
    names = [f"one of forty: {number}" for number in range(40)]
    channels = [hub.channel(name, initial={"n": 0}) for name in names]
    async with hub, serving(app) as server, client_of(server.url, codec="msgpack") as client:
        watched = [client.channel(name) for name in names]
        for one in watched:
            await asyncio.wait_for(one.ready(), 10)
        for number in range(1, 6):
            for channel in channels:
                channel.publish({"n": number})
            await hub.flush_all()
        for one in watched:
            await eventually(lambda one=one: one.document == {"n": 5})
        assert client.reconnects == 0
        assert {one.resyncs for one in watched} == {0}


async def test_leaving_is_heard_at_once() -> None:
    _, hub, app = served()
    async with hub, serving(app) as server:
        for _ in range(5):
            client = client_of(server.url)
            await client.connect()
            await client.channel("c").ready()
            await client.sio.call("check_readiness")
            await asyncio.wait_for(client.close(), 5)
            await eventually(lambda: hub.sessions == 0)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_what_was_said_last_arrives_before_the_good_bye(transport: str) -> None:
    sio, hub, app = served()
    heard: list[int] = []
    sio.on("say", lambda sid, number: heard.append(number))
    async with hub, serving(app) as server:
        client = client_of(server.url, transport)
        await client.connect()
        for number in range(50):
            await client.sio.emit("say", number)
        await client.close()
        await eventually(lambda: hub.sessions == 0)
    assert heard == list(range(50))


def tasks_of_the_client() -> list[str]:
    """Return what a Socket.IO client in this loop has under way."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("AsyncClient.", "AsyncLongPolling."))]


async def test_leaving_leaves_nothing_behind() -> None:
    _, hub, app = served()
    gc.collect()  # what others left is not ours
    async with hub, serving(app) as server:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            async with client_of(server.url) as client:
                await client.channel("c").ready()
                under_way = {"AsyncClient._write_loop", "AsyncLongPolling._ask_and_read"}
                await eventually(lambda: under_way <= {*tasks_of_the_client()})
            assert tasks_of_the_client() == []
            del client
            gc.collect()
        await eventually(lambda: hub.sessions == 0)
    assert [str(one.message) for one in told] == []


async def test_a_server_that_answers_nothing_any_more_does_not_keep_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("last_words", "long_polling"):
        monkeypatch.setattr(f"realtime_sync.client.{module}.END_S", 0.1)
    _, hub, app = served()
    async with hub, serving(app) as server:
        proxy = CuttingProxy(server.port)
        async with proxy.serving() as url:
            client = client_of(url)
            await client.connect()
            await client.channel("c").ready()
            proxy.passes.clear()
            await asyncio.wait_for(client.close(), 5)
            proxy.passes.set()
