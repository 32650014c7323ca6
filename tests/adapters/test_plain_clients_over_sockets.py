"""A plain client that does not read, over real sockets: it is let go, the others get everything."""

import asyncio
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from tests.adapters.spawned import THREADED_SERVERS, ServerProcess
from tests.adapters.stuck_client import StuckClient
from tests.servers import eventually, serving

MAX_PACKETS = 50
SIZE = 50_000
"""Of an event: the kernel holds a few megabytes of them."""


async def test_an_asyncio_server_lets_one_go_that_does_not_read_and_forgets_what_waited() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, readers=rs.ReaderLimits(max_plain_packets=MAX_PACKETS))
    channel = hub.channel("c")
    departed: list[str] = []

    async def enter(sid: str, room: str) -> None:
        await sio.enter_room(sid, room)

    async def disconnect(sid: str, *_: Any) -> None:
        departed.append(sid)

    sio.on("enter", enter)
    sio.on("disconnect", disconnect)
    numbers: list[int] = []
    async with hub, serving(socketio.ASGIApp(sio)) as server, socketio.AsyncSimpleClient() as reader:
        await reader.connect(server.url, transports=["websocket"])
        reader.client.on("flooded", lambda data: numbers.append(data[0]))
        await reader.emit("enter", "c")
        with await asyncio.to_thread(StuckClient, server.url, ("enter", "c")):
            await eventually(lambda: len(list(sio.manager.get_participants("/", "c"))) == 2)
            connections = set(sio.eio.sockets.values())
            emitted = 0
            while hub.get_stats().plain_let_go == 0:
                channel.emit("flooded", [emitted, "x" * SIZE])
                await channel.flush()
                emitted += 1
                assert emitted < 2_000, "the kernel cannot hold that much"
            assert emitted > MAX_PACKETS
            await eventually(lambda: departed)
            await eventually(lambda: len(numbers) == emitted)
            assert departed != [reader.sid]
            assert [sid for sid, _ in sio.manager.get_participants("/", "c")] == [reader.sid]
            [stuck] = [one for one in connections if one.closed]
            assert stuck.queue.qsize() <= 1, "what waited for it is forgotten"
            channel.emit("flooded", [emitted, ""])
            await channel.flush()
            await eventually(lambda: numbers == list(range(emitted + 1)))
            assert hub.get_stats().plain_let_go == 1


@pytest.mark.parametrize("options", THREADED_SERVERS.values(), ids=list(THREADED_SERVERS))
async def test_a_threaded_server_lets_one_go_that_does_not_read(options: dict[str, Any]) -> None:
    with ServerProcess(**options) as server:
        async with server.client() as client:
            numbers: list[int] = []
            client.sio.on("flooded", lambda data: numbers.append(data[0]))
            with await asyncio.to_thread(StuckClient, server.url, ("enter", "c")):
                await client.sio.emit("enter", "c")
                tell = {"do": "flood", "channel": "c", "size": SIZE}
                for _ in range(100):  # its wish to enter is on its way
                    before = await client.sio.call("control", {**tell, "events": 0})
                    if before["members"] == 2:
                        break
                assert before == {"members": 2, "let_go": 0}
                await client.sio.call("control", {**tell, "events": 1})
                after = await client.sio.call("control", {**tell, "events": 1_500}, timeout=60)
                assert after["let_go"] == 1
                after = await client.sio.call("control", {**tell, "events": 1}, timeout=60)
                assert after == {"members": 1, "let_go": 1}
                await eventually(lambda: len(numbers) == 1_502)
