"""The polling fallback as an ASGI application, for any server and any framework."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from realtime_sync.adapters._polls import CONTENT_TYPE, MAX_REQUEST_BYTES, read_message, subscriber_of, write_reply
from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster

__all__ = ["ASGIApplication", "polling_app"]

ASGIApplication: TypeAlias = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[MutableMapping[str, Any]], Awaitable[None]]],
    Awaitable[None],
]
"""What ASGI calls with (scope, receive, send)."""


def polling_app(hub: AsyncBroadcaster, *, namespace: str = "/") -> ASGIApplication:
    """Return an ASGI application that answers polls, to be put at a path of its own.

        Route("/poll", polling_app(hub), methods=["POST"])                  # Starlette
        app.add_route("/poll", polling_app(hub), methods=["POST"])          # FastAPI

    It takes POST alone: a poll carries what a client passes as `auth`, which has no place in an address. Whether other
    origins may ask is the surrounding application's to say, as is how often.

    Args:
        hub: Whose channels are asked for.
        namespace: What `authorize` is told.
    """
    return _PollingApp(hub, namespace)


class _PollingApp:
    """An object, because Starlette's routes take a function for one that gets a request and returns a response."""

    def __init__(self, hub: AsyncBroadcaster, namespace: str) -> None:
        self._hub, self._namespace = hub, namespace

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            raise ValueError(f"a poll is an HTTP request, not {scope['type']}")
        if scope["method"] != "POST":
            return await _respond(send, 405, b"", [(b"allow", b"POST")])
        try:
            body = await _read(receive)
        except _Gone:
            return None
        if body is None:
            return await _respond(send, 413, b"")
        message = read_message(body)
        asker = subscriber_of(message, _environ(scope), self._namespace)
        await _respond(send, 200, write_reply(await self._hub.answer_poll(message, subscriber=asker)))


class _Gone(Exception):
    """Who asks hung up."""


async def _read(receive: Callable[[], Awaitable[Any]]) -> bytes | None:
    """Return the body of a request; None when it is too large."""
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise _Gone
        body += event.get("body", b"")
        if len(body) > MAX_REQUEST_BYTES:
            return None
        if not event.get("more_body"):
            return bytes(body)


async def _respond(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    always = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": always + (headers or [])})
    await send({"type": "http.response.body", "body": body})


def _environ(scope: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return the request in WSGI's form, as `authorize` sees those of sockets."""
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "asgi.scope": scope,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
