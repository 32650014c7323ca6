"""Delivery through python-socketio's `AsyncServer`."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import socketio

from realtime_sync.broadcast.ports import Receiver, Subscriber
from realtime_sync.errors import AlreadyAttached
from realtime_sync.wire.messages import FETCH, RESYNC, SUBSCRIBE, UNSUBSCRIBE

__all__ = ["AsyncSocketIOTransport"]


class AsyncSocketIOTransport:
    """A `Transport` over one namespace of a `socketio.AsyncServer`.

    It registers handlers for its own four events, and none of the application's. Connections and departures it sees by
    wrapping the server's dispatcher, which calls the application's `connect` and `disconnect`, functions or methods of
    a namespace class, as before.

    Args:
        server: A `socketio.AsyncServer`.
        namespace: Where clients subscribe.
    """

    def __init__(self, server: socketio.AsyncServer, namespace: str = "/") -> None:
        self._server = server
        self._namespace = namespace
        self._auth: dict[str, Any] = {}

    def listen(self, receiver: Receiver) -> None:
        if SUBSCRIBE in self._server.handlers.get(self._namespace, {}):
            raise AlreadyAttached(
                f"namespace {self._namespace!r} of this server has a broadcaster already: share that one, or attach to "
                "another namespace"
            )
        for event in (SUBSCRIBE, RESYNC, UNSUBSCRIBE, FETCH):
            self._server.on(event, self._handler(receiver, event), namespace=self._namespace)
        self._watch_connections(receiver)

    def _handler(self, receiver: Receiver, event: str) -> Callable[..., Any]:
        async def handle(sid: str, message: Any = None, *_: Any) -> Any:
            return await receiver.receive(sid, event, message)

        return handle

    def _watch_connections(self, receiver: Receiver) -> None:
        # python-socketio has one handler for `connect` and one for `disconnect`, and they are the application's. Its
        # dispatcher has no public hook; the adapter's tests run this against real connections.
        dispatch = self._server._trigger_event

        async def watch(event: str, namespace: str, *args: Any) -> Any:
            if namespace != self._namespace or event not in ("connect", "disconnect"):
                return await dispatch(event, namespace, *args)
            sid = args[0]
            if event == "disconnect":
                try:
                    return await dispatch(event, namespace, *args)
                finally:
                    self._auth.pop(sid, None)
                    receiver.departed(sid)
            receiver.arrived()
            self._auth[sid] = args[2] if len(args) > 2 else None
            result = False
            try:
                result = await dispatch(event, namespace, *args)
            finally:
                if result is False:  # refused, by its word or by raising: no `disconnect` will follow
                    self._auth.pop(sid, None)
            return result

        self._server._trigger_event = watch

    def subscriber(self, sid: str) -> Subscriber:
        environ = self._server.get_environ(sid, self._namespace) or {}
        return Subscriber(sid, sid, self._namespace, environ, self._auth.get(sid))

    def is_connected(self, sid: str) -> bool:
        return bool(self._server.manager.is_connected(sid, self._namespace))

    def members(self, room: str) -> Iterable[str]:
        # Older releases raise for a namespace in which nobody is.
        if self._namespace not in self._server.manager.rooms:
            return []
        return [sid for sid, _ in self._server.manager.get_participants(self._namespace, room)]

    async def enter(self, sid: str, room: str) -> None:
        if self.is_connected(sid):
            await self._server.enter_room(sid, room, namespace=self._namespace)

    def leave(self, sid: str, room: str) -> None:
        # The server's own leave_room is a coroutine around this; a revoked subscriber must be out at once.
        self._server.manager.basic_leave_room(sid, self._namespace, room)

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        await self._server.emit(event, arguments, room=room, skip_sid=list(skip), namespace=self._namespace)

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await self._server.emit(event, arguments, to=sid, namespace=self._namespace)
