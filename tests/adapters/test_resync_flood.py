"""A client that asks for the document a thousand times in a second, over real sockets of both kinds of servers."""

import asyncio
import time
from typing import Any

import socketio

import realtime_sync as rs
from realtime_sync.broadcast.pace import BURST, PER_S
from tests.adapters.raw_client import RawClient
from tests.servers import serving, serving_threads

REQUESTS = 1_000
FLOODERS = 3
DOCUMENT = {"text": "x" * 10_000}
"""Of a large one nothing is sent again while the first is under way."""


def flood(url: str) -> int:
    """Join, ask a thousand times, and listen until the last question is answered; return how many documents came.

    The first one is not counted: it answers the subscription.
    """
    with RawClient(url) as client:
        subscribe = {"version": 1, "channel": "c", "request": "first", "codecs": ["msgpack"], "position": None}
        client.send("sync:subscribe", subscribe)
        assert client.receive()[3]["outcome"] == "keyframe"
        began = time.monotonic()
        for number in range(REQUESTS):
            client.send("sync:resync", {"channel": "c", "request": f"r{number}", "position": None})
        assert time.monotonic() - began < 1, "or it was no flood"
        answers: list[Any] = []
        documents_at: list[float] = []
        while not answers or answers[-1] != f"r{REQUESTS - 1}":
            _, _, body, answer = client.receive()
            answers.append(answer["request"])
            if body is not None:
                documents_at.append(time.monotonic() - began)
        assert answers == sorted(answers, key=lambda name: int(name[1:])), "an older question is not answered later"
        assert sum(at < 1 for at in documents_at) <= 3
        assert len(documents_at) <= BURST + documents_at[-1] * PER_S
        return len(documents_at)


def check(stats: rs.Stats, documents: list[int]) -> None:
    assert all(documents)
    assert stats.keyframes_sent == sum(documents) + FLOODERS
    assert stats.encodings == 1
    assert stats.postponed > REQUESTS * FLOODERS / 2


async def test_an_asyncio_server_answers_a_few_of_them_from_one_encoding() -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial=DOCUMENT)
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        documents = await asyncio.gather(*(asyncio.to_thread(flood, server.url) for _ in range(FLOODERS)))
        check(hub.get_stats(), documents)


async def test_a_threaded_server_answers_a_few_of_them_from_one_encoding() -> None:
    sio = socketio.Server(async_mode="threading")
    hub = rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial=DOCUMENT)
    with hub, serving_threads(socketio.WSGIApp(sio), sio) as url:
        documents = await asyncio.gather(*(asyncio.to_thread(flood, url) for _ in range(FLOODERS)))
        check(hub.get_stats(), documents)
