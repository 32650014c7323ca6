"""Pages of other origins are let in by the application alone: what real servers answer to one that asks."""

import asyncio
from typing import Any

import flask
import pytest
import requests
import socketio
import websockets

import realtime_sync as rs
from realtime_sync.adapters.asgi_polling import polling_app
from realtime_sync.adapters.flask_polling import polling_view
from tests.servers import serving, serving_threads

STRANGER = {"Origin": "https://elsewhere.example"}
SETTINGS = pytest.mark.parametrize("setting", [{}, {"cors_allowed_origins": STRANGER["Origin"]}], ids=["no", "named"])
POLL = {"version": 1, "channel": "c", "position": None}


def check_handshake(url: str, allowed: bool) -> None:
    """A page of another origin asks by long polling."""
    answer = requests.get(f"{url}/socket.io/?EIO=4&transport=polling", headers=STRANGER, timeout=10)
    assert answer.ok is allowed
    assert answer.headers.get("Access-Control-Allow-Origin") == (STRANGER["Origin"] if allowed else None)


async def check_socket(url: str, allowed: bool) -> None:
    """And by WebSocket, where the server alone can refuse it."""
    address = f"{url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
    try:
        async with websockets.connect(address, additional_headers=STRANGER, close_timeout=0.1):
            was_let_in = True
    except websockets.InvalidStatus as refused:
        was_let_in = refused.response.status_code not in (400, 403)
    assert was_let_in is allowed


def check_polls(url: str) -> None:
    """Our own route says nothing of origins: whatever surrounds it does."""
    for method in ("POST", "OPTIONS", "GET"):
        answer = requests.request(method, f"{url}/poll", json=POLL, headers=STRANGER, timeout=10)
        assert answer.ok is (method == "POST") or method == "OPTIONS"
        assert [name for name in answer.headers if name.lower().startswith("access-control")] == []


@SETTINGS
async def test_an_asyncio_server_lets_in_whom_the_application_named(setting: dict[str, Any]) -> None:
    sio = socketio.AsyncServer(async_mode="asgi", **setting)
    hub = rs.AsyncBroadcaster.on(sio, authorize=rs.allow_everyone)
    polls = polling_app(hub)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (polls if scope.get("path") == "/poll" else inner)(scope, receive, send)

    inner: Any = socketio.ASGIApp(sio)
    async with hub, serving(app) as server:
        await asyncio.to_thread(check_handshake, server.url, bool(setting))
        await check_socket(server.url, bool(setting))
        await asyncio.to_thread(check_polls, server.url)


@SETTINGS
async def test_a_threaded_server_lets_in_whom_the_application_named(setting: dict[str, Any]) -> None:
    sio = socketio.Server(async_mode="threading", **setting)
    hub = rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone)
    app = flask.Flask("app")
    app.add_url_rule("/poll", view_func=polling_view(hub), methods=["POST"])
    with hub, serving_threads(socketio.WSGIApp(sio, app), sio) as url:
        await asyncio.to_thread(check_handshake, url, bool(setting))
        await check_socket(url, bool(setting))
        await asyncio.to_thread(check_polls, url)
