"""A reply over plain HTTP is read as far as it may be long, by whichever client."""

import asyncio
from typing import Any

import pytest

from realtime_sync.client.async_poster import AsyncPoster
from realtime_sync.client.http_reply import BoundedReply
from realtime_sync.client.sync_poster import SyncPoster
from realtime_sync.errors import LimitExceeded, ProtocolError
from tests.servers import serving


def test_a_reply_is_the_chunks_that_came() -> None:
    reply = BoundedReply(200, 6)
    reply.add(b"abc")
    reply.add(b"def")
    assert reply.whole == b"abcdef"
    with pytest.raises(LimitExceeded, match="7 is over max_decoded_bytes=6"):
        reply.add(b"g")


@pytest.mark.parametrize("status", [204, 301, 404, 413, 502])
def test_another_status_is_no_reply(status: int) -> None:
    with pytest.raises(ProtocolError, match=f"HTTP status {status}"):
        BoundedReply(status, 6)


async def long_answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application whose every answer is a megabyte, as it comes."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for left in reversed(range(1_000)):
            await send({"type": "http.response.body", "body": b"x" * 1_000, "more_body": left > 0})


async def test_one_that_is_longer_is_left_at_the_bound() -> None:
    async with serving(long_answer) as server:
        poster = AsyncPoster(server.url, {}, max_bytes=100_000)
        with pytest.raises(LimitExceeded, match="max_decoded_bytes=100000"):
            await poster.post(b"{}")
        await poster.close()
        with pytest.raises(LimitExceeded, match="max_decoded_bytes=100000"):
            await asyncio.to_thread(SyncPoster(server.url, {}, max_bytes=100_000).post, b"{}")
