"""A transport without a network, and clients on it."""

import itertools
import json
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from realtime_sync.broadcast.ports import Receiver, Subscriber
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.replication.subscription import Outgoing


class MemoryTransport:
    """A `Transport` within one process: what is delivered lies in the clients' inboxes.

    It serves both shells: its coroutines never suspend, and it may be called from any thread. Like a real one it
    copies: a client never holds the server's own objects.

    Attributes:
        failure: When set, every delivery raises it.
        delivered: Deliveries made, to rooms and to clients.
    """

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.delivered = 0
        self._receiver: Receiver | None = None
        self._clients: dict[str, MemoryClient] = {}
        self._rooms: dict[str, dict[str, None]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # around the rooms

    def connect(self, *, auth: Any = None, environ: Mapping[str, Any] | None = None) -> "MemoryClient":
        """Return a new connected client."""
        sid = f"client-{next(self._numbers)}"
        client = self._clients[sid] = MemoryClient(self, Subscriber(sid, sid, "/", environ or {}, auth))
        self.receiver.arrived()
        return client

    def disconnect(self, sid: str) -> None:
        """End a client's connection."""
        with self._lock:
            client = self._clients.pop(sid, None)
            for room in list(self._rooms):
                self._take_out(sid, room)
        if client is not None:
            self.receiver.departed(sid)

    @property
    def receiver(self) -> Receiver:
        """Who listens."""
        assert self._receiver is not None, "make the broadcaster before its clients"
        return self._receiver

    @property
    def rooms(self) -> dict[str, list[str]]:
        """The session ids in each room that is not empty."""
        with self._lock:
            return {room: list(members) for room, members in self._rooms.items()}

    def listen(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def subscriber(self, sid: str) -> Subscriber:
        return self._clients[sid].subscriber

    def is_connected(self, sid: str) -> bool:
        return sid in self._clients

    def queued(self, sid: str) -> int | None:
        client = self._clients.get(sid)
        return None if client is None else client.queued

    def members(self, room: str) -> Iterable[str]:
        with self._lock:
            return list(self._rooms.get(room, ()))

    async def enter(self, sid: str, room: str) -> None:
        with self._lock:
            if sid in self._clients:
                self._rooms.setdefault(room, {})[sid] = None

    def leave(self, sid: str, room: str) -> None:
        with self._lock:
            self._take_out(sid, room)

    def _take_out(self, sid: str, room: str) -> None:
        members = self._rooms.get(room, {})
        members.pop(sid, None)
        if not members:
            self._rooms.pop(room, None)

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], *, skip: Collection[str] = ()) -> None:
        if self.failure is not None:
            raise self.failure
        for sid in self.members(room):
            if sid not in skip:
                await self.deliver_to(sid, event, arguments)

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        if self.failure is not None:
            raise self.failure
        self.delivered += 1
        client = self._clients.get(sid)
        if client is not None:
            client.inbox.append((event, tuple(_copied(argument) for argument in arguments)))


class MemoryClient:
    """A client of a `MemoryTransport`.

    Attributes:
        subscriber: Who the server takes it for.
        inbox: (event, arguments) of everything that was delivered, oldest first; yours to take from.
        queued: What the server is told when it asks how much waits for this client; None: it cannot be told.
    """

    def __init__(self, transport: MemoryTransport, subscriber: Subscriber) -> None:
        self._transport = transport
        self.subscriber = subscriber
        self.inbox: list[tuple[str, tuple[Any, ...]]] = []
        self.queued: int | None = None

    @property
    def sid(self) -> str:
        """Its session id."""
        return self.subscriber.sid

    async def send(self, event: str, message: Any) -> Any:
        """Send a message to the server; return the acknowledgement."""
        return await self._transport.receiver.receive(self.sid, event, _copied(message))

    def send_now(self, event: str, message: Any) -> Any:
        """`send`, for a server on threads: return when it has been answered."""
        return run_now(self.send(event, message))

    def enter_now(self, room: str) -> None:
        """`enter`, for a server on threads."""
        run_now(self.enter(room))

    async def send_all(self, outgoing: Iterable[Outgoing]) -> None:
        """Send what a `Subscription` has to say."""
        for said in outgoing:
            await self.send(said.event, said.message)

    async def enter(self, room: str) -> None:
        """Be put into a room by the application."""
        await self._transport.enter(self.sid, room)

    def disconnect(self) -> None:
        """End the connection."""
        self._transport.disconnect(self.sid)

    def take(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Return what is in the inbox, and empty it."""
        taken, self.inbox = self.inbox, []
        return taken


def _copied(value: Any) -> Any:
    """Return a JSON value, in which bytes may be, as it arrives at the other end of a Socket.IO connection."""
    if isinstance(value, dict):
        return {key: _copied(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(child) for child in value]
    return value if isinstance(value, bytes) else json.loads(json.dumps(value))
