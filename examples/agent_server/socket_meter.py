"""What really leaves through the sockets, counted where it leaves."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class SocketMeter:
    """An ASGI application around another that counts what its Socket.IO clients are sent.

    Counted are the payloads of WebSocket messages and the bodies of long-polling answers: frames, events,
    acknowledgements and heartbeats of everybody. Not counted are files, and what WebSocket and TCP add (2 to 4 bytes a
    message the one, 40 bytes a packet the other).

    Args:
        application: Where everything is passed on to.
        path: Requests below it are Socket.IO's.

    Attributes:
        bytes_sent: Since the server started.
    """

    def __init__(self, application: Application, *, path: str) -> None:
        self.bytes_sent = 0
        self._application = application
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and scope["path"].startswith(self._path):
            await self._application(scope, receive, self._counting(send))
        else:
            await self._application(scope, receive, send)

    def _counting(self, send: Send) -> Send:
        async def send_counted(message: Message) -> None:
            await send(message)
            self.bytes_sent += payload_bytes(message)

        return send_counted


def payload_bytes(message: Message) -> int:
    """Return the size of what an ASGI message carries to the client."""
    match message["type"]:
        case "websocket.send":
            text = message.get("text")
            return len(text.encode()) if text is not None else len(message["bytes"])
        case "http.response.body":
            return len(message.get("body", b""))
    return 0
