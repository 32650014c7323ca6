"""The asyncio client through everything that happens to a connection, against real servers."""

import asyncio
import signal
from typing import Any

import pytest
import socketio
from aiohttp import web

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, Backoff, Status
from realtime_sync.replication.check_schedule import DELTAS_PER_CHECK
from tests.servers import eventually, serving

SOON = Backoff(base_s=0.02, factor=1.0, cap_s=0.02, jitter=0.0, attempts=None)


def served(document: Any, **options: Any) -> tuple[socketio.AsyncServer, rs.AsyncBroadcaster, socketio.ASGIApp]:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, **{"authorize": rs.allow_everyone, "window_ms": 5, **options})
    hub.channel("c", initial=document)
    return sio, hub, socketio.ASGIApp(sio)


def client_of(url: str, **options: Any) -> AsyncSyncClient:
    return AsyncSyncClient(url, **{"transports": ["websocket"], "backoff": SOON, **options})


def status(watched: Any) -> Status:
    return Status(watched.status)


async def accepts_and_closes(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close(code=1012)
    return socket


async def answers_nothing(request: web.Request) -> web.StreamResponse:
    return web.Response(text="")


async def answers_with_an_error(request: web.Request) -> web.StreamResponse:
    return web.Response(status=502, text="bad gateway")


@pytest.mark.parametrize("proxy", [accepts_and_closes, answers_nothing, answers_with_an_error])
async def test_whatever_a_proxy_answers_while_the_server_is_away_the_client_comes_back(proxy: Any) -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server:
        client = client_of(server.url)
        await client.connect()
        watched = await client.channel("c").ready()
    await eventually(lambda: not client.connected)
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", proxy)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port, reuse_address=True).start()
    await asyncio.sleep(0.2)  # some attempts meet the proxy: there is no other clock on a real network
    await runner.cleanup()
    _, hub, app = served({"n": 1})
    async with hub, serving(app, server.port):
        await watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == {"n": 1})
        assert client.reconnects == 1
        assert client.gave_up is None
        await client.close()


async def test_a_client_that_gave_up_says_so_to_those_who_wait() -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server:
        client = client_of(server.url, backoff=Backoff(base_s=0.01, jitter=0.0, cap_s=0.01, attempts=2))
        await client.connect()
        watched = await client.channel("c").ready()
    with pytest.raises(ConnectionError, match="gave up"):
        await watched.ready()
    assert client.gave_up is not None
    assert watched.document == {"n": 0}
    await client.close()


async def test_closing_while_reconnecting_leaves_no_connection() -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server:
        client = client_of(server.url)
        await client.connect()
    await eventually(lambda: not client.connected)
    sio, hub, app = served({"n": 1})
    async with hub, serving(app, server.port):
        await client.close()
        await asyncio.sleep(0.1)
        assert not client.connected
        assert not sio.manager.rooms


async def test_a_channel_that_was_closed_by_the_client_is_not_live() -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server, client_of(server.url) as client:
        watched = await client.channel("c").ready()
        await watched.close()
        assert status(watched) is Status.OFFLINE
        assert watched.document == {"n": 0}
        await eventually(lambda: hub.get_stats().subscriptions == 0)
        with pytest.raises(rs.ChannelClosed, match="by this client"):
            await watched.ready()
        again = await client.channel("c").ready()
        assert again is not watched


async def test_waiting_for_a_deleted_channel_ends_with_the_reason() -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server, client_of(server.url) as client:
        watched = await client.channel("c").ready()
        await hub.channel("c").delete("archived")
        with pytest.raises(rs.ChannelClosed, match="archived"):
            await watched.wait_for(lambda: watched.document == {"n": 1})
        assert status(watched) is Status.CLOSED


async def test_a_fetch_without_an_answer_is_a_timeout_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_sync.client.async_client.FETCH_TIMEOUT_S", 0.1)
    sio, hub, app = served({"n": 0})

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    async with hub, serving(app) as server, client_of(server.url) as client:
        watched = await client.channel("c").ready()
        sio.on("sync:fetch", never)
        with pytest.raises(TimeoutError, match="sync:fetch"):
            await watched.fetch("/n")


