"""Delivery through python-socketio's `Server`, which runs on threads or greenlets."""

import functools
from collections.abc import Callable, Collection, Iterable
from typing import Any

import socketio
from engineio.exceptions import SocketIsClosedError

from realtime_sync.adapters._connections import Connections, refuse_second
from realtime_sync.adapters._request_lines import RequestLines
from realtime_sync.adapters._rooms_lock import rooms_lock
from realtime_sync.adapters._send_queues import SendQueues
from realtime_sync.adapters._server_source import ServerSource, primitives_of
from realtime_sync.adapters._whole_packets import WholePackets
from realtime_sync.broadcast.ports import Receiver, Subscriber
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.errors import UnsupportedServer
from realtime_sync.wire.messages import CLIENT_EVENTS, SUBSCRIBE

__all__ = ["ThreadedSocketIOTransport"]


class ThreadedSocketIOTransport:
    """A `Transport` over one namespace of a `socketio.Server`. Its coroutines never suspend.

    It registers handlers for its own events, and none of the application's. What python-socketio leaves to
    applications that use several threads it does for them: whole packets, rooms, and the order of requests; each has a
    file beside this one.

    Args:
        source: Brings the server, now or later.
        namespace: Where clients subscribe.
    """

    def __init__(self, source: ServerSource, namespace: str = "/") -> None:
        self._source = source
        self._namespace = namespace
        self._server: socketio.Server | None = None
        self._connections: Connections | None = None
        self._queues: SendQueues | None = None
        self._rooms_lock: Any = None

    @property
    def remembered(self) -> int:
        """Clients of whom something is kept."""
        return 0 if self._connections is None else self._connections.remembered

    def listen(self, receiver: Receiver) -> None:
        refuse_second(self._namespace, self._source.handles(SUBSCRIBE, self._namespace))
        _refuse_eventlet(self._source.async_mode)
        self._source.when_made(functools.partial(self._serve, receiver))
        for event in CLIENT_EVENTS:
            self._source.on(event, self._namespace, self._handler(receiver, event))

    def _handler(self, receiver: Receiver, event: str) -> Callable[..., Any]:
        def handle(sid: str, message: Any = None, *_: Any) -> Any:
            return run_now(receiver.receive(sid, event, message))

        return handle

    def _serve(self, receiver: Receiver, server: socketio.Server) -> None:
        _refuse_eventlet(server.async_mode)
        WholePackets.guard(server, SocketIsClosedError)
        self._rooms_lock = rooms_lock(server.manager)
        self._server, self._connections = server, Connections(server, self._namespace)
        self._queues = SendQueues(server, self._namespace)
        self._watch_connections(server, self._connections, receiver)
        self._answer_in_order(server)

    def _watch_connections(self, server: socketio.Server, connections: Connections, receiver: Receiver) -> None:
        # As on the asyncio server: `connect` and `disconnect` have one handler each, and they are the application's.
        dispatch = server._trigger_event

        def watch(event: str, namespace: str, *args: Any) -> Any:
            with connections.noticed(receiver, event, namespace, args) as noticed:
                noticed.result = dispatch(event, namespace, *args)
            if connections.asks_us(event, namespace, noticed.result):
                return run_now(receiver.receive(args[0], event, None))
            return noticed.result

        server._trigger_event = watch

    def _answer_in_order(self, server: socketio.Server) -> None:
        handle = server._handle_event
        lines = RequestLines(primitives_of(self._source))

        def handle_in_order(eio_sid: str, namespace: str | None, id: int | None, data: Any) -> Any:
            if (namespace or "/") != self._namespace or data[0] not in CLIENT_EVENTS or not server.async_handlers:
                return handle(eio_sid, namespace, id, data)
            sid = server.manager.sid_from_eio_sid(eio_sid, self._namespace)
            answer = functools.partial(server._handle_event_internal, server, sid, eio_sid, data, self._namespace, id)
            lines.add(eio_sid, lambda: answer() if self.is_connected(sid) else None)
            return None

        server._handle_event = handle_in_order

    # ---- clients and rooms: until there is a server, nobody --------------------------------------------------------

    def subscriber(self, sid: str) -> Subscriber:
        assert self._connections is not None, "only a server has clients"
        return self._connections.subscriber(sid)

    def is_connected(self, sid: str) -> bool:
        return self._connections is not None and self._connections.is_connected(sid)

    def members(self, room: str) -> Iterable[str]:
        return () if self._connections is None else self._connections.members(room)

    async def enter(self, sid: str, room: str) -> None:
        if self._connections is not None:
            with self._rooms_lock:  # who is leaving now must not be in a room afterwards
                self._connections.enter(sid, room)

    def leave(self, sid: str, room: str) -> None:
        if self._connections is not None:
            self._connections.leave(sid, room)

    def queued(self, sid: str) -> int | None:
        return None if self._queues is None else self._queues.queued(sid)

    def disconnect(self, sid: str) -> None:
        queues = self._queues
        socket = None if queues is None else queues.end(sid)
        if queues is None or socket is None or self._server is None:
            return

        def hang_up() -> None:
            try:
                socket.close(wait=False, abort=True)
            finally:
                queues.empty(socket)

        # Elsewhere: it runs the application's handler of a disconnection, and the caller may hold locks.
        self._server.start_background_task(hang_up)

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        self._emit(event, arguments, room=room, skip_sid=list(skip))

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        self._emit(event, arguments, to=sid)

    def _emit(self, event: str, arguments: tuple[Any, ...], **to: Any) -> None:
        if self._server is not None:
            # Not through a message queue: subscribers in another process follow that process's log.
            self._server.emit(event, arguments, namespace=self._namespace, ignore_queue=True, **to)


def _refuse_eventlet(async_mode: str | None) -> None:
    if async_mode == "eventlet":
        raise UnsupportedServer(
            'this server runs on eventlet, which its maintainers are retiring: pass async_mode="threading" (with '
            'simple-websocket installed) or async_mode="gevent" to it; when none is passed, python-socketio takes '
            "eventlet wherever it is installed"
        )
