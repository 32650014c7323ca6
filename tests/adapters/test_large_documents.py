"""Documents of megabytes over real sockets, where one message of their size would end the connection."""

import asyncio
import secrets
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient
from tests.servers import serving

MEBIBYTE = 2**20


def large_document(size: int) -> dict[str, Any]:
    """Return a document that no codec makes much shorter."""
    return {"nodes": {f"n{number}": secrets.token_urlsafe(size // 32)[: size // 32] for number in range(32)}}


@pytest.mark.parametrize("codec", ["json", "msgpack", "msgpack+zstd"])
async def test_a_keyframe_of_five_megabytes_arrives_in_parts(codec: str) -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial=large_document(5 * MEBIBYTE))
    bodies: list[Any] = []
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"], codecs=(codec,)) as client,
    ):
        dispatch = client.sio._trigger_event

        async def watch(event: str, namespace: str, *arguments: Any) -> Any:
            if event == "batch_update":
                bodies.append(arguments[1])
            return await dispatch(event, namespace, *arguments)

        client.sio._trigger_event = watch
        watched = await client.channel("c").ready()
        assert watched.document == channel.document
        assert len(bodies) == bodies[0]["count"] >= (5 if codec != "msgpack+zstd" else 4)
        assert all(len(body["data"]) <= MEBIBYTE for body in bodies)
        assert [body["index"] for body in bodies] == list(range(len(bodies)))
        channel.publish("short", at="/nodes/n0")
        await watched.wait_for(lambda: watched.document["nodes"]["n0"] == "short")
        assert client.reconnects == watched.resyncs == 0
    assert hub.get_stats().keyframes_sent == 1


async def test_five_megabytes_cannot_be_fetched_and_the_connection_stays() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial=large_document(5 * MEBIBYTE))
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"]) as client,
    ):
        watched = await client.channel("c").ready()
        with pytest.raises(
            rs.MessageTooLarge, match=r"^the value at '/nodes' .* over max_message_bytes=1048576"
        ) as told:
            await watched.fetch("/nodes")
        assert told.value.found > 4 * MEBIBYTE
        assert await watched.fetch("/nodes/n0") == watched.document["nodes"]["n0"]
        assert client.reconnects == 0


async def test_without_parts_that_keyframe_would_end_the_connection() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, limits=rs.Limits(max_message_bytes=16 * MEBIBYTE))
    hub.channel("c", initial=large_document(5 * MEBIBYTE))
    backoff = rs.Backoff(attempts=0)
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"], codecs=("msgpack",), backoff=backoff) as client,
    ):
        with pytest.raises(ConnectionError):
            await client.channel("c").ready()


@pytest.mark.parametrize("codec", ["json", "msgpack+zstd"])
async def test_twenty_joiners_at_once_cost_one_encoding(codec: str) -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, limits=rs.Limits(max_message_bytes=10_000))
    channel = hub.channel("c", initial=large_document(50_000))
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        clients = [AsyncSyncClient(server.url, transports=["websocket"], codecs=(codec,)) for _ in range(20)]
        await asyncio.gather(*(client.connect() for client in clients))
        watched = await asyncio.gather(*(client.channel("c").ready() for client in clients))
        assert all(one.document == channel.document for one in watched)
        stats = hub.get_stats()
        assert stats.encodings == 1
        assert stats.keyframes_sent == 20
        for client in clients:
            await client.close()
