"""The client on threads through everything that happens to a connection, against a real threaded server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
import flask_socketio
import pytest
import socketio
import websocket

import realtime_sync as rs
from realtime_sync.client import Backoff, Status, SyncClient
from tests.servers import serving_threads

SOON = Backoff(base_s=0.02, factor=1.0, cap_s=0.02, jitter=0.0, attempts=None)


class Hasty(websocket.WebSocket):
    """Werkzeug does not hang up after the closing handshake; nobody should wait 3 seconds for it."""

    def close(self, *arguments: Any, **options: Any) -> None:
        super().close(*arguments, **{**options, "timeout": 0.1})


class Served:
    """A Flask server with a broadcaster."""

    def __init__(self, url: str, sio: flask_socketio.SocketIO, hub: rs.ThreadedBroadcaster) -> None:
        self.url, self.sio, self.hub = url, sio, hub

    def cut(self) -> None:
        """Cut every connection, as a proxy that restarts would."""
        for connection in list(self.sio.server.eio.sockets.values()):
            connection.close(wait=False, abort=True)


@contextmanager
def served(documents: dict[str, Any], port: int = 0, **options: Any) -> Iterator[Served]:
    app = flask.Flask(__name__)
    sio = flask_socketio.SocketIO(app, async_mode="threading")
    with rs.ThreadedBroadcaster.on(sio, **{"authorize": rs.allow_everyone, "window_ms": 5, **options}) as hub:
        for name, document in documents.items():
            hub.channel(name, initial=document)
        with serving_threads(app, sio.server, port) as url:
            yield Served(url, sio, hub)


def hasty_sio() -> socketio.Client:
    return socketio.Client(
        reconnection=False, handle_sigint=False, websocket_extra_options={"class_": Hasty, "enable_multithread": True}
    )


def client_of(url: str, **options: Any) -> SyncClient:
    return SyncClient(url, **{"transports": ["websocket"], "backoff": SOON, "sio": hasty_sio(), **options})


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Return when `condition()` holds: what crosses a real network has no other clock."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_it_follows_several_channels_over_one_connection() -> None:
    with served({"a": {"n": 0}, "b": {"n": 0}}) as server, client_of(server.url) as client:
        first, second = client.channel("a").ready(10), client.channel("b").ready(10)
        with server.hub.channel("a").edit() as doc:
            doc["n"] = 1
        server.hub.channel("b").publish({"n": 2})
        first.wait_for(lambda: first.document == {"n": 1}, 10)
        second.wait_for(lambda: second.document == {"n": 2}, 10)
        assert len(server.sio.server.eio.sockets) == 1
        assert first.fetch("/n") == 1
        with pytest.raises(rs.PathNotFound):
            first.fetch("/m")
        assert client.latency_ms is not None
        assert 0 < client.latency_ms < 10_000


def test_frames_and_events_are_taken_in_the_order_in_which_they_were_sent() -> None:
    with served({"c": {"n": 0}}) as server, client_of(server.url) as client:
        watched = client.channel("c").ready(10)
        beats: list[tuple[int, int]] = []
        watched.on("beat", lambda data: beats.append((data, watched.document["n"])))
        channel = server.hub.channel("c")
        for number in range(1, 201):
            with channel.edit() as doc:
                doc["n"] = number
            channel.emit("beat", number)
            channel.flush()  # one frame each, as fast as the server can, and fewer than park a reader
        watched.wait_for(lambda: watched.document == {"n": 200}, 20)
        eventually(lambda: len(beats) == 200)
        assert [beat for beat, _ in beats] == list(range(1, 201))
        assert all(seen >= beat for beat, seen in beats), "no event is seen with an older document"
        assert (watched.resyncs, watched.gaps, client.gaps, watched.dropped_events) == (0, 0, 0, 0)


def test_after_a_cut_it_comes_back_and_resumes_by_position() -> None:
    with served({"c": {"n": 0, "filling": "x" * 5_000}}) as server, client_of(server.url) as client:
        watched = client.channel("c").ready(10)
        told: list[Status] = []
        watched.subscribe(lambda: told.append(watched.status))
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 1
        watched.wait_for(lambda: watched.document["n"] == 1, 10)
        keyframes = server.hub.get_stats().keyframes_sent
        server.cut()
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 2
        watched.wait_for(lambda: watched.status is Status.LIVE and watched.document["n"] == 2, 10)
        assert client.reconnects == 1
        assert Status.OFFLINE in told
        assert server.hub.get_stats().keyframes_sent == keyframes, "it named its position, and needed no whole document"


def test_a_server_that_restarts_is_followed_into_its_new_epoch() -> None:
    with served({"c": {"n": 0}}) as server:
        client = client_of(server.url)
        client.connect()
        watched = client.channel("c").ready(10)
        port = int(server.url.rpartition(":")[2])
    assert watched.document == {"n": 0}
    with served({"c": {"n": 1}}, port):
        watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == {"n": 1}, 20)
        client.close()


def test_a_client_that_gave_up_says_so_to_those_who_wait() -> None:
    with served({"c": {"n": 0}}) as server:
        client = client_of(server.url, backoff=Backoff(base_s=0.01, jitter=0.0, cap_s=0.01, attempts=2))
        client.connect()
        watched = client.channel("c").ready(10)
    eventually(lambda: watched.status is Status.OFFLINE)
    with pytest.raises(ConnectionError, match="gave up"):
        watched.ready(20)
    assert client.gave_up is not None
    assert watched.document == {"n": 0}
    client.close()


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with served({}) as server:
        url = server.url
    client = client_of(url)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect()
    client.close()


def test_waiting_has_an_end() -> None:
    with (
        served({}) as server,
        client_of(server.url) as client,
        pytest.raises(TimeoutError, match=r"still (empty|waiting) after 0.05 s"),
    ):
        client.channel("c").ready(0.05)


def test_a_refusal_is_raised_where_one_waits() -> None:
    with (
        served({"c": {"n": 0}}, authorize=lambda *_: False) as server,
        client_of(server.url) as client,
        pytest.raises(rs.SubscriptionRefused, match="forbidden"),
    ):
        client.channel("c").ready(10)


def test_a_channel_is_closed_as_often_as_it_was_asked_for() -> None:
    with served({"c": {"n": 0}}) as server, client_of(server.url) as client:
        first, second = client.channel("c"), client.channel("c")
        assert first is second
        first.ready(10)
        first.close()
        server.hub.channel("c").publish({"n": 1})
        second.wait_for(lambda: second.document == {"n": 1}, 10)
        second.close()
        eventually(lambda: server.hub.get_stats().subscriptions == 0)
        assert second.status is Status.OFFLINE
        with pytest.raises(rs.ChannelClosed, match="by this client"):
            second.ready(10)
        assert client.channel("c").ready(10) is not second


def test_no_thread_is_left_behind() -> None:
    with served({"c": {"n": 0}}) as server:
        before = set(threading.enumerate())
        with client_of(server.url) as client:
            client.channel("c").ready(10)
            server.cut()
            eventually(lambda: client.reconnects == 1)
            client.channel("c").ready(10)
        ours = [thread for thread in set(threading.enumerate()) - before if thread.name == "realtime_sync client"]
        assert ours == []


def test_leaving_in_the_middle_of_a_request_of_long_polling_is_heard_at_once() -> None:
    sio = socketio.Server(async_mode="threading", ping_interval=3_600)  # else the next ping would end the waiting
    with (
        rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone) as hub,
        serving_threads(socketio.WSGIApp(sio), sio) as url,
    ):
        hub.channel("c", initial={})
        for _ in range(5):
            client = SyncClient(url, transports=["polling"])
            client.connect()
            client.channel("c").ready(timeout_s=10)
            client.sio.call("check_readiness")  # its answer is often here before the server took the question from us
            leaving = threading.Thread(target=client.close, daemon=True)
            leaving.start()
            leaving.join(10)
            assert not leaving.is_alive()
            eventually(lambda: hub.sessions == 0)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_what_is_said_arrives_however_much_also_before_the_good_bye(transport: str) -> None:
    count = 50
    sio = socketio.Server(async_mode="threading", ping_interval=3_600)
    heard: list[tuple[str, int]] = []
    sio.on("say", lambda sid, what, number: heard.append((what, number)))
    with (
        rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone) as hub,
        serving_threads(socketio.WSGIApp(sio), sio) as url,
    ):
        client = SyncClient(url, transports=[transport])
        client.connect()
        for number in range(count):
            client.sio.emit("say", ("first", number))
        eventually(lambda: len(heard) == count)
        for number in range(count):
            client.sio.emit("say", ("last", number))
        client.close()
        eventually(lambda: hub.sessions == 0)
        eventually(lambda: len(heard) == 2 * count)
    assert sorted(heard) == sorted((what, number) for what in ("first", "last") for number in range(count))


def test_forty_channels_are_followed_over_long_polling() -> None:
    names = [f"one of forty: {number}" for number in range(40)]
    with (
        served({name: {"n": 0} for name in names}) as server,
        client_of(server.url, transports=["polling"]) as client,
    ):
        watched = [client.channel(name) for name in names]
        for one in watched:
            one.ready(10)
        for number in range(1, 6):
            for name in names:
                server.hub.channel(name).publish({"n": number})
            server.hub.flush_all()
        for one in watched:
            one.wait_for(lambda one=one: one.document == {"n": 5}, 10)  # type: ignore[misc]
        assert client.reconnects == 0
        assert {one.resyncs for one in watched} == {0}


def test_a_listener_that_would_wait_for_ever_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with served({"c": {"n": 0}}) as server, client_of(server.url) as client:
        watched = client.channel("c").ready(10)
        watched.on("fetch", lambda data: watched.fetch("/n"))
        watched.on("wait", lambda data: watched.wait_for(lambda: False))
        server.hub.channel("c").emit("fetch", None)
        server.hub.channel("c").emit("wait", None)
        server.hub.channel("c").publish({"n": 1})
        watched.wait_for(lambda: watched.document == {"n": 1}, 10)
        eventually(lambda: len([record for record in caplog.records if record.message == "a listener failed"]) == 2)
        assert "fetch in a listener would wait for ever" in caplog.text


def test_the_applications_handlers_take_nothing_away_and_may_wait() -> None:
    with served({"c": {"n": 0}}) as server:
        server.sio.on("double")(lambda number: 2 * number)
        server.sio.on("please")(lambda: server.sio.emit("asked", 21, to=flask.request.sid))  # type: ignore[attr-defined]
        with client_of(server.url) as client:
            connections: list[str] = []
            answers: list[int] = []
            client.sio.on("connect", lambda: connections.append("up"))
            client.sio.on("disconnect", lambda *_: connections.append("down"))
            client.sio.on("batch_update", lambda *_: connections.append("never"))
            client.sio.on("asked", lambda number: answers.append(client.sio.call("double", number)))
            watched = client.channel("c").ready(10)
            client.sio.emit("please")
            eventually(lambda: answers == [42])
            server.cut()
            server.hub.channel("c").publish({"n": 1})
            watched.wait_for(lambda: watched.document == {"n": 1}, 10)
            eventually(lambda: connections == ["down", "up"])


def test_codecs_whose_frames_are_bytes_are_refused_with_the_reason() -> None:
    for codec in ("json+zstd", "msgpack"):
        with pytest.raises(ValueError, match="threaded client joins bytes to the wrong event"):
            SyncClient("http://localhost:1", codecs=("json", codec))


def test_a_coroutine_function_is_no_listener_here() -> None:
    async def listener(*_: Any) -> None: ...

    channel = SyncClient("http://localhost:1").channel("c")
    with pytest.raises(TypeError, match="AsyncSyncClient"):
        channel.subscribe(listener)
    with pytest.raises(TypeError, match="AsyncSyncClient"):
        channel.on("beat", listener)
