"""Who is connected to one namespace of a python-socketio server, and in which rooms.

The asyncio server and the threaded one have this in common; neither is imported here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from realtime_sync.broadcast.ports import Receiver, Subscriber
from realtime_sync.errors import AlreadyAttached
from realtime_sync.wire.messages import CHECK_READINESS


@attrs.define
class Dispatch:
    """What the application's handler returned; False refuses a connection."""

    result: Any = False


class Connections:
    """Looks clients up in a server, and notices who comes and goes.

    Args:
        server: A `socketio.AsyncServer` or `socketio.Server`.
        namespace: The namespace in question.
    """

    def __init__(self, server: Any, namespace: str) -> None:
        self._server, self._namespace = server, namespace
        self._auth: dict[str, Any] = {}

    @property
    def remembered(self) -> int:
        """Clients of whom something is kept."""
        return len(self._auth)

    @contextmanager
    def noticed(self, receiver: Receiver, event: str, namespace: str, arguments: tuple[Any, ...]) -> Iterator[Dispatch]:
        """Notice a connection or a departure; the block runs the application's handler of it."""
        dispatch = Dispatch()
        if namespace == self._namespace and event == "connect":
            sid, auth = arguments[0], arguments[2] if len(arguments) > 2 else None
            receiver.arrived()
            self._auth[sid] = auth
            try:
                yield dispatch
            finally:
                if dispatch.result is False:  # refused, by its word or by raising: no `disconnect` will follow
                    self._auth.pop(sid, None)
                    receiver.departed(sid)  # with `always_connect` it could subscribe meanwhile
        elif namespace == self._namespace and event == "disconnect":
            sid = arguments[0]
            try:
                yield dispatch
            finally:
                self._auth.pop(sid, None)
                receiver.departed(sid)
        else:
            yield dispatch

    def asks_us(self, event: str, namespace: str, result: Any) -> bool:
        """Whether an event that was dispatched is a question that the application leaves to the broadcaster.

        Not at registration, but now: the application may register its own handler later. A catch-all has seen it, and
        may have answered.
        """
        unhandled = (None, getattr(self._server, "not_handled", None))
        if event != CHECK_READINESS or namespace != self._namespace or not any(result is one for one in unhandled):
            return False
        handlers = self._server.handlers
        own = event in handlers.get(namespace, {}) or event in handlers.get("*", {})
        spaces = (self._server.namespace_handlers.get(name) for name in (namespace, "*"))
        return not own and not any(hasattr(space, f"on_{event}") for space in spaces)

    def subscriber(self, sid: str) -> Subscriber:
        environ = self._server.get_environ(sid, self._namespace) or {}
        return Subscriber(sid, sid, self._namespace, environ, self._auth.get(sid))

    def is_connected(self, sid: str) -> bool:
        return bool(self._server.manager.is_connected(sid, self._namespace))

    def members(self, room: str) -> Iterable[str]:
        return [sid for sid, _ in self.participants(room)]

    def participants(self, room: str) -> list[tuple[str, str]]:
        """Return who is in a room: session ids, each with that of its connection."""
        # Older releases raise for a namespace in which nobody is.
        if self._namespace not in self._server.manager.rooms:
            return []
        return list(self._server.manager.get_participants(self._namespace, room))

    def enter(self, sid: str, room: str) -> None:
        if self.is_connected(sid):
            self._server.manager.basic_enter_room(sid, self._namespace, room)

    def leave(self, sid: str, room: str) -> None:
        # The servers' own leave_room is a coroutine, or asks other processes; a revoked subscriber must be out at once.
        self._server.manager.basic_leave_room(sid, self._namespace, room)


def refuse_second(namespace: str, has_first: bool) -> None:
    """Raise AlreadyAttached when somebody answers our events in a namespace already."""
    if has_first:
        raise AlreadyAttached(
            f"namespace {namespace!r} of this server has a broadcaster already: share that one, or attach to another "
            "namespace"
        )


def unshared(packet: Any) -> Any:
    """Return an Engine.IO packet that one client may have for itself.

    python-engineio gives one packet to every client of a room, and the packet keeps how it was encoded first: bytes for
    the first client on a WebSocket, which a client on polling cannot take, whose base64 then fails. Also, what is
    `bytearray` would be sent as the text "bytearray(b'...')" by simple-websocket.
    """
    return type(packet)(packet.packet_type, bytes(packet.data)) if packet.binary else packet
