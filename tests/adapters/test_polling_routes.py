"""The routes of polling, on the servers that applications run: uvicorn, and Flask on threads."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import flask
import flask_socketio
import pytest
import requests
import socketio
from starlette.applications import Starlette
from starlette.routing import Mount, Route

import realtime_sync as rs
from realtime_sync.adapters._polls import MAX_REQUEST_BYTES
from realtime_sync.adapters.asgi_polling import polling_app
from realtime_sync.adapters.flask_polling import polling_view
from realtime_sync.client import AsyncSyncClient
from tests.servers import serving, serving_threads

GRAPH = {"nodes": {"n7": {"status": "RUNNING"}}}
ASKED = {"version": 1, "channel": "c", "request": "1", "codecs": ["json"], "position": None}

Authorize = Callable[[Any, str, str], bool]


def mounted(sio: socketio.AsyncServer, hub: rs.AsyncBroadcaster, **options: Any) -> Any:
    """What an application without a framework does to have both."""
    sockets, polls = socketio.ASGIApp(sio), polling_app(hub, **options)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        is_poll = scope["type"] == "http" and scope["path"] == "/poll"
        await (polls if is_poll else sockets)(scope, receive, send)

    return app


@asynccontextmanager
async def on_uvicorn(authorize: Authorize = rs.allow_everyone, **options: Any) -> AsyncIterator[Any]:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=authorize)
    hub.channel("c", initial=GRAPH)
    async with hub, serving(mounted(sio, hub, **options)) as server:

        async def post(method: str = "POST", **request: Any) -> requests.Response:
            call = functools.partial(requests.request, method, f"{server.url}/poll", timeout=10, **request)
            return await asyncio.to_thread(call)

        yield post


@contextmanager
def on_flask(authorize: Authorize = rs.allow_everyone, **options: Any) -> Iterator[Any]:
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    sio = flask_socketio.SocketIO(app, async_mode="threading")
    hub = rs.attach(sio, authorize=authorize)
    hub.channel("c", initial=GRAPH)
    app.add_url_rule("/poll", view_func=polling_view(hub, **options), methods=["POST"])
    with hub, serving_threads(app, sio.server) as url:
        yield lambda method="POST", **request: requests.request(method, f"{url}/poll", timeout=10, **request)


@asynccontextmanager
async def served(server: str, authorize: Authorize = rs.allow_everyone, **options: Any) -> AsyncIterator[Any]:
    """A function that posts, and is awaited, whichever server answers."""
    if server == "uvicorn":
        async with on_uvicorn(authorize, **options) as post:
            yield post
    else:
        with on_flask(authorize, **options) as blocking_post:

            async def post_beside(*arguments: Any, **request: Any) -> requests.Response:
                return await asyncio.to_thread(blocking_post, *arguments, **request)

            yield post_beside


on_both_servers = pytest.mark.parametrize("server", ["uvicorn", "flask"])


@on_both_servers
async def test_a_poll_is_answered_beside_the_sockets(server: str) -> None:
    async with served(server) as post:
        response = await post(json=ASKED)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"
        reply = response.json()
        assert reply["answer"] == {"outcome": "keyframe", "request": "1", "codec": "json"}
        assert reply["body"]["document"] == GRAPH
        held = [reply["body"]["epoch"], reply["body"]["offset"]]
        again = await post(json={**ASKED, "request": "2", "position": held})
        assert again.json() == {
            "answer": {"outcome": "up_to_date", "request": "2", "codec": "json", "position": held},
            "body": None,
        }


@on_both_servers
async def test_authorize_sees_the_request_and_the_auth_that_a_socket_would_have_had(server: str) -> None:
    seen: list[Any] = []

    def may_watch(subscriber: Any, channel: str, action: str) -> bool:
        seen.append((subscriber, channel, action))
        return bool(subscriber.auth == {"token": "t"})

    async with served(server, may_watch, namespace="/mine") as post:
        more = {"headers": {"Cookie": "session=1", "X-Team": "blue"}, "params": {"q": "1"}}
        allowed = await post(json={**ASKED, "auth": {"token": "t"}}, **more)
        refused = await post(json=ASKED, **more)
    assert allowed.json()["answer"]["outcome"] == "keyframe"
    assert refused.json() == {"answer": {"outcome": "forbidden", "request": "1"}, "body": None}
    (first, channel, action), (second, _, _) = seen
    assert (channel, action, first.namespace, second.auth) == ("c", "subscribe", "/mine", None)
    assert first.sid != second.sid
    environ = first.environ
    assert (environ["HTTP_COOKIE"], environ["HTTP_X_TEAM"]) == ("session=1", "blue")
    assert (environ["REQUEST_METHOD"], environ["QUERY_STRING"]) == ("POST", "q=1")
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["CONTENT_TYPE"] == "application/json"


async def test_under_flask_authorize_runs_in_the_context_of_the_request() -> None:
    async with served("flask", lambda *_: flask.request.cookies.get("team") == "blue") as post:
        allowed = await post(json=ASKED, cookies={"team": "blue"})
        refused = await post(json=ASKED, cookies={"team": "red"})
    assert [each.json()["answer"]["outcome"] for each in (allowed, refused)] == ["keyframe", "forbidden"]


def padded(bytes_: int) -> bytes:
    """A message of that many bytes."""
    text = b'{"version":1,"channel":"c","request":"1","codecs":[],"position":null,"auth":"%s"}'
    return text % (b"x" * (bytes_ - len(text) + 2))


@on_both_servers
async def test_a_body_is_read_up_to_its_bound_and_no_further(server: str) -> None:
    async with served(server) as post:
        largest = await post(data=padded(MAX_REQUEST_BYTES))
        larger = await post(data=padded(MAX_REQUEST_BYTES + 1))
        chunked = await post(data=iter([b"x" * 10_000] * 10))
        assert [each.status_code for each in (largest, larger, chunked)] == [200, 413, 413]
        assert largest.json()["answer"]["outcome"] == "keyframe"
        after = await post(json=ASKED)
        assert after.status_code == 200


@on_both_servers
async def test_a_poll_is_posted(server: str) -> None:
    async with served(server) as post:
        for method in ("GET", "PUT", "DELETE"):
            response = await post(method)
            assert response.status_code == 405
            assert "POST" in response.headers["allow"]


@on_both_servers
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"NaN",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"channel":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"version":1,"channel":"c"}',
        b'{"version":1,"channel":"c","request":"1","codecs":[],"position":["e",-1]}',
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_what_is_no_message_is_told_and_no_error_of_the_server(server: str, body: bytes) -> None:
    async with served(server) as post:
        response = await post(data=body)
        assert response.status_code == 200
        assert response.json()["answer"]["outcome"] == "invalid"
        assert response.json()["body"] is None


async def test_a_framework_can_have_it_at_a_path() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    async with rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone) as hub:
        hub.channel("c", initial=GRAPH)
        route = Route("/poll", polling_app(hub), methods=["POST"])
        app = Starlette(routes=[route, Mount("/", socketio.ASGIApp(sio))])
        async with serving(app) as server:
            wrong_path = "/socket.io-that-a-proxy-does-not-know"
            client = AsyncSyncClient(server.url, socketio_path=wrong_path, poll_url=f"{server.url}/poll")
            async with client:
                assert (await client.channel("c").ready()).document == GRAPH
            async with AsyncSyncClient(server.url) as client:
                assert (await client.channel("c").ready()).document == GRAPH
        assert hub.get_stats().polls >= 1


async def test_a_poll_is_an_http_request() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    async with rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone) as hub:
        app: Any = polling_app(hub)
        with pytest.raises(ValueError, match="not websocket"):
            await app({"type": "websocket"}, None, None)


async def test_who_hangs_up_in_the_middle_of_asking_is_not_answered() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        told.append(event)

    async with rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone) as hub:
        await polling_app(hub)({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
        assert hub.get_stats().polls == 0
    assert told == []
