"""What is said and heard by long polling, in portions that python-engineio takes."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import attrs

MAX_PACKETS = 16
"""In one request or answer (`engineio.payload.Payload.max_decode_packets`): of a request with more the server takes
none, and says that it has; over an answer with more a client of python-engineio ends its connection."""

_SEPARATOR = "\x1e"
"""Of packets: Engine.IO protocol, version 4."""

_SESSION = "&sid="
"""In the address of every question but a connection's first."""


@attrs.frozen
class Portion:
    """A portion of an answer, as an answer of its own: to python-engineio, of aiohttp or of requests."""

    content: bytes
    ok: bool = True
    status: int = 200
    status_code: int = 200

    async def read(self) -> bytes:
        """Return the packets."""
        return self.content


class Portions:
    """The portions of one client's requests and answers."""

    def __init__(self) -> None:
        self._heard: deque[Portion] = deque()

    def said(self, body: str | None) -> Iterator[str | None]:
        """Return the bodies of the requests that say what one would."""
        if body is None or body.count(_SEPARATOR) < MAX_PACKETS:
            yield body
        else:
            yield from _portions(body, _SEPARATOR)

    def next(self, method: str, url: str) -> Portion | None:
        """Return what was heard already, instead of asking; None: ask."""
        if method != "GET":
            return None
        if _SESSION not in url:
            self._heard.clear()  # of a connection that is gone
        return self._heard.popleft() if self._heard else None

    def heard(self, method: str, answer: Any, content: bytes) -> Any:
        """Return an answer, or the first portion of it; the others are next."""
        separator = _SEPARATOR.encode()
        if method != "GET" or not answer.ok or content.count(separator) < MAX_PACKETS:
            return answer
        self._heard.extend(Portion(some) for some in _portions(content, separator))
        return self._heard.popleft()


def _portions(packets: Any, separator: Any) -> Iterator[Any]:
    each = packets.split(separator)
    for first in range(0, len(each), MAX_PACKETS):
        yield separator.join(each[first : first + MAX_PACKETS])
