"""A frame for a room reaches everybody in it on asyncio, whatever happens to one of them, and nobody is waited for."""

import asyncio
import logging
import time
from typing import Any

import engineio.async_socket
import pytest
import socketio

import realtime_sync as rs
from realtime_sync.adapters.python_socketio import AsyncSocketIOTransport


class Room:
    """Three connections of a real server, without a network, in one room."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncServer(async_mode="asgi")
        self.transport = AsyncSocketIOTransport(self.sio)
        rs.AsyncBroadcaster(self.transport, authorize=rs.allow_everyone)
        self.sockets: dict[str, Any] = {}

    async def fill(self) -> None:
        for name in ("e1", "e2", "e3"):
            self.sockets[name] = self.sio.eio.sockets[name] = engineio.async_socket.AsyncSocket(self.sio.eio, name)
            await self.sio._handle_eio_connect(name, {})
            await self.sio._handle_eio_message(name, "0")
            sid = self.sio.manager.sid_from_eio_sid(name, "/")
            await self.transport.enter(sid, "room")
            self.heard(name)

    def heard(self, name: str) -> list[Any]:
        """Return what was queued to a connection since the last look, as it would be sent."""
        queue, packets = self.sockets[name].queue, []
        while not queue.empty():
            packets.append(queue.get_nowait().data)
        return packets


@pytest.fixture
async def room() -> Room:
    room = Room()
    await room.fill()
    return room


FRAME = ['51-["batch_update","c",{"_placeholder":true,"num":0}]', b"frame"]


async def test_everybody_gets_the_text_and_its_attachment_but_the_skipped(room: Room) -> None:
    skipped = room.sio.manager.sid_from_eio_sid("e2", "/")
    await room.transport.deliver("room", "batch_update", ("c", b"frame"), skip=(skipped,))
    assert [room.heard(name) for name in room.sockets] == [FRAME, [], FRAME]
    await room.transport.deliver("nobody", "batch_update", ("c", b"frame"))
    assert [room.heard(name) for name in room.sockets] == [[], [], []]


async def test_nobody_is_waited_for(room: Room) -> None:
    delivering = room.transport.deliver("room", "batch_update", ("c", b"frame"))
    with pytest.raises(StopIteration):
        delivering.send(None)
    assert [room.heard(name) for name in room.sockets] == [FRAME, FRAME, FRAME]


async def test_one_whose_time_is_over_is_ended_while_the_others_have_theirs(room: Room) -> None:
    ended = asyncio.Event()

    @room.sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await ended.wait()  # an application may take its time

    room.sockets["e1"].last_ping = time.time() - 1_000
    delivering = asyncio.ensure_future(room.transport.deliver("room", "batch_update", ("c", b"frame")))
    await asyncio.sleep(0)
    assert [room.heard(name) for name in ("e2", "e3")] == [FRAME, FRAME]
    assert not delivering.done()
    ended.set()
    await delivering
    assert not room.sio.manager.is_connected("e1", "/")


async def test_one_that_has_just_gone_harms_nobody(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="realtime_sync")
    socket = room.sockets["e1"]
    room.sio.eio._get_socket = lambda eio_sid: room.sockets[eio_sid]  # it closes after it was looked up
    socket.closed = True
    await room.transport.deliver("room", "batch_update", ("c", b"frame"))
    assert [room.heard(name) for name in room.sockets] == [[], FRAME, FRAME]
    assert caplog.messages == ["connection e1 is gone; nothing more is sent to it"]


async def test_one_that_cannot_be_sent_to_is_told_in_the_log_and_harms_nobody(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    del room.sockets["e2"].queue
    await room.transport.deliver("room", "batch_update", ("c", b"frame"))
    assert [room.heard(name) for name in ("e1", "e3")] == [FRAME, FRAME]
    assert caplog.messages == ["nothing could be sent to connection e2"]
