"""A threaded server stays the application's: its handlers, its request context, its CORS setting."""

import functools
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import flask
import flask_socketio
import pytest
import socketio
from engineio.async_drivers.threading import _async as threading_driver
from socketio.pubsub_manager import PubSubManager

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, WatchedChannel
from tests.servers import eventually, serving_threads

EVENTS = ["connect", "hello", "disconnect"]


class Kind:
    """A kind of server, and how applications of that kind register handlers.

    Attributes:
        extension: What is attached to.
    """

    extension: Any
    sio: socketio.Server
    app: Any

    def functions(self, calls: list[str]) -> None:
        """Register a function for each event."""

    def catch_all(self, calls: list[str]) -> None:
        """Register `*`, and functions for what it does not catch."""

    def namespace_class(self, calls: list[str]) -> None:
        """Register a class."""


class PlainNamespace(socketio.Namespace):
    def __init__(self, calls: list[str]) -> None:
        super().__init__("/")
        self.calls = calls

    def on_connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        self.calls.append("connect")

    def on_disconnect(self, sid: str, *reason: str) -> None:
        self.calls.append("disconnect")

    def on_hello(self, sid: str, data: Any) -> str:
        self.calls.append("hello")
        return "world"


class Plain(Kind):
    def __init__(self) -> None:
        self.extension = self.sio = socketio.Server(async_mode="threading")
        self.app = socketio.WSGIApp(self.sio)

    def functions(self, calls: list[str]) -> None:
        self._connections(calls)

        @self.sio.event
        def hello(sid: str, data: Any) -> str:
            calls.append("hello")
            return "world"

    def catch_all(self, calls: list[str]) -> None:
        self._connections(calls)

        @self.sio.on("*")
        def anything(event: str, sid: str, data: Any) -> str:
            calls.append(event)
            return "world"

    def namespace_class(self, calls: list[str]) -> None:
        self.sio.register_namespace(PlainNamespace(calls))

    def _connections(self, calls: list[str]) -> None:
        @self.sio.event
        def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
            calls.append("connect")

        @self.sio.event
        def disconnect(sid: str, *reason: str) -> None:
            calls.append("disconnect")


class FlaskNamespace(flask_socketio.Namespace):
    def __init__(self, calls: list[str]) -> None:
        super().__init__("/")
        self.calls = calls

    def on_connect(self, auth: Any) -> None:
        self.calls.append("connect")

    def on_disconnect(self, *reason: str) -> None:
        self.calls.append("disconnect")

    def on_hello(self, data: Any) -> str:
        self.calls.append("hello")
        return "world"


class Flask(Kind):
    def __init__(self) -> None:
        self.app = flask.Flask("app")
        self.extension = flask_socketio.SocketIO(self.app, async_mode="threading")

    @property
    def sio(self) -> socketio.Server:
        return self.extension.server

    def functions(self, calls: list[str]) -> None:
        self._connections(calls)

        @self.extension.on("hello")
        def hello(data: Any) -> str:
            calls.append("hello")
            return "world"

    def catch_all(self, calls: list[str]) -> None:
        self._connections(calls)

        @self.extension.on("*")
        def anything(event: str, data: Any) -> str:
            calls.append(event)
            return "world"

    def namespace_class(self, calls: list[str]) -> None:
        self.extension.on_namespace(FlaskNamespace(calls))

    def _connections(self, calls: list[str]) -> None:
        @self.extension.on("connect")
        def connect(auth: Any) -> None:
            calls.append("connect")

        @self.extension.on("disconnect")
        def disconnect(*reason: str) -> None:
            calls.append("disconnect")


class FlaskFactory(Flask):
    """The extension is made first, the application comes later."""

    def __init__(self) -> None:
        self.extension = flask_socketio.SocketIO(async_mode="threading")

    @property
    def app(self) -> flask.Flask:
        app = flask.Flask("app")
        self.extension.init_app(app)
        return app


KINDS = pytest.mark.parametrize("make", [Plain, Flask, FlaskFactory])


@KINDS
@pytest.mark.parametrize("attach_first", [False, True])
@pytest.mark.parametrize("use", ["functions", "catch_all", "namespace_class"])
async def test_the_applications_handlers_keep_running(make: type[Kind], use: str, attach_first: bool) -> None:
    calls: list[str] = []
    kind = make()
    if not attach_first:
        getattr(kind, use)(calls)
    hub = rs.attach(kind.extension, authorize=rs.allow_everyone)
    if attach_first:
        getattr(kind, use)(calls)
    hub.channel("c", initial={"n": 1})
    app = kind.app
    with hub, serving_threads(app, kind.sio) as url:
        async with AsyncSyncClient(url, transports=["websocket"], auth={"a": 1}) as client:
            assert (await client.channel("c").ready()).document == {"n": 1}
            assert await client.sio.call("hello", {}) == "world"
        await eventually(lambda: "disconnect" in calls)
    assert calls == EVENTS


