"""Where a threaded server comes from: it is given, or an extension makes it later."""

from collections.abc import Callable
from typing import Any, Protocol

from realtime_sync.broadcast.primitives import Event, Primitives, Thread


class ServerSource(Protocol):
    """Brings a `socketio.Server`, and registers handlers the way that an application of its kind does."""

    @property
    def server(self) -> Any:
        """The server; None as long as there is none."""

    @property
    def async_mode(self) -> str | None:
        """Of the server that is, or is to come; None when nobody has said."""

    def handles(self, event: str, namespace: str) -> bool:
        """Whether there is a handler."""

    def on(self, event: str, namespace: str, handler: Callable[..., Any]) -> None:
        """Register a handler: called with the session id, then what the client sent."""

    def when_made(self, use: Callable[[Any], None]) -> None:
        """Call `use` with the server as soon as there is one, and with each that takes its place."""


class GivenServer(ServerSource):
    """A `socketio.Server` that is there."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def server(self) -> Any:
        return self._server

    @property
    def async_mode(self) -> str | None:
        mode: str = self._server.async_mode
        return mode

    def handles(self, event: str, namespace: str) -> bool:
        return event in self._server.handlers.get(namespace, {})

    def on(self, event: str, namespace: str, handler: Callable[..., Any]) -> None:
        self._server.on(event, handler, namespace=namespace)

    def when_made(self, use: Callable[[Any], None]) -> None:
        use(self._server)


def primitives_of(source: ServerSource) -> Primitives:
    """Return what the server runs on, threads or greenlets; until there is one, Python's threads."""
    before = Primitives()

    def event() -> Event:
        made: Event = before.event() if source.server is None else source.server.eio.create_event()
        return made

    def start(run: Callable[[], None]) -> Thread:
        started: Thread = before.start(run) if source.server is None else source.server.start_background_task(run)
        return started

    return Primitives(event=event, start=start)
