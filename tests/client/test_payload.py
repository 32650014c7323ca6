"""Messages that the server would not take are not sent."""

import json

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient
from realtime_sync.client.payload import PACKET_BYTES, refuse_too_large
from realtime_sync.replication.subscription import Outgoing
from tests.servers import serving


def test_the_bound_is_the_servers_and_both_numbers_are_told() -> None:
    said = Outgoing("sync:fetch", {"channel": "c", "pointer": "/ü"})
    size = len(json.dumps(["sync:fetch", said.message], separators=(",", ":"))) + len("/live") + PACKET_BYTES
    refuse_too_large(said, "/live", size)
    with pytest.raises(rs.MessageTooLarge, match=f"takes {size} bytes, over max_payload_bytes={size - 1}") as raised:
        refuse_too_large(said, "/live", size - 1)
    assert (raised.value.found, raised.value.allowed) == (size, size - 1)


async def test_a_message_over_the_servers_bound_raises_and_the_connection_lives() -> None:
    sio = socketio.AsyncServer(async_mode="asgi", max_http_buffer_size=10_000)
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial={"n": 1})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"], max_payload_bytes=10_000) as client,
    ):
        watched = await client.channel("c").ready()
        with pytest.raises(rs.MessageTooLarge, match="over max_payload_bytes=10000"):
            await watched.fetch("/" + "x" * 10_000)
        with pytest.raises(rs.MessageTooLarge, match="sync:subscribe"):
            client.channel("c" * 10_000)
        for size in (9_000, 9_900):  # at the bound nothing is lost
            with pytest.raises(rs.PathNotFound):
                await watched.fetch("/" + "x" * size)
        assert client.reconnects == 0
        assert await watched.fetch("/n") == 1


async def test_what_the_check_lets_through_the_server_takes() -> None:
    bound = 2_000
    sio = socketio.AsyncServer(async_mode="asgi", max_http_buffer_size=bound)
    hub = rs.attach(sio, authorize=rs.allow_everyone, namespace="/live")
    hub.channel("c", initial={"n": 1})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, namespace="/live", transports=["websocket"], max_payload_bytes=bound) as client,
    ):
        watched = await client.channel("c").ready()
        longest, size = 0, bound
        while longest == 0:  # the first that is let through is the longest
            try:
                with pytest.raises(rs.PathNotFound):
                    await watched.fetch("/" + "x" * size)
                longest = size
            except rs.MessageTooLarge:
                size -= 1
        assert longest > bound - 150
        assert client.reconnects == 0
