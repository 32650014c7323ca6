"""The server inside a Flask-SocketIO extension."""

from collections.abc import Callable
from typing import Any

import flask
import flask_socketio

from realtime_sync.adapters._server_source import ServerSource

__all__ = ["FlaskServer"]


class FlaskServer(ServerSource):
    """Where a `flask_socketio.SocketIO` keeps its `socketio.Server`; before `init_app` there is none.

    Handlers are registered with the extension, so that they run in Flask's request context.

    Args:
        extension: Whose `init_app` was called, or will be; with an application factory perhaps several times, which
            makes a new server each time.
    """

    def __init__(self, extension: flask_socketio.SocketIO) -> None:
        self._extension = extension

    @property
    def server(self) -> Any:
        return self._extension.server

    @property
    def async_mode(self) -> str | None:
        server = self._extension.server
        mode: str | None = self._extension.server_options.get("async_mode") if server is None else server.async_mode
        return mode

    def handles(self, event: str, namespace: str) -> bool:
        if self._extension.server is not None:
            return event in self._extension.server.handlers.get(namespace, {})
        return any((name, space) == (event, namespace) for name, _, space in self._extension.handlers)

    def on(self, event: str, namespace: str, handler: Callable[..., Any]) -> None:
        def handle(*arguments: Any) -> Any:
            sid: str = flask.request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
            return handler(sid, *arguments)

        self._extension.on(event, namespace=namespace)(handle)

    def when_made(self, use: Callable[[Any], None]) -> None:
        if self._extension.server is not None:
            use(self._extension.server)
        init_app = self._extension.init_app

        def init_app_and_use(*arguments: Any, **options: Any) -> None:
            init_app(*arguments, **options)
            use(self._extension.server)

        self._extension.init_app = init_app_and_use
