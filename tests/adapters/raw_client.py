"""A Socket.IO client that trusts no server: it looks at every message on its WebSocket."""

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

EVENT, ACK, BINARY_EVENT, BINARY_ACK = "42", "43", "45", "46"


class TornPacket(AssertionError):
    """A message that stands where another one belongs."""


class RawClient:
    """One connection to the namespace `/`, by Engine.IO 4 over a WebSocket.

    Args:
        url: Where the server is.
    """

    def __init__(self, url: str) -> None:
        address = f"{url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
        self._closing = ExitStack()
        # Werkzeug does not hang up after the closing handshake; nobody should wait for it.
        self._socket = self._closing.enter_context(connect(address, max_size=None, close_timeout=0.1))
        assert self._text().startswith("0{")
        self._socket.send("40")
        self.sid: str = json.loads(self._text().removeprefix("40"))["sid"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def send(self, event: str, *arguments: Any, id: int | None = None) -> None:
        """Send an event; with `id` the server acknowledges it."""
        self._socket.send(f"{EVENT}{'' if id is None else id}{json.dumps([event, *arguments])}")

    def receive(self, timeout_s: float = 10) -> list[Any]:
        """Return the next event as [name, argument, ...], or the next acknowledgement as ["ack", id, argument, ...].

        Raises:
            TornPacket: Something stood between a packet's text and its attachments, or came without a text.
        """
        message = self._next(timeout_s)
        if isinstance(message, bytes):
            raise TornPacket(f"an attachment without a text: {message[:40]!r}")
        kind, body = message[:2], message[2:]
        attachments: list[bytes] = []
        if kind in (BINARY_EVENT, BINARY_ACK):
            count, _, body = body.partition("-")
            for _ in range(int(count)):
                part = self._next(timeout_s)
                if not isinstance(part, bytes):
                    raise TornPacket(f"{part[:40]!r} between {message[:40]!r} and its attachments")
                attachments.append(part)
        start = body.index("[")
        values = [_filled(value, attachments) for value in json.loads(body[start:])]
        return ["ack", int(body[:start]), *values] if kind in (ACK, BINARY_ACK) else values

    def _next(self, timeout_s: float) -> str | bytes:
        while (message := self._socket.recv(timeout_s)) == "2":
            self._socket.send("3")
        return message

    def _text(self) -> str:
        message = self._next(10)
        assert isinstance(message, str)
        return message


def _filled(value: Any, attachments: list[bytes]) -> Any:
    is_place = isinstance(value, dict) and value.get("_placeholder")
    return attachments[value["num"]] if is_place else value