@KINDS
async def test_a_connection_that_the_application_refuses_stays_refused(make: type[Kind]) -> None:
    kind = make()
    hub = rs.attach(kind.extension, authorize=rs.allow_everyone)
    kind.extension.on("connect")(lambda *_: False)
    app = kind.app
    with hub, serving_threads(app, kind.sio) as url:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await AsyncSyncClient(url, transports=["websocket"], auth={"a": 1}).connect()
        assert hub.sessions == 0


@KINDS
async def test_another_namespace_is_left_alone(make: type[Kind]) -> None:
    kind = make()
    hub = rs.attach(kind.extension, authorize=rs.allow_everyone, namespace="/live")
    hub.channel("c", initial={"n": 1})
    app = kind.app
    with hub, serving_threads(app, kind.sio) as url:
        async with AsyncSyncClient(url, namespace="/live", transports=["websocket"]) as client:
            assert (await client.channel("c").ready()).document == {"n": 1}
        assert "/" not in kind.sio.handlers


@KINDS
async def test_two_broadcasters_share_a_server(make: type[Kind]) -> None:
    kind = make()
    hubs = {space: rs.attach(kind.extension, authorize=rs.allow_everyone, namespace=space) for space in ("/a", "/b")}
    for namespace, hub in hubs.items():
        hub.channel("c", initial={"of": namespace})
    app = kind.app
    with hubs["/a"], hubs["/b"], serving_threads(app, kind.sio) as url:
        for namespace, hub in hubs.items():
            async with AsyncSyncClient(url, namespace=namespace, transports=["websocket"]) as client:
                assert (await client.channel("c").ready()).document == {"of": namespace}
                assert [one.sessions for one in hubs.values()] == [one is hub for one in hubs.values()]
            await eventually(lambda hub=hub: hub.sessions == 0)


@KINDS
def test_a_second_broadcaster_on_one_namespace_is_refused(make: type[Kind]) -> None:
    kind = make()
    rs.attach(kind.extension, authorize=rs.allow_everyone)
    with pytest.raises(rs.AlreadyAttached, match="another namespace"):
        rs.attach(kind.extension, authorize=rs.allow_everyone)
    rs.attach(kind.extension, authorize=rs.allow_everyone, namespace="/other")


@pytest.mark.parametrize("origins", [None, "*", ["https://example.com"]])
def test_cors_stays_what_the_application_said(origins: Any) -> None:
    sio = socketio.Server(async_mode="threading", cors_allowed_origins=origins)
    rs.attach(sio, authorize=rs.allow_everyone)
    assert sio.eio.cors_allowed_origins == origins
    extension = flask_socketio.SocketIO(async_mode="threading", cors_allowed_origins=origins)
    rs.attach(extension, authorize=rs.allow_everyone)
    extension.init_app(flask.Flask("app"))
    assert extension.server.eio.cors_allowed_origins == origins


