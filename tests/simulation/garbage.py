"""Messages that nobody sent: what a broken or hostile network makes of those that somebody did.

None of it can be taken for a frame of the channel's epoch: against a network that forges those, only TLS helps.
"""

import random
from collections.abc import Callable
from typing import Any

from realtime_sync.replication.subscription import Outgoing
from realtime_sync.wire.messages import FETCH, RESYNC, SUBSCRIBE, UNSUBSCRIBE

FOREIGN_KEYFRAME = {"type": "keyframe", "epoch": "forged", "offset": 9_999, "document": {"forged": True}}
FOREIGN_DELTA = {"type": "delta", "epoch": "forged", "base": 1, "offset": 2, "patch": [{"op": "remove", "path": ""}]}
FOREIGN_END = {"type": "closed", "epoch": "forged", "reason": "forged"}

BODIES: tuple[Any, ...] = (
    *(None, 7, "text", b"", b"\x00", b"\x01\x02\x03", b"\x02\xde\xad\xbe\xef\x00", [], {}),
    *({"type": "delta"}, {"type": "keyframe", "epoch": "", "offset": -1, "document": None}, {"type": "unknown"}),
    *({"type": "part", "id": "x", "index": 1, "count": 3, "data": b"?"}, {"type": "part", "id": 7}),
    *({"type": "dictionary", "id": "00000000", "data": b"\x00wrong"}, {"type": "dictionary"}),
    *({"type": "delta", "epoch": "e", "base": 1, "offset": 2, "patch": [float("nan")]}, ["d", "e", 1], ["k"]),
)
FOREIGN = (FOREIGN_KEYFRAME, FOREIGN_DELTA, FOREIGN_END)

ANSWERS: tuple[Any, ...] = (
    *("no object", {}, {"outcome": "unheard_of"}, {"outcome": "keyframe", "request": 7}, {"outcome": 3}),
    *({"outcome": "up_to_date", "request": "forged", "codec": "json", "position": ["forged", 3]},),
    *({"outcome": "waiting", "request": "forged", "codec": "json", "position": ["forged", 0]},),
    *({"outcome": "forbidden", "request": "forged"}, {"outcome": "keyframe", "request": "forged", "codec": "json"}),
)

POSITIONS: tuple[Any, ...] = (None, ["forged", 1], ["forged", 2**53], ["", 1], [1], "here", ["e", -1], ["e", True])

MESSAGES: tuple[Any, ...] = (None, 7, "text", [], {}, {"channel": 7}, {"channel": "c0", "request": "x" * 65})


def spoil_delivery(draw: random.Random) -> Callable[[tuple[str, tuple[Any, ...]]], tuple[str, tuple[Any, ...]]]:
    """Return what makes garbage of a message to a client."""

    def spoil(message: tuple[str, tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
        event, (channel, body, *answer) = message
        kind = draw.randrange(4)
        if kind == 0 and isinstance(body, bytes):
            body = body[: draw.randrange(len(body))]  # cut short
        elif kind == 1:
            body, answer = draw.choice((None, *FOREIGN)), [draw.choice(ANSWERS)]
        elif kind == 2:
            body, answer = draw.choice(FOREIGN), []
        else:
            body = draw.choice(BODIES)
        return event, (channel, body, *answer)

    return spoil


def spoil_request(draw: random.Random) -> Callable[[Outgoing], Outgoing]:
    """Return what makes garbage, or a forged position, of a message to the server."""

    def spoil(said: Outgoing) -> Outgoing:
        if draw.random() < 0.5 and "position" in said.message:
            return Outgoing(said.event, {**said.message, "position": draw.choice(POSITIONS)})
        return Outgoing(said.event, draw.choice(MESSAGES))

    return spoil


def forge(draw: random.Random, channels: list[str], epochs: list[str]) -> tuple[str, Any]:
    """Return a message of a client that never was honest: true epochs, false offsets, pointers into nowhere."""
    event = draw.choice((SUBSCRIBE, RESYNC, RESYNC, UNSUBSCRIBE, FETCH))
    if draw.random() < 0.2:
        return event, draw.choice(MESSAGES)
    position = [draw.choice(epochs), draw.choice((0, 1, 2, 5, 50, 2**53 - 1))] if epochs else None
    message = {
        "version": draw.choice((1, 1, 1, 0, 99)),
        "channel": draw.choice([*channels, "unknown", "\x00"]),
        "request": str(draw.randrange(9)),
        "codecs": [draw.choice(("json", "json+zstd", "no codec"))],
        "position": draw.choice((position, *POSITIONS)),
        "pointer": draw.choice(("", "/nodes", "/nodes/n1/text", "/9/9", "no pointer", "/~2")),
        "serial": draw.choice((0, 1, 7, -1, "x")),
        "dictionaries": draw.choice(([], ["00000000"], "x", [7])),
    }
    return event, message
