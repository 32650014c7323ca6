"""Broadcasters on real servers that are started, used and closed, again and again, without a network.

As a program (`python -m tests.adapters.starts_and_ends ROUNDS`) under gevent; prints what is left, as JSON.
"""

import gc
import json
import sys
import threading
import weakref
from typing import Any

if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()

import engineio.async_socket  # after the patching, as gevent wants it
import engineio.socket
import pytest
import socketio

import realtime_sync as rs

CONNECT = "0"
SUBSCRIBE: dict[str, Any] = {"version": 1, "channel": "c", "request": "1", "codecs": ["msgpack+zstd"], "position": None}
USED_EVERY = 10
"""Of so many broadcasters one gets a client, and all that a client brings about."""


def packet_of(event: str, message: Any) -> str:
    """Return a Socket.IO packet as a client sends it."""
    return f"2{json.dumps([event, message])}"


def new_socket(sio: Any) -> Any:
    """Return the server's end of a connection that nobody opened."""
    kind: Any = engineio.async_socket.AsyncSocket if sio.is_asyncio_based() else engineio.socket.Socket
    sio.eio.sockets["e"] = kind(sio.eio, "e")
    return sio.eio.sockets["e"]


def received(socket: Any) -> list[Any]:
    """Return what waits for a client, as it would be sent: text and bytes."""
    packets = []
    while not socket.queue.empty():
        packets.append(socket.queue.get_nowait().data)
    return packets


def check_ended(hub: Any, channel: Any) -> None:
    """A broadcaster that was closed takes nothing more."""
    with pytest.raises(rs.ChannelClosed):
        channel.emit("e", 1)
    with pytest.raises(rs.ChannelClosed):
        channel.publish({})
    with pytest.raises(rs.ChannelClosed):
        hub.channel("new")


async def use_on_asyncio(number: int) -> "weakref.ref[Any]":
    """Start, use and close one broadcaster on a `socketio.AsyncServer`."""
    sio = socketio.AsyncServer(async_mode="asgi")
    async with rs.attach(sio, authorize=rs.allow_everyone, log=rs.MemoryLog()) as hub:
        channel = hub.channel("c", initial={"n": 0})
        channel.watch(lambda: {"n": number}, interval_ms=100_000)
        if number % USED_EVERY == 0:
            socket = new_socket(sio)
            await sio._handle_eio_connect("e", {})
            for packet in (CONNECT, packet_of("sync:subscribe", SUBSCRIBE)):
                await sio._handle_eio_message("e", packet)
            await hub.flush_all()
            channel.emit("last", number)
    if number % USED_EVERY == 0:
        assert any(isinstance(packet, bytes) and b"last" in packet for packet in received(socket)), "close drains"
    check_ended(hub, channel)
    await hub.close()
    return weakref.ref(hub)


def use_on_threads(number: int, async_mode: str) -> "weakref.ref[Any]":
    """Start, use and close one broadcaster on a `socketio.Server`."""
    sio = socketio.Server(async_mode=async_mode)
    with rs.attach(sio, authorize=rs.allow_everyone, log=rs.MemoryLog()) as hub:
        channel = hub.channel("c", initial={"n": 0})
        channel.watch(lambda: {"n": number}, interval_ms=100_000)
        if number % USED_EVERY == 0:
            socket = new_socket(sio)
            sio._handle_eio_connect("e", {})
            for packet in (CONNECT, packet_of("sync:subscribe", SUBSCRIBE)):
                sio._handle_eio_message("e", packet)
            while not hub.get_stats().subscriptions:
                sio.sleep(0.001)
            hub.flush_all()
            channel.emit("last", number)
    if number % USED_EVERY == 0:
        assert any(isinstance(packet, bytes) and b"last" in packet for packet in received(socket)), "close drains"
    check_ended(hub, channel)
    hub.close()
    return weakref.ref(hub)


def under_gevent(rounds: int) -> dict[str, Any]:
    """Return the threads, greenlets, timers and broadcasters that are left."""
    import gevent

    def greenlets() -> int:
        gc.collect()
        return sum(isinstance(one, gevent.Greenlet) and not one.dead for one in gc.get_objects())

    use_on_threads(0, "gevent")
    gevent.sleep(0)
    before = greenlets(), threading.active_count(), gevent.get_hub().loop.activecnt
    hubs = [use_on_threads(number, "gevent") for number in range(rounds)]
    gevent.sleep(0)
    after = greenlets(), threading.active_count(), gevent.get_hub().loop.activecnt
    return {"before": before, "after": after, "hubs": sum(hub() is not None for hub in hubs)}


if __name__ == "__main__":
    print(json.dumps(under_gevent(int(sys.argv[1]))))
