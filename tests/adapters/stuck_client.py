"""A client that reads nothing once it has said what it wants, as a browser does whose page hangs."""

import base64
import json
import secrets
import socket
from typing import Any, Self
from urllib.parse import urlsplit

RECEIVE_BYTES = 4_096
"""Of the kernel's buffer: with the usual ones megabytes are under way before a server notices anything."""


class StuckClient:
    """One connection to the namespace `/`, by Engine.IO 4 over a WebSocket of its own making: libraries read ahead.

    Args:
        url: Where the server is.
        events: What it says before it stops: (event, argument).
    """

    def __init__(self, url: str, *events: tuple[str, Any]) -> None:
        address = urlsplit(url)
        self._socket = socket.socket()
        self._socket.settimeout(10)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self._socket.connect((address.hostname, address.port))
        self._socket.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + base64.b64encode(secrets.token_bytes(16))
            + b"\r\n\r\n"
        )
        self._read_until(b'"pingInterval"')
        self._say("40")
        self._read_until(b"40{")
        for name, argument in events:
            self._say(f"42{json.dumps([name, argument])}")

    def _say(self, text: str) -> None:
        assert len(text) < 126, "longer ones have a longer header"
        self._socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())  # masked with zeros

    def _read_until(self, end: bytes) -> None:
        read = b""
        while end not in read:
            chunk = self._socket.recv(RECEIVE_BYTES)
            assert chunk, f"the server hung up after {read!r}"
            read += chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
