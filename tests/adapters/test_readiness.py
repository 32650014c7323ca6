"""`check_readiness` is answered by the hub, unless the application does, whichever is registered first."""

from collections.abc import Callable
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, SyncClient
from tests.servers import serving, serving_threads

Registers = Callable[[Any], None]
OURS = {"ready": True, "channels": 1}
THEIRS = {"mine": True}


def nothing(sio: Any) -> None: ...


def a_handler(sio: Any) -> None:
    sio.on("check_readiness", lambda sid, *_: THEIRS)


def a_handler_for_all_namespaces(sio: Any) -> None:
    sio.on("check_readiness", lambda namespace, sid, *_: THEIRS, namespace="*")


def a_catch_all_that_only_looks(sio: Any) -> None:
    sio.on("*", lambda event, sid, *_: SEEN.append(event))


def a_catch_all_that_answers(sio: Any) -> None:
    sio.on("*", lambda event, sid, *_: THEIRS)


def a_class(sio: Any) -> None:
    base: Any = socketio.AsyncNamespace if isinstance(sio, socketio.AsyncServer) else socketio.Namespace
    sio.register_namespace(type("Mine", (base,), {"on_check_readiness": lambda self, sid, *_: THEIRS})("/"))


def a_class_without_it(sio: Any) -> None:
    base: Any = socketio.AsyncNamespace if isinstance(sio, socketio.AsyncServer) else socketio.Namespace
    sio.register_namespace(base("/"))


SEEN: list[str] = []
CASES = [
    (nothing, OURS),
    (a_handler, THEIRS),
    (a_handler_for_all_namespaces, THEIRS),
    (a_catch_all_that_only_looks, OURS),
    (a_catch_all_that_answers, THEIRS),
    (a_class, THEIRS),
    (a_class_without_it, OURS),
]


def attached(sio: Any, register: Registers, attach_first: bool) -> Any:
    if not attach_first:
        register(sio)
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    if attach_first:
        register(sio)
    hub.channel("c", initial={})
    return hub


@pytest.mark.parametrize("attach_first", [True, False])
@pytest.mark.parametrize(("register", "answer"), CASES)
async def test_on_asyncio(register: Registers, answer: Any, attach_first: bool) -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = attached(sio, register, attach_first)
    async with (
        hub,
        serving(socketio.ASGIApp(sio)) as server,
        AsyncSyncClient(server.url, transports=["websocket"]) as client,
    ):
        assert await client.sio.call("check_readiness") == answer


@pytest.mark.parametrize(("register", "answer"), CASES)
def test_on_threads(register: Registers, answer: Any) -> None:
    for attach_first in (True, False):
        sio = socketio.Server(async_mode="threading")
        with (
            attached(sio, register, attach_first),
            serving_threads(socketio.WSGIApp(sio), sio) as url,
            SyncClient(url, transports=["polling"]) as client,
        ):
            assert client.sio.call("check_readiness") == answer


async def test_a_catch_all_still_sees_it() -> None:
    SEEN.clear()
    await test_on_asyncio(a_catch_all_that_only_looks, OURS, True)
    assert SEEN == ["check_readiness"]
