"""How many events a second one thread takes, copies, and writes as frames.

    pytest benchmarks/test_batching.py

A message is a `task_update`, as agent servers send it. Each is emitted by its own call and captured by value; then what
waits becomes one frame, and the frame becomes bytes. *Broadcaster*: all of it, an `AsyncBroadcaster` with one
subscriber, over a `MemoryTransport` that counts what it is given and throws it away. The rivals serialise the list of
the same messages, and copy nothing.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgpack
import orjson
import pytest

from benchmarks.timing import Timing
from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.async_channel import AsyncChannel
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.replication.batch import MessageBatch
from realtime_sync.replication.primary import Primary
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Subscription
from realtime_sync.testing import MemoryTransport
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.encoding import decode_frame, encode_frame
from realtime_sync.wire.frames import Delta, Keyframe

TABLE = "batching"
BATCHES = (1, 10, 50, 500)
ROUNDS = {1: 2_000, 10: 1_000, 50: 400, 500: 60}
CODECS = ("json", "msgpack", "json+zstd", "msgpack+zstd", "json+deflate", "json+gzip")
EVENT = "task_update"

Message = dict[str, Any]


def messages(count: int) -> list[Message]:
    return [
        {
            "task_id": f"root.{number // 10}.{number % 10}",
            "status": ("pending", "running", "completed")[number % 3],
            "progress": number % 101,
            "timestamp": f"2026-01-01T12:00:{number % 60:02}.{number:06}Z",
        }
        for number in range(count)
    ]


# ---- ours ------------------------------------------------------------------------------------------------------------


def primary_in_service() -> Primary:
    """Return a primary whose first frame was sent."""
    primary = Primary("a1B2c3D4")
    primary.publish({})
    assert isinstance(primary.take(), Keyframe)
    primary.commit(0.0)
    return primary


def emit_and_encode(primary: Primary, batch: list[Message], codec: str) -> bytes:
    for message in batch:
        primary.emit(EVENT, message)
    frame = primary.take()
    primary.commit(0.0)
    assert isinstance(frame, Delta)
    return encode_frame(frame, get_codec(codec))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", BATCHES)
def test_primary(timing: Timing, size: int, codec: str) -> None:
    primary, batch = primary_in_service(), messages(size)
    sent = decode_frame(emit_and_encode(primary, batch, codec), get_codec(codec))
    assert isinstance(sent, Delta)
    assert [(event.name, event.data) for event in sent.events] == [(EVENT, message) for message in batch]
    timing(
        f"Primary, `{codec}`",
        lambda it: emit_and_encode(primary, it, codec),
        [batch],
        size=size,
        rounds=ROUNDS[size],
    )


class Sink(MemoryTransport):
    """Counts what goes to a room, and throws it away: a client's own work is nobody's time."""

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        self.delivered += 1


class Server:
    """A broadcaster with one channel and one subscriber, and the loop that it runs on."""

    def __init__(self, codec: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.transport = Sink()
        self.hub: AsyncBroadcaster = AsyncBroadcaster(
            self.transport, authorize=allow_everyone, window_ms=0, codecs=[codec]
        )
        self.channel: AsyncChannel = self.hub.channel("project_42", initial={})
        self.loop.run_until_complete(self._begin(codec))

    async def _begin(self, codec: str) -> None:
        client = self.transport.connect()
        subscription = Subscription(self.channel.name, (codec,), Replica())
        subscription.connected(0.0)
        await client.send_all(subscription.outgoing())
        await self.hub.flush_all()
        assert self.channel.subscriber_count == 1

    async def send(self, batch: list[Message]) -> None:
        for message in batch:
            self.channel.emit(EVENT, message)
        await self.channel.flush()

    def close(self) -> None:
        self.loop.run_until_complete(self.hub.close())
        self.loop.close()


@pytest.fixture(params=["json", "msgpack+zstd"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(request.param)
    yield server
    server.close()


@pytest.mark.parametrize("size", BATCHES)
def test_broadcaster(timing: Timing, size: int, server: Server, request: pytest.FixtureRequest) -> None:
    codec = request.node.callspec.params["server"]
    before = server.transport.delivered
    server.loop.run_until_complete(server.send(messages(size)))
    assert server.transport.delivered == before + 1
    timing(
        f"Broadcaster, `{codec}`",
        lambda batch: server.loop.run_until_complete(server.send(batch)),
        [messages(size)],
        size=size,
        rounds=ROUNDS[size],
    )


# ---- rivals ----------------------------------------------------------------------------------------------------------


def batch_and_encode(batch: list[Message]) -> bytes:
    collected = MessageBatch(max_size=1_000)
    for message in batch:
        collected.add({"event": EVENT, "data": message})
    return orjson.dumps(collected.to_payload())


PLAIN: dict[str, Callable[[list[Message]], object]] = {
    "MessageBatch, orjson": batch_and_encode,
    "plain orjson": orjson.dumps,
    "plain msgpack": msgpack.packb,
    "plain json": json.dumps,
}


@pytest.mark.parametrize("row", PLAIN)
@pytest.mark.parametrize("size", BATCHES)
def test_plain(timing: Timing, size: int, row: str) -> None:
    timing(row, PLAIN[row], [messages(size)], size=size, rounds=ROUNDS[size])
