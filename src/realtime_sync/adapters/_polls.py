"""What a request and a reply of polling are in HTTP, whatever serves it."""

import itertools
from collections.abc import Mapping
from typing import Any

import orjson

from realtime_sync.broadcast.ports import Subscriber

MAX_REQUEST_BYTES = 64 * 2**10
"""A message is a few hundred bytes; what a client passes as `auth` comes with it."""

CONTENT_TYPE = "application/json"

_numbers = itertools.count(1)


def read_message(body: bytes) -> Any:
    """Return what was posted; None for what is no JSON, which the broadcaster answers as it does any other nonsense."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def subscriber_of(message: Any, environ: Mapping[str, Any], namespace: str) -> Subscriber:
    """Return who asks: by the request's own headers and cookies, and by the `auth` that its socket would have had."""
    id = f"poll-{next(_numbers)}"
    return Subscriber(id, id, namespace, environ, message.get("auth") if isinstance(message, dict) else None)


def write_reply(reply: dict[str, Any]) -> bytes:
    """Return a reply as it is sent."""
    return orjson.dumps(reply)
