"""The adapter on a real python-socketio server under uvicorn, with real clients over real sockets."""

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

import realtime_sync as rs
from realtime_sync.adapters.python_socketio import AsyncSocketIOTransport
from realtime_sync.client import AsyncSyncClient, Status, WatchedChannel
from tests.servers import RunningServer, eventually, serving

GRAPH = {"nodes": {"n1": {"status": "RUNNING", "text": "Hello"}}}


class Rig:
    """A server with a broadcaster."""

    def __init__(self, server: RunningServer, sio: socketio.AsyncServer, hub: rs.AsyncBroadcaster) -> None:
        self.server, self.sio, self.hub = server, sio, hub

    def client(self, **options: Any) -> AsyncSyncClient:
        return AsyncSyncClient(self.server.url, **{"transports": ["websocket"], **options})


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, window_ms=5)
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        yield Rig(server, sio, hub)


async def test_a_document_crosses_a_real_socket_in_three_codecs_with_one_encoding_each(rig: Rig) -> None:
    channel = rig.hub.channel("project_42", initial=GRAPH)
    codecs = ("json", "msgpack+zstd", "json+gzip")
    clients = [rig.client(codecs=(codec,)) for codec in codecs]
    for client in clients:
        await client.connect()
    watched = [await client.channel("project_42").ready() for client in clients]
    before = rig.hub.get_stats()
    for number in range(20):
        with channel.edit() as doc:
            doc["nodes"]["n1"]["text"] += f" {number}"
            doc["nodes"][f"m{number}"] = {"status": "NEW"}
        await channel.flush()
    await eventually(lambda: all(one.position == channel.position for one in watched))
    for one in watched:
        assert one.document == channel.document
        assert one.status is Status.LIVE
        assert one.resyncs == 0
    after = rig.hub.get_stats()
    assert after.frames - before.frames == 20
    assert after.encodings - before.encodings == 3 * 20
    for client in clients:
        await client.close()


async def test_polling_transport_works_as_well() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 0})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["polling"], codecs=("msgpack",)) as client,
    ):
        watched = await client.channel("c").ready()
        channel.publish({"n": 1})
        await live(watched, {"n": 1})
    gc.collect()


async def test_a_room_of_both_transports_gets_the_same_bytes() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 0})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"], codecs=("msgpack",)) as first,
        AsyncSyncClient(server.url, transports=["polling"], codecs=("msgpack",)) as second,
        AsyncSyncClient(server.url, transports=["websocket"], codecs=("msgpack",)) as third,
    ):
        clients = (first, second, third)
        watched = [await client.channel("c").ready() for client in clients]
        for n in range(1, 4):
            channel.publish({"n": n})
            for one in watched:
                await live(one, {"n": n})
        assert [client.reconnects for client in clients] == [0, 0, 0]
    gc.collect()