async def test_a_server_that_takes_its_time_to_let_in_is_waited_for() -> None:
    sio, hub, app = served({"n": 0})

    async def connect(sid: str, environ: Any) -> None:
        await asyncio.sleep(1.1)  # longer than python-socketio's own patience

    sio.on("connect", connect)
    async with hub, serving(app) as server, client_of(server.url) as client:
        assert (await client.channel("c").ready()).document == {"n": 0}


async def test_the_interrupt_key_stays_the_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engineio.async_client.async_signal_handler_set", False)
    _, hub, app = served({"n": 0})
    loop = asyncio.get_running_loop()
    async with hub, serving(app) as server:
        before = signal.getsignal(signal.SIGINT)
        async with client_of(server.url):
            assert signal.getsignal(signal.SIGINT) == before
            assert not loop.remove_signal_handler(signal.SIGINT)


async def test_a_channel_is_closed_as_often_as_it_was_asked_for() -> None:
    _, hub, app = served({"n": 0})
    async with hub, serving(app) as server, client_of(server.url) as client:
        first, second = client.channel("c"), client.channel("c")
        assert first is second
        await first.ready()
        await first.close()
        hub.channel("c").publish({"n": 1})
        await second.wait_for(lambda: second.document == {"n": 1})
        await second.close()
        await eventually(lambda: hub.get_stats().subscriptions == 0)


async def test_a_document_over_the_clients_limits_is_named_to_who_waits_for_it() -> None:
    _, hub, app = served({"text": "x" * 2_000})
    limits = rs.Limits(max_decoded_bytes=1_000)
    async with hub, serving(app) as server, client_of(server.url, limits=limits) as client:
        with pytest.raises(rs.LimitExceeded, match="max_decoded_bytes=1000"):
            await client.channel("c").ready()


async def test_a_document_over_the_servers_limits_is_not_sent_and_named_on_both_sides(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, hub, app = served({"text": "x" * 2_000}, limits=rs.Limits(max_decoded_bytes=1_000))
    async with hub, serving(app) as server, client_of(server.url) as client:
        watched = client.channel("c")
        await eventually(lambda: watched.error is not None)
        assert "unavailable" in str(watched.error)
        for told in (str(watched.error), caplog.text):
            assert "takes 2" in told
            assert "max_decoded_bytes=1000" in told
        hub.channel("c").publish({"text": "short"})
        await client.sio.eio.disconnect(
            abort=True
        )  # it would ask again in a few seconds; on a new connection it does now
        await watched.ready()
        assert watched.document == {"text": "short"}
        assert watched.error is None


async def test_a_document_that_went_wrong_behind_our_back_is_found_told_and_fetched_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, hub, app = served({"steps": 0, "settled": {"a": [1, 2, 3]}})
    async with hub, serving(app) as server:
        client = client_of(server.url)
        await client.connect()
        watched = await client.channel("c").ready()
        channel = hub.channel("c")
        for mismatches in (1, 2):
            held: Any = watched.subscription.replica.document
            held["settled"]["a"][1] = "wrong"
            for _ in range(DELTAS_PER_CHECK):
                with channel.edit() as doc:
                    doc["steps"] += 1
                await channel.flush()
            await eventually(lambda expected=mismatches: watched.checksum_mismatches == expected)
            await watched.wait_for(lambda: watched.status is Status.LIVE and watched.position == channel.position)
            assert watched.document == channel.document
        await client.close()
    assert watched.checksum_mismatches == 2
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1, "the second one would say the same"
    assert "channel 'c'" in warnings[0].message


async def test_a_listener_that_had_not_begun_when_the_client_closed_is_cancelled_without_a_word() -> None:
    heard: list[str] = []

    async def listen() -> None:
        heard.append("changed")

    sio = socketio.AsyncServer(async_mode="asgi")
    async with (
        rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone) as hub,
        serving(socketio.ASGIApp(sio)) as server,
    ):
        hub.channel("c", initial={})
        async with AsyncSyncClient(server.url, transports=["websocket"]) as client:
            await client.channel("c").ready()
            client.run(listen)
            task = next(iter(client._tasks))
        assert task.cancelled()
    assert heard == []  # a coroutine that nobody awaited would be a warning, and so a failure
