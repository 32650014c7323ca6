"""How often a frame is encoded, counted: `python -m benchmarks.encodings`."""

import asyncio
import json
import time
from typing import Any

import attrs

from realtime_sync import AsyncBroadcaster, Replica, allow_everyone
from realtime_sync.replication.subscription import Subscription
from realtime_sync.testing import MemoryTransport

CODECS = ("json", "json+deflate", "msgpack+zstd")
FLUSHES = 10


@attrs.frozen
class EncodingCount:
    """What one number of subscribers cost.

    Attributes:
        subscribers: They use `codecs` codecs in turn.
        codecs: Codecs in use.
        joining: Encodings until all had joined at one position.
        a_flush: Encodings of a live frame.
    """

    subscribers: int
    codecs: int
    joining: int
    a_flush: float


async def count(subscribers: int) -> EncodingCount:
    """Let so many join, and flush some changes."""
    transport = MemoryTransport()
    async with AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=0) as hub:
        channel = hub.channel("project_42", initial={"text": ""})
        await channel.flush()
        for number in range(subscribers):
            subscription = Subscription("project_42", [CODECS[number % len(CODECS)]], Replica())
            subscription.connected(time.monotonic())
            await transport.connect().send_all(subscription.outgoing())
        joining = hub.get_stats().encodings
        for _ in range(FLUSHES):
            channel.append_text("/text", "more ")
            await channel.flush()
        encodings = hub.get_stats().encodings - joining
    return EncodingCount(subscribers, min(subscribers, len(CODECS)), joining, encodings / FLUSHES)


def run_all() -> list[dict[str, Any]]:
    """Return every count, as JSON."""
    return [attrs.asdict(asyncio.run(count(subscribers))) for subscribers in (1, 50, 200)]


if __name__ == "__main__":
    for one in run_all():
        print(json.dumps(one))