class RecordingQueue(AsyncPubSubManager):
    """A message queue to which nobody else listens."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Any] = []

    async def _publish(self, message: Any) -> None:
        self.published.append(message)

    async def _listen(self) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield


async def test_frames_stay_out_of_the_servers_message_queue() -> None:
    queue = RecordingQueue()
    sio = socketio.AsyncServer(async_mode="asgi", client_manager=queue)
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 0})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"]) as client,
    ):
        watched = await client.channel("c").ready()
        channel.publish({"n": 1})
        await live(watched, {"n": 1})
        await sio.emit("news", {})
        assert [message["event"] for message in queue.published] == ["news"], "another process has another epoch"


async def test_events_listeners_and_fetch(rig: Rig) -> None:
    channel = rig.hub.channel("c", initial=GRAPH)
    async with rig.client() as client:
        watched = await client.channel("c").ready()
        seen: list[tuple[str, Any]] = []
        watched.subscribe(lambda: seen.append(("document", watched.document["nodes"]["n1"]["status"])))
        off = watched.on("task_update", lambda data: seen.append(("event", data)))
        with channel.edit() as doc:
            doc["nodes"]["n1"]["status"] = "DONE"
        channel.emit("task_update", {"task_id": "n1"})
        await eventually(lambda: len(seen) == 2)
        assert seen == [("document", "DONE"), ("event", {"task_id": "n1"})], "the state first, then its events"
        off()
        channel.emit("task_update", {"task_id": "n2"})
        await eventually(lambda: len(seen) == 3)
        assert seen[2] == ("document", "DONE")
        assert await watched.fetch("/nodes/n1/text") == "Hello"
        with pytest.raises(rs.PathNotFound, match="/nodes/n9"):
            await watched.fetch("/nodes/n9")


async def test_a_listener_that_fails_stops_nobody_else(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    channel = rig.hub.channel("c", initial={"n": 0})
    async with rig.client() as client:
        watched = await client.channel("c").ready()

        async def fails() -> None:
            raise RuntimeError("mine")

        watched.subscribe(lambda: 1 / 0)
        watched.subscribe(fails)
        channel.publish({"n": 1})
        await watched.wait_for(lambda: watched.document == {"n": 1})
        await eventually(lambda: caplog.text.count("a listener failed") == 2)


async def test_a_subscriber_before_the_first_publish_waits(rig: Rig) -> None:
    async with rig.client() as client:
        watched = client.channel("later")
        await watched.wait_for(lambda: watched.status is Status.WAITING)
        rig.hub.channel("later").publish({"n": 1})
        await watched.ready()
        assert watched.document == {"n": 1}


async def test_a_refusal_reaches_the_application_and_no_byte_of_the_channel_does() -> None:
    def deny(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
        if channel == "raises":
            raise RuntimeError("the database is away")
        return bool(subscriber.auth == {"token": "good"} and subscriber.environ["HTTP_X_TENANT"] == "7")

    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=deny)
    received: list[Any] = []
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        for name in ("secret", "raises"):
            hub.channel(name, initial={"canary": "7f3a"})
        stranger = AsyncSyncClient(server.url, auth={"token": "bad"}, headers={"X-Tenant": "7"})
        stranger.sio.on("*", lambda *arguments: received.append(arguments))
        async with stranger:
            for name in ("secret", "raises"):
                with pytest.raises(rs.SubscriptionRefused, match="forbidden"):
                    await stranger.channel(name).ready()
                assert stranger.channel(name).status is Status.FORBIDDEN
            hub.channel("secret").publish({"canary": "7f3a again"})
            await hub.flush_all()
        async with AsyncSyncClient(server.url, auth={"token": "good"}, headers={"X-Tenant": "7"}) as friend:
            assert (await friend.channel("secret").ready()).document == {"canary": "7f3a again"}
    assert "7f3a" not in repr(received)


async def live(watched: WatchedChannel, document: Any) -> None:
    """Return when `document` stands there, live."""
    await watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == document)


async def test_a_cut_connection_is_restored_and_right_again(rig: Rig) -> None:
    ballast = secrets.token_hex(1_000)  # random, or it would compress to less than a patch
    channel = rig.hub.channel("c", initial={"n": 0, "ballast": ballast})
    backoff = rs.Backoff(base_s=0.01, jitter=0.0)
    async with rig.client(backoff=backoff) as client:
        watched = await client.channel("c").ready()
        for n in range(1, 4):
            await client.sio.eio.disconnect(abort=True)
            await watched.wait_for(lambda: watched.status is Status.OFFLINE)
            channel.publish(n, at="/n")
            await channel.flush()
            await live(watched, {"n": n, "ballast": ballast})
    stats = rig.hub.get_stats()
    assert stats.keyframes_sent == 1
    assert stats.patches_sent == 3, "what was missed came as a patch"
    assert client.reconnects == 3


async def test_a_server_that_is_restarted_without_a_log_is_a_new_epoch() -> None:
    def life(number: int) -> tuple[rs.AsyncBroadcaster, socketio.ASGIApp]:
        sio = socketio.AsyncServer(async_mode="asgi")
        hub = rs.attach(sio, authorize=rs.allow_everyone)
        hub.channel("c", initial={"life": number})
        return hub, socketio.ASGIApp(sio)

    hub, app = life(1)
    async with hub, serving(app) as server:
        backoff = rs.Backoff(base_s=0.02, jitter=0.0, attempts=None)
        client = AsyncSyncClient(server.url, backoff=backoff, transports=["websocket"])
        await client.connect()
        watched = client.channel("c")
        await live(watched, {"life": 1})
    await watched.wait_for(lambda: watched.status is Status.OFFLINE)
    assert watched.document == {"life": 1}, "the last document stays readable"
    hub, app = life(2)
    async with hub, serving(app, server.port):
        await live(watched, {"life": 2})
        assert watched.position == hub.channel("c").position
        await client.close()


async def test_a_departed_client_leaves_nothing_behind() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    transport = AsyncSocketIOTransport(sio)
    hub = rs.AsyncBroadcaster(transport, authorize=rs.allow_everyone)
    hub.channel("c", initial={"n": 0})
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        for _ in range(3):
            async with AsyncSyncClient(server.url, auth={"token": "x"}, transports=["websocket"]) as client:
                await client.channel("c").ready()
                assert hub.get_stats().subscriptions == 1
                assert transport.remembered == 1
            await eventually(lambda: hub.get_stats().subscriptions == 0)
        assert hub.sessions == 0
        await eventually(lambda: not sio.manager.rooms)
        assert transport.remembered == 0


async def test_garbage_from_the_server_is_one_error_and_a_resync(rig: Rig) -> None:
    channel = rig.hub.channel("c", initial={"n": 0})
    async with rig.client() as client:
        watched = await client.channel("c").ready()
        errors: list[Exception | None] = []
        watched.subscribe(lambda: errors.append(watched.error))
        await rig.sio.emit("batch_update", ("c", b"\xff garbage"))
        await eventually(lambda: watched.resyncs == 1)
        await watched.ready()
        assert isinstance(errors[0], rs.DecodeError)
        assert watched.error is None, "it is over"
        channel.publish({"n": 1})
        await watched.wait_for(lambda: watched.document == {"n": 1})


async def test_garbage_from_a_client_disturbs_nobody(rig: Rig) -> None:
    channel = rig.hub.channel("c", initial={"n": 0})
    async with rig.client() as good, rig.client() as bad:
        watched = await good.channel("c").ready()
        for event in ("sync:subscribe", "sync:resync", "sync:unsubscribe", "sync:fetch"):
            messages: list[Any] = [None, 7, "x", [], {}, b"\x00", {"channel": 1}, {"channel": "c", "codecs": [[]]}]
            for message in messages:
                await bad.sio.emit(event, message)
            await bad.sio.emit(event)
        channel.publish({"n": 1})
        await watched.wait_for(lambda: watched.document == {"n": 1})
        await eventually(lambda: rig.hub.get_stats().invalid_messages > 0)


async def test_revoke_ends_a_subscription_of_a_real_client(rig: Rig) -> None:
    channel = rig.hub.channel("c", initial={"n": 0})
    async with rig.client() as client:
        watched = await client.channel("c").ready()
        assert rig.hub.revoke(sid=client.sio.get_sid()) == 1
        channel.publish({"n": 1})
        await channel.flush()
        await eventually(lambda: watched.status is Status.FORBIDDEN)
        assert watched.document == {"n": 0}


# ---- the application's own handlers ----------------------------------------------------------------------------------


class AppNamespace(socketio.AsyncNamespace):
    """An application that uses class-based handlers."""

    def __init__(self, calls: list[str]) -> None:
        super().__init__("/")
        self.calls = calls

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        self.calls.append("connect")

    async def on_disconnect(self, sid: str, *reason: str) -> None:
        self.calls.append("disconnect")

    async def on_hello(self, sid: str, data: Any) -> str:
        self.calls.append("hello")
        return "world"


def use_functions(sio: socketio.AsyncServer, calls: list[str]) -> None:
    @sio.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        calls.append("connect")

    @sio.event
    async def disconnect(sid: str, *reason: str) -> None:
        calls.append("disconnect")

    @sio.event
    async def hello(sid: str, data: Any) -> str:
        calls.append("hello")
        return "world"


def use_catch_all(sio: socketio.AsyncServer, calls: list[str]) -> None:
    use_functions(sio, calls)
    del sio.handlers["/"]["hello"]

    @sio.on("*")
    async def anything(event: str, sid: str, data: Any) -> str:
        calls.append(event)
        return "world"


def use_class(sio: socketio.AsyncServer, calls: list[str]) -> None:
    sio.register_namespace(AppNamespace(calls))


@pytest.mark.parametrize("attach_first", [False, True])
@pytest.mark.parametrize("use", [use_functions, use_catch_all, use_class])
async def test_the_applications_handlers_keep_running(use: Callable[..., None], attach_first: bool) -> None:
    calls: list[str] = []
    sio = socketio.AsyncServer(async_mode="asgi")
    if not attach_first:
        use(sio, calls)
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    if attach_first:
        use(sio, calls)
    hub.channel("c", initial={"n": 1})
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        async with AsyncSyncClient(server.url, transports=["websocket"], auth={"a": 1}) as client:
            assert (await client.channel("c").ready()).document == {"n": 1}
            assert await client.sio.call("hello", {}) == "world"
        await eventually(lambda: "disconnect" in calls)
    assert calls == ["connect", "hello", "disconnect"]


async def test_a_connection_that_the_application_refuses_stays_refused_and_is_forgotten() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    transport = AsyncSocketIOTransport(sio)
    hub = rs.AsyncBroadcaster(transport, authorize=rs.allow_everyone)

    @sio.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool:
        if auth == {"raise": True}:
            raise socketio.exceptions.ConnectionRefusedError("no")
        return False

    async with hub, serving(socketio.ASGIApp(sio)) as server:
        for auth in ({"raise": True}, {"raise": False}):
            with pytest.raises(socketio.exceptions.ConnectionError):
                await AsyncSyncClient(server.url, auth=auth, transports=["websocket"]).connect()
    assert transport.remembered == 0


async def test_what_a_client_asked_for_while_it_was_being_refused_is_forgotten() -> None:
    sio = socketio.AsyncServer(async_mode="asgi", always_connect=True)  # it may send before `connect` has said no
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial={"n": 1})
    subscriptions: list[int] = []

    @sio.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool:
        subscribe = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}
        await sio.handlers["/"]["sync:subscribe"](sid, subscribe)
        subscriptions.append(hub.get_stats().subscriptions)
        return False

    async with hub, serving(socketio.ASGIApp(sio)) as server:
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(server.url, transports=["websocket"])
        await eventually(lambda: not client.connected)
        assert subscriptions == [1]
        assert (hub.sessions, hub.get_stats().subscriptions) == (0, 0)


async def test_another_namespace_is_left_alone(rig: Rig) -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, namespace="/live")
    hub.channel("c", initial={"n": 1})
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, namespace="/live", transports=["websocket"]) as client,
    ):
        assert (await client.channel("c").ready()).document == {"n": 1}
    assert "/" not in sio.handlers


async def test_cors_is_never_widened() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    before = sio.eio.cors_allowed_origins
    rs.attach(sio, authorize=rs.allow_everyone)
    assert sio.eio.cors_allowed_origins == before
    assert before != "*"


def test_a_server_that_is_not_known_is_refused_with_the_ones_that_are() -> None:
    with pytest.raises(rs.UnsupportedServer, match=r"socketio\.AsyncServer"):
        rs.attach(object(), authorize=rs.allow_everyone)


def test_authorize_has_no_default_and_the_error_says_what_to_write() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    with pytest.raises(TypeError, match="authorize"):
        rs.attach(sio)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="allow_everyone"):
        rs.attach(sio, authorize=None)  # type: ignore[arg-type]


async def test_the_typed_form_is_the_same() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    async with rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone, window_ms=1) as hub:
        assert hub.channel("c") is hub.channel("c")


async def test_close_while_clients_watch_lets_them_reconnect_to_the_next_life(rig: Rig) -> None:
    channel = rig.hub.channel("c", initial={"n": 0})
    async with rig.client() as client:
        watched = await client.channel("c").ready()
        channel.publish({"n": 1})
        await rig.hub.close()
        await watched.wait_for(lambda: watched.document == {"n": 1})
        with pytest.raises(rs.ChannelClosed):
            channel.publish({"n": 2})
        await asyncio.sleep(0)


def test_a_second_broadcaster_on_one_namespace_is_refused_instead_of_silencing_the_first() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    rs.attach(sio, authorize=rs.allow_everyone)
    with pytest.raises(rs.AlreadyAttached, match="another namespace"):
        rs.attach(sio, authorize=rs.allow_everyone)
    rs.attach(sio, authorize=rs.allow_everyone, namespace="/other")
