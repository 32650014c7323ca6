"""A network that lets plain HTTP through, or Socket.IO, or neither, as a test says."""

from collections.abc import Callable, Iterable
from typing import Any

import socketio

import realtime_sync as rs
from realtime_sync.adapters.asgi_polling import polling_app

POLL = "/poll"


class Network:
    """Stands before a server, as ASGI and as WSGI.

    Attributes:
        lets_sockets_through, lets_polls_through: Else it answers 502, as a proxy does whose server is away.
        polls: Requests that went to `/poll`.
    """

    def __init__(self, *, sockets: bool = True, polls: bool = True) -> None:
        self.lets_sockets_through, self.lets_polls_through = sockets, polls
        self.polls = 0

    def asgi(self, sio: socketio.AsyncServer, hub: rs.AsyncBroadcaster) -> Any:
        sockets, polls = socketio.ASGIApp(sio), polling_app(hub)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await sockets(scope, receive, send)
            elif self._is_let_through(scope["path"]):
                await (polls if scope["path"] == POLL else sockets)(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1012})
            else:
                await send({"type": "http.response.start", "status": 502, "headers": []})
                await send({"type": "http.response.body", "body": b"bad gateway"})

        return app

    def wsgi(self, app: Any) -> Any:
        def between(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if self._is_let_through(environ["PATH_INFO"]):
                answer: Iterable[bytes] = app(environ, start_response)
                return answer
            start_response("502 Bad Gateway", [("Content-Type", "text/plain")])
            return [b"bad gateway"]

        return between

    def _is_let_through(self, path: str) -> bool:
        if path == POLL:
            self.polls += 1
            return self.lets_polls_through
        return self.lets_sockets_through
