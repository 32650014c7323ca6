"""The client on asyncio where plain HTTP gets through and Socket.IO does not, against uvicorn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, Backoff, Status
from tests.client.blocked import Network
from tests.servers import eventually, serving

SOON = Backoff(base_s=0.02, factor=1.0, cap_s=0.02, jitter=0.0, attempts=None)
INTERVAL_S = 0.05


class Served:
    """A server behind a network."""

    def __init__(self, hub: rs.AsyncBroadcaster, url: str) -> None:
        self.hub, self.url = hub, url

    def client(self, **options: Any) -> AsyncSyncClient:
        mine = {"transports": ["websocket"], "backoff": SOON, "poll_interval_s": INTERVAL_S}
        return AsyncSyncClient(self.url, **{"poll_url": f"{self.url}/poll", **mine, **options})


@asynccontextmanager
async def served(network: Network, documents: dict[str, Any], **options: Any) -> AsyncIterator[Served]:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, **{"authorize": rs.allow_everyone, "window_ms": 5, **options})
    for name, document in documents.items():
        hub.channel(name, initial=document)
    async with hub, serving(network.asgi(sio, hub)) as server:
        yield Served(hub, server.url)


async def test_where_no_socket_gets_through_several_channels_are_followed_by_polls() -> None:
    network = Network(sockets=False)
    async with served(network, {"a": {"n": 0}, "b": {"n": 0}}) as server, server.client() as client:
        assert (client.connected, client.polling) == (False, True)
        first, second = await client.channel("a").ready(), await client.channel("b").ready()
        beats: list[Any] = []
        first.on("beat", beats.append)
        server.hub.channel("a").publish({"n": 1})
        server.hub.channel("a").emit("beat", 1)
        server.hub.channel("b").publish({"n": 2})
        await first.wait_for(lambda: first.document == {"n": 1})
        await second.wait_for(lambda: second.document == {"n": 2})
        await eventually(lambda: beats == [1])
        assert server.hub.get_stats().subscriptions == 0
        before = network.polls
        await first.close()
        await second.close()
        await asyncio.sleep(
            4 * INTERVAL_S
        )  # a poll may be under way; after it none follows, by the only clock there is
        assert network.polls <= before + 2


async def test_polling_bridges_a_lost_connection_and_stops_when_it_is_back() -> None:
    network = Network()
    document = {"n": 0, "filling": "x" * 5_000}
    async with served(network, {"c": document}) as server, server.client() as client:
        watched = await client.channel("c").ready()
        told: list[Status] = []
        watched.subscribe(lambda: told.append(watched.status))
        assert network.polls == 0
        network.lets_sockets_through = False
        await client.sio.eio.disconnect(abort=True)
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 1
        await watched.wait_for(lambda: watched.document["n"] == 1 and watched.status is Status.LIVE)
        assert (client.connected, client.polling) == (False, True)
        assert told[0] is Status.OFFLINE, "until the first answer nothing is known"
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 2
        await watched.wait_for(lambda: watched.document["n"] == 2)
        network.lets_sockets_through = True
        await eventually(lambda: client.connected and watched.status is Status.LIVE)
        assert not client.polling
        polls = network.polls
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 3
        await watched.wait_for(lambda: watched.document["n"] == 3)
        await asyncio.sleep(4 * INTERVAL_S)  # by the only clock there is
        assert network.polls <= polls + 1
        stats = server.hub.get_stats()
        assert stats.keyframes_sent == 1, "every way resumed by position"
        assert client.reconnects == 1


async def test_what_no_poll_confirms_any_more_is_offline_until_one_does() -> None:
    network = Network(sockets=False)
    async with served(network, {"c": {"n": 0}}) as server, server.client() as client:
        watched = await client.channel("c").ready()
        network.lets_polls_through = False
        await watched.wait_for(lambda: watched.status is Status.OFFLINE)
        await eventually(lambda: watched.error is not None)
        assert "502" in str(watched.error)
        assert watched.document == {"n": 0}
        server.hub.channel("c").publish({"n": 1})
        network.lets_polls_through = True
        await watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == {"n": 1})
        assert watched.error is None


async def test_who_is_not_let_in_is_told_and_asks_no_more() -> None:
    network = Network(sockets=False)
    auths: list[Any] = []

    def may_watch(subscriber: Any, channel: str, action: str) -> bool:
        auths.append(subscriber.auth)
        return channel == "mine"

    async def auth() -> dict[str, str]:
        return {"token": "t"}

    async with (
        served(network, {"mine": {"n": 0}, "theirs": {"n": 0}}, authorize=may_watch) as server,
        server.client(auth=auth) as client,
    ):
        with pytest.raises(rs.SubscriptionRefused, match="forbidden"):
            await client.channel("theirs").ready()
        await client.channel("mine").ready()
        await eventually(lambda: network.polls > 5)
        assert auths.count({"token": "t"}) == len(auths)
        assert server.hub.get_stats().refused == 1


async def test_without_an_address_to_poll_a_server_that_is_not_there_is_told_at_once() -> None:
    async with served(Network(sockets=False), {}) as server:
        client = server.client(poll_url=None)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect()
        await client.close()


async def test_giving_up_the_connection_does_not_end_what_polls_still_bring() -> None:
    network = Network(sockets=False)
    twice = Backoff(base_s=0.01, jitter=0.0, cap_s=0.05, attempts=2)
    async with served(network, {"c": {"n": 0}}) as server, server.client(backoff=twice) as client:
        watched = await client.channel("c").ready()
        await eventually(lambda: client.gave_up is not None)
        server.hub.channel("c").publish({"n": 1})
        await watched.wait_for(lambda: watched.document == {"n": 1})
        network.lets_polls_through = False
        with pytest.raises(ConnectionError, match="gave up"):
            await watched.wait_for(lambda: False)
        polls = network.polls
        await asyncio.sleep(4 * INTERVAL_S)  # by the only clock there is
        assert network.polls == polls


async def test_a_reply_over_the_limits_is_read_no_further_and_named() -> None:
    network = Network(sockets=False)
    async with (
        served(network, {"c": {"text": "x" * 50_000}}) as server,
        server.client(limits=rs.Limits(max_decoded_bytes=1_000)) as client,
    ):
        with pytest.raises(rs.LimitExceeded, match="max_decoded_bytes"):
            await client.channel("c").ready()


async def test_closing_in_the_middle_of_a_poll_leaves_nothing() -> None:
    asked = asyncio.Event()

    async def may_watch(*_: Any) -> bool:
        asked.set()
        await asyncio.sleep(0.5)
        return True

    async with served(Network(sockets=False), {"c": {}}, authorize=may_watch) as server:
        client = server.client()
        await client.connect()
        client.channel("c")
        await asked.wait()
        await client.close()
        assert not client.polling
        await asyncio.sleep(0)
        assert all(task.done() for task in client._tasks)
