"""The client on threads where plain HTTP gets through and Socket.IO does not, against Flask on threads."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask
import flask_socketio
import pytest

import realtime_sync as rs
from realtime_sync.adapters.flask_polling import polling_view
from realtime_sync.client import Backoff, Status, SyncClient
from tests.client.blocked import POLL, Network
from tests.client.test_sync_client import Served, client_of, eventually
from tests.servers import serving_threads

INTERVAL_S = 0.05


@contextmanager
def served(network: Network, documents: dict[str, Any], **options: Any) -> Iterator[Served]:
    app = flask.Flask(__name__)
    sio = flask_socketio.SocketIO(app, async_mode="threading")
    hub = rs.ThreadedBroadcaster.on(sio, **{"authorize": rs.allow_everyone, "window_ms": 5, **options})
    app.add_url_rule(POLL, view_func=polling_view(hub), methods=["POST"])
    with hub:
        for name, document in documents.items():
            hub.channel(name, initial=document)
        with serving_threads(network.wsgi(app), sio.server) as url:
            yield Served(url, sio, hub)


def polling_client_of(url: str, **options: Any) -> SyncClient:
    return client_of(url, **{"poll_url": url + POLL, "poll_interval_s": INTERVAL_S, **options})


def test_where_no_socket_gets_through_several_channels_are_followed_by_polls() -> None:
    network = Network(sockets=False)
    with served(network, {"a": {"n": 0}, "b": {"n": 0}}) as server, polling_client_of(server.url) as client:
        assert (client.connected, client.polling) == (False, True)
        first, second = client.channel("a").ready(10), client.channel("b").ready(10)
        beats: list[Any] = []
        first.on("beat", beats.append)
        server.hub.channel("a").publish({"n": 1})
        server.hub.channel("a").emit("beat", 1)
        server.hub.channel("b").publish({"n": 2})
        first.wait_for(lambda: first.document == {"n": 1}, 10)
        second.wait_for(lambda: second.document == {"n": 2}, 10)
        eventually(lambda: beats == [1])
        assert server.hub.get_stats().subscriptions == 0


def test_polling_bridges_a_lost_connection_and_stops_when_it_is_back() -> None:
    network = Network()
    document = {"n": 0, "filling": "x" * 5_000}
    with served(network, {"c": document}) as server, polling_client_of(server.url) as client:
        watched = client.channel("c").ready(10)
        assert network.polls == 0
        network.lets_sockets_through = False
        server.cut()
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 1
        watched.wait_for(lambda: watched.document["n"] == 1 and watched.status is Status.LIVE, 10)
        assert (client.connected, client.polling) == (False, True)
        network.lets_sockets_through = True
        eventually(lambda: client.connected and watched.status is Status.LIVE)
        assert not client.polling
        polls = network.polls
        with server.hub.channel("c").edit() as doc:
            doc["n"] = 2
        watched.wait_for(lambda: watched.document["n"] == 2, 10)
        threading.Event().wait(4 * INTERVAL_S)  # by the only clock there is
        assert network.polls <= polls + 1
        assert server.hub.get_stats().keyframes_sent == 1, "every way resumed by position"


def test_what_no_poll_confirms_any_more_is_offline_until_one_does() -> None:
    network = Network(sockets=False)
    with served(network, {"c": {"n": 0}}) as server, polling_client_of(server.url) as client:
        watched = client.channel("c").ready(10)
        network.lets_polls_through = False
        watched.wait_for(lambda: watched.status is Status.OFFLINE, 10)
        server.hub.channel("c").publish({"n": 1})
        network.lets_polls_through = True
        watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == {"n": 1}, 10)


def test_authorize_sees_what_a_socket_would_have_brought() -> None:
    def may_watch(subscriber: Any, channel: str, action: str) -> bool:
        return subscriber.auth == {"token": "t"} and flask.request.headers.get("X-Team") == "blue"

    told: dict[str, Any] = {"auth": lambda: {"token": "t"}, "headers": {"X-Team": "blue"}}
    with served(Network(sockets=False), {"c": {"n": 0}}, authorize=may_watch) as server:
        with polling_client_of(server.url, **told) as client:
            client.channel("c").ready(10)
        with (
            polling_client_of(server.url) as client,
            pytest.raises(rs.SubscriptionRefused, match="forbidden"),
        ):
            client.channel("c").ready(10)


def test_a_client_that_gave_up_both_ways_says_so_and_asks_no_more() -> None:
    network = Network(sockets=False, polls=False)
    twice = Backoff(base_s=0.01, jitter=0.0, cap_s=0.05, attempts=2)
    with served(network, {"c": {"n": 0}}) as server, polling_client_of(server.url, backoff=twice) as client:
        with pytest.raises(ConnectionError, match="gave up"):
            client.channel("c").ready(10)
        eventually(lambda: client.gave_up is not None and network.polls >= 2)
        threading.Event().wait(8 * INTERVAL_S)  # for the last ones, by the only clock there is
        polls = network.polls
        threading.Event().wait(8 * INTERVAL_S)
        assert network.polls == polls


def test_no_thread_is_left_behind() -> None:
    with served(Network(sockets=False), {"c": {"n": 0}}) as server:
        before = set(threading.enumerate())
        with polling_client_of(server.url) as client:
            client.channel("c").ready(10)
        ours = [thread for thread in set(threading.enumerate()) - before if thread.name == "realtime_sync client"]
        assert ours == []


def test_closing_waits_for_polls_that_hang_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_sync.client.sync_client.END_S", 0.3)
    answering = threading.Event()
    network = Network(sockets=False)
    with served(network, {}, authorize=lambda *_: answering.wait(10)) as server:
        client = polling_client_of(server.url)
        client.connect()
        for name in "abcdef":
            client.channel(name)
        eventually(lambda: network.polls == 6)
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 1.5, "six times 0.3 s would be longer"
        answering.set()
