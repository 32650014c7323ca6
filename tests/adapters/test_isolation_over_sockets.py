"""What is written to one channel is not in the bytes that cross the socket of a subscriber to another: real servers."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.wire.codec import get_codec
from tests.adapters.raw_client import RawClient
from tests.servers import serving, serving_threads

CODECS = ("json", "msgpack", "msgpack+zstd", "json+deflate")
END = "that is all"
ANSWERED = '"ack"2'
"""In what a client was sent: the last one of its requests was answered."""


def may_watch(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
    return bool(subscriber.auth == channel or channel.startswith("open"))


class Outsider:
    """A client that subscribes to one channel and asks for another's, too.

    Attributes:
        text: Everything that it was sent, decoded.
    """

    def __init__(self, url: str, codec: str) -> None:
        self.text = ""
        self._client = RawClient(url)
        self._codec = get_codec(codec)
        self._client.send("enter", "open")
        for id, channel in enumerate(("open", "secret", "unknown")):
            self._client.send(
                "sync:subscribe",
                {"version": 1, "channel": channel, "request": channel, "codecs": [codec], "position": None},
            )
            self._client.send("sync:resync", {"channel": channel, "request": "2", "position": ["A", 1]})
            self._client.send("sync:fetch", {"channel": channel, "pointer": ""}, id=id)

    @property
    def sid(self) -> str:
        return self._client.sid

    def listen(self, until: str) -> None:
        """Take in what it is sent, up to and including what has `until` in it."""
        while until not in self.text:
            message = self._client.receive()
            for argument in message:
                self.text += json.dumps(self._codec.decode(argument) if isinstance(argument, bytes) else argument)

    def __enter__(self) -> "Outsider":
        self._client.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._client.__exit__(*error)


def write(hub: Any, flush: Callable[[Any], Any]) -> list[Any]:
    """Write the same into both channels, each with a word of its own; return what the flushes returned."""
    flushed = []
    for number in range(30):
        for name, word in (("secret", "canary"), ("open", "sparrow")):
            channel = hub.channel(name)
            channel.publish({"word": word, "list": [word] * number, f"{word}_key": {"n": number}})
            channel.emit(f"{word}_event", {"said": word})
            flushed.append(flush(channel))
    hub.channel("open").emit("over", END)
    flushed.append(flush(hub.channel("open")))
    return flushed


def check(outsider: Outsider) -> None:
    assert "sparrow" in outsider.text
    assert "canary" not in outsider.text
    assert outsider.text.count("forbidden") == 6, "three times each about what is secret, and what is unknown"


@pytest.mark.parametrize("codec", CODECS)
async def test_no_canary_crosses_an_asyncio_servers_socket(codec: str) -> None:
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=may_watch, window_ms=5)

    async def enter(sid: str, room: str) -> None:
        await sio.enter_room(sid, room)

    sio.on("enter", enter)
    hub.channel("open", initial={"word": "sparrow"})
    hub.channel("secret", initial={"word": "canary"})
    async with hub, serving(socketio.ASGIApp(sio)) as server:
        outsider = await asyncio.to_thread(Outsider, server.url, codec)
        with outsider:
            await asyncio.to_thread(outsider.listen, ANSWERED)
            for flushed in write(hub, lambda channel: channel.flush()):
                await flushed
            await asyncio.to_thread(outsider.listen, END)
            check(outsider)
            assert hub.revoke(sid=outsider.sid) == 1
            hub.channel("open").publish({"word": "for nobody"})
            await hub.channel("open").flush()
            await sio.emit("last", "and last", to=outsider.sid)
            await asyncio.to_thread(outsider.listen, "and last")
            assert "for nobody" not in outsider.text


@pytest.mark.parametrize("codec", CODECS)
def test_no_canary_crosses_a_threaded_servers_socket(codec: str) -> None:
    sio = socketio.Server(async_mode="threading")
    hub = rs.ThreadedBroadcaster.on(sio, authorize=may_watch, window_ms=5)
    sio.on("enter", lambda sid, room: sio.enter_room(sid, room))
    hub.channel("open", initial={"word": "sparrow"})
    hub.channel("secret", initial={"word": "canary"})
    with hub, serving_threads(socketio.WSGIApp(sio), sio) as url, Outsider(url, codec) as outsider:
        outsider.listen(ANSWERED)
        write(hub, lambda channel: channel.flush())
        outsider.listen(END)
        check(outsider)
        assert hub.revoke(sid=outsider.sid) == 1
        hub.channel("open").publish({"word": "for nobody"})
        hub.channel("open").flush()
        sio.emit("last", "and last", to=outsider.sid)
        outsider.listen("and last")
        assert "for nobody" not in outsider.text
