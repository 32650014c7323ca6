"""Dictionaries over real sockets: made while clients watch, brought to those who come later, kept over a cut."""

from typing import Any

import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, Backoff, Status
from realtime_sync.wire.training import ENOUGH_SAMPLES, TRIAL_DELTAS
from tests.servers import eventually, serving

TRAINED = ENOUGH_SAMPLES + TRIAL_DELTAS
"""Deltas after which there is a dictionary."""

SOON = Backoff(base_s=0.02, factor=1.0, cap_s=0.02, jitter=0.0, attempts=None)


async def write(channel: Any, deltas: int) -> None:
    """Make and flush so many deltas, as an agent server would."""
    for _ in range(deltas):
        with channel.edit() as doc:
            step = doc["step"] = doc["step"] + 1
            node = doc["all_nodes"][f"node_{step % 5}"]
            node["full_result"] += f" token {step * 7919 % 104729}"
            node["status"] = ("RUNNING", "DONE")[step % 2]
        await channel.flush()


async def test_a_channel_over_real_sockets_learns_and_everybody_follows() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    nodes = {f"node_{number}": {"status": "NEW", "full_result": ""} for number in range(5)}
    channel = hub.channel("c", initial={"all_nodes": nodes, "step": 0})
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        codecs = [("json+zstd+dictionary",), ("msgpack+deflate+dictionary",), ("json",)]
        clients = [
            AsyncSyncClient(server.url, transports=["websocket"], codecs=names, backoff=SOON) for names in codecs
        ]
        for client in clients:
            await client.connect()
        watched = [await client.channel("c").ready() for client in clients]
        await write(channel, TRAINED + 10)
        stats = hub.get_stats()
        assert stats.dictionary_bytes > 0
        late = AsyncSyncClient(server.url, transports=["websocket"], backoff=SOON)
        await late.connect()
        watched.append(await late.channel("c").ready())
        assert hub.get_stats().dictionary_bytes > stats.dictionary_bytes
        await eventually(lambda: all(one.position == channel.position for one in watched))

        brought = hub.get_stats().dictionary_bytes
        await clients[0].sio.eio.disconnect(abort=True)
        await write(channel, 5)
        await watched[0].wait_for(lambda: watched[0].status is Status.LIVE and watched[0].position == channel.position)
        assert hub.get_stats().dictionary_bytes == brought, "it holds what it was brought before"

        await write(channel, 5)
        await eventually(lambda: all(one.position == channel.position for one in watched))
        assert all(one.document == channel.document for one in watched)
        assert all(one.resyncs == 0 for one in watched)
        for client in (*clients, late):
            await client.close()