class RecordingQueue(PubSubManager):
    """A message queue to which nobody else listens."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Any] = []
        self.ends = threading.Event()

    def _publish(self, message: Any) -> None:
        self.published.append(message)

    def _listen(self) -> Iterator[Any]:
        self.ends.wait()
        yield from ()


async def test_frames_stay_out_of_the_servers_message_queue() -> None:
    queue = RecordingQueue()
    sio = socketio.Server(async_mode="threading", client_manager=queue)
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 0})
    with hub, serving_threads(socketio.WSGIApp(sio), sio) as url:
        async with AsyncSyncClient(url, transports=["websocket"], codecs=("msgpack",)) as client:
            watched = await client.channel("c").ready()
            channel.publish({"n": 1})
            await watched.wait_for(functools.partial(shows, watched, 1))
            sio.emit("news", b"1")
    queue.ends.set()
    assert [message["event"] for message in queue.published] == ["news"], "another process has another epoch"


def test_the_typed_form_is_the_same_and_the_other_broadcaster_says_which_one_it_is() -> None:
    sio = socketio.Server(async_mode="threading")
    with pytest.raises(rs.UnsupportedServer, match="ThreadedBroadcaster"):
        rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone)
    with rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone) as hub:
        assert hub.channel("c") is hub.channel("c")


# ---- Flask ---------------------------------------------------------------------------------------------------------


async def test_authorize_runs_in_the_request_context_of_the_client_that_asks() -> None:
    asked: list[tuple[str, str, str]] = []

    def may_watch(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
        assert flask.request.sid == subscriber.sid  # type: ignore[attr-defined]
        asked.append((flask.current_app.name, flask.session["user"], action))
        return flask.request.headers["X-Tenant"] == "7"

    app = flask.Flask("app")
    app.secret_key = "signs the session"
    app.add_url_rule("/login", view_func=lambda: flask.session.update(user="ada") or "")
    extension = flask_socketio.SocketIO(async_mode="threading")
    hub = rs.attach(extension, authorize=may_watch)
    hub.channel("c", initial={"n": 1})
    extension.init_app(app)
    cookie = app.test_client().get("/login").headers["Set-Cookie"].partition(";")[0]
    with hub, serving_threads(app, extension.server) as url:
        async with AsyncSyncClient(url, headers={"X-Tenant": "7", "Cookie": cookie}) as friend:
            watched = await friend.channel("c").ready()
            assert await watched.fetch("/n") == 1
        async with AsyncSyncClient(url, headers={"X-Tenant": "8", "Cookie": cookie}) as stranger:
            with pytest.raises(rs.SubscriptionRefused, match="forbidden"):
                await stranger.channel("c").ready()
    assert asked == [("app", "ada", "subscribe"), ("app", "ada", "fetch"), ("app", "ada", "subscribe")]


def shows(watched: WatchedChannel, n: int) -> bool:
    return bool(watched.document == {"n": n})


async def test_each_application_of_a_factory_is_served() -> None:
    extension = flask_socketio.SocketIO(async_mode="threading")
    hub = rs.attach(extension, authorize=rs.allow_everyone, window_ms=5)
    channel = hub.channel("c", initial={"n": 0})
    with hub:
        for n in range(1, 3):
            app = flask.Flask("app")
            extension.init_app(app)
            with serving_threads(app, extension.server) as url:
                async with AsyncSyncClient(url, transports=["websocket"]) as client:
                    watched = await client.channel("c").ready()
                    channel.publish({"n": n})
                    await watched.wait_for(functools.partial(shows, watched, n))
                await eventually(lambda: hub.sessions == 0)


def test_what_is_published_before_there_is_a_server_waits_for_it() -> None:
    extension = flask_socketio.SocketIO(async_mode="threading")
    hub = rs.attach(extension, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 0})
    channel.publish({"n": 1})
    channel.flush()
    extension.init_app(flask.Flask("app"))
    assert channel.document == {"n": 1}
    hub.close()


def test_a_flask_test_client_can_watch() -> None:
    """Applications test with Flask-SocketIO's own client, which takes the place of the sending methods."""
    app = flask.Flask("app")
    extension = flask_socketio.SocketIO(app, async_mode="threading")
    hub = rs.attach(extension, authorize=rs.allow_everyone)
    channel = hub.channel("c", initial={"n": 1})
    client = extension.test_client(app)
    subscribe = {"version": 1, "channel": "c", "request": "1", "codecs": ["msgpack"], "position": None}
    client.emit("sync:subscribe", subscribe)
    channel.publish({"n": 2})
    hub.flush_all()
    (_, first, answer), (_, second) = (message["args"] for message in client.get_received())
    assert answer["outcome"] == "keyframe"
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    client.disconnect()
    assert hub.sessions == 0
    hub.close()


# ---- eventlet -----------------------------------------------------------------------------------------------------


@pytest.fixture
def eventlet(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-engineio believes that eventlet is installed."""
    driver = types.ModuleType("engineio.async_drivers.eventlet")
    driver._async = threading_driver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, driver.__name__, driver)


@pytest.mark.usefixtures("eventlet")
@pytest.mark.parametrize("options", [{"async_mode": "eventlet"}, {}])
def test_eventlet_is_refused_with_the_reason_and_what_to_write_instead(options: dict[str, Any]) -> None:
    sio = socketio.Server(**options)
    with pytest.raises(rs.UnsupportedServer, match='its maintainers are retiring: pass async_mode="threading"'):
        rs.attach(sio, authorize=rs.allow_everyone)
    assert sio.handlers == {}, "nothing was begun"


@pytest.mark.usefixtures("eventlet")
def test_eventlet_is_refused_as_soon_as_it_is_known() -> None:
    with pytest.raises(rs.UnsupportedServer, match="maintainers are retiring"):
        rs.attach(flask_socketio.SocketIO(async_mode="eventlet"), authorize=rs.allow_everyone)
    extension = flask_socketio.SocketIO()
    rs.attach(extension, authorize=rs.allow_everyone)
    with pytest.raises(rs.UnsupportedServer, match="maintainers are retiring"):
        extension.init_app(flask.Flask("app"))
