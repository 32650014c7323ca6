"""Delivery through python-socketio's `AsyncServer`."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any

import socketio
from engineio.exceptions import EngineIOError
from engineio.packet import MESSAGE, Packet
from socketio.packet import EVENT

from realtime_sync.adapters._connections import Connections, refuse_second, unshared
from realtime_sync.adapters._send_queues import SendQueues
from realtime_sync.broadcast.ports import Receiver, Subscriber
from realtime_sync.wire.messages import CLIENT_EVENTS, SUBSCRIBE

__all__ = ["AsyncSocketIOTransport"]

_logger = logging.getLogger("realtime_sync")


class AsyncSocketIOTransport:
    """A `Transport` over one namespace of a `socketio.AsyncServer`.

    It registers handlers for its own events, and none of the application's. Connections and departures it sees by
    wrapping the server's dispatcher, which calls the application's `connect` and `disconnect`, functions or methods of
    a namespace class, as before.

    Args:
        server: A `socketio.AsyncServer`.
        namespace: Where clients subscribe.
    """

    def __init__(self, server: socketio.AsyncServer, namespace: str = "/") -> None:
        self._server = server
        self._namespace = namespace
        self._connections = Connections(server, namespace)
        self._queues = SendQueues(server, namespace)
        self._hanging_up: set[asyncio.Task[None]] = set()  # the loop holds tasks weakly

    @property
    def remembered(self) -> int:
        """Clients of whom something is kept."""
        return self._connections.remembered

    def listen(self, receiver: Receiver) -> None:
        refuse_second(self._namespace, SUBSCRIBE in self._server.handlers.get(self._namespace, {}))
        for event in CLIENT_EVENTS:
            self._server.on(event, self._handler(receiver, event), namespace=self._namespace)
        self._watch_connections(receiver)
        _send_own_packets(self._server)

    def _handler(self, receiver: Receiver, event: str) -> Callable[..., Any]:
        async def handle(sid: str, message: Any = None, *_: Any) -> Any:
            return await receiver.receive(sid, event, message)

        return handle

    def _watch_connections(self, receiver: Receiver) -> None:
        # python-socketio has one handler for `connect` and one for `disconnect`, and they are the application's. Its
        # dispatcher has no public hook; the adapter's tests run this against real connections.
        dispatch = self._server._trigger_event

        async def watch(event: str, namespace: str, *args: Any) -> Any:
            with self._connections.noticed(receiver, event, namespace, args) as noticed:
                noticed.result = await dispatch(event, namespace, *args)
            if self._connections.asks_us(event, namespace, noticed.result):
                return await receiver.receive(args[0], event, None)
            return noticed.result

        self._server._trigger_event = watch

    def subscriber(self, sid: str) -> Subscriber:
        return self._connections.subscriber(sid)

    def is_connected(self, sid: str) -> bool:
        return self._connections.is_connected(sid)

    def members(self, room: str) -> Iterable[str]:
        return self._connections.members(room)

    async def enter(self, sid: str, room: str) -> None:
        self._connections.enter(sid, room)

    def leave(self, sid: str, room: str) -> None:
        self._connections.leave(sid, room)

    def queued(self, sid: str) -> int | None:
        return self._queues.queued(sid)

    def disconnect(self, sid: str) -> None:
        socket = self._queues.end(sid)
        if socket is not None:
            task = asyncio.get_running_loop().create_task(self._hang_up(socket))
            self._hanging_up.add(task)
            task.add_done_callback(self._hanging_up.discard)

    async def _hang_up(self, socket: Any) -> None:
        try:
            await socket.close(wait=False, abort=True)
        finally:
            self._queues.empty(socket)

    # Where the server has a message queue, frames do not go through it: subscribers of a channel of the same name in
    # another process follow that process's log.

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        # As `AsyncServer.emit` does it, but without a task for each packet of each client: a third of the cost.
        packets = self._packets(event, arguments)
        overdue: list[asyncio.Task[None]] = []
        for sid, eio_sid in self._connections.participants(room):
            if sid in skip:
                continue
            sending = self._send(eio_sid, packets)
            if self._queues.is_overdue(eio_sid):
                overdue.append(asyncio.create_task(sending))
            else:
                await sending  # which queues them, and waits for nobody
        if overdue:
            await asyncio.wait(overdue)

    def _packets(self, event: str, arguments: tuple[Any, ...]) -> list[Packet]:
        encoded = self._server.packet_class(EVENT, namespace=self._namespace, data=[event, *arguments]).encode()
        return [Packet(MESSAGE, part) for part in (encoded if isinstance(encoded, list) else [encoded])]

    async def _send(self, eio_sid: str, packets: list[Packet]) -> None:
        try:
            for packet in packets:
                await self._server.eio.send_packet(eio_sid, packet)
        except EngineIOError:
            _logger.info("connection %s is gone; nothing more is sent to it", eio_sid)
        except Exception:  # the others in the room must still get theirs, and it finds the gap itself
            _logger.exception("nothing could be sent to connection %s", eio_sid)

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await self._server.emit(event, arguments, to=sid, namespace=self._namespace, ignore_queue=True)


class _OwnPackets:
    """Sends each client a packet of its own where sharing one would break it; see `unshared`."""

    def __init__(self, send: Callable[[str, Any], Any]) -> None:
        self._send = send

    async def __call__(self, eio_sid: str, packet: Any) -> None:
        await self._send(eio_sid, unshared(packet))


def _send_own_packets(server: socketio.AsyncServer) -> None:
    if not isinstance(server.eio.send_packet, _OwnPackets):  # another namespace may have a broadcaster too
        server.eio.send_packet = _OwnPackets(server.eio.send_packet)
