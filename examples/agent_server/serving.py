"""Putting the application on a port."""

import errno
import socket

import uvicorn

from examples.agent_server.socket_meter import Application

DEFAULT_PORT = 8000

SHUTDOWN_S = 2
"""Browsers that hold their connections open get no longer than this when the server ends."""


def listen(host: str, port: int | None) -> socket.socket:
    """Return a listening socket.

    Args:
        port: 0 for any free one; None for 8000, or any free one where that is taken.

    Raises:
        OSError: `host` is no address of this machine, or `port` is taken.
    """
    if port is not None:
        return _listen(host, port)
    try:
        return _listen(host, DEFAULT_PORT)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        return _listen(host, 0)


def _listen(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address, family=family)


def url_of(listening: socket.socket) -> str:
    """Return the address to type into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def web_server(application: Application) -> uvicorn.Server:
    """Return a server for `application`; serve it on what `listen` returned.

    WebSocket messages are not compressed: what the application counts is what leaves, and small patches gain little.
    """
    return uvicorn.Server(
        uvicorn.Config(
            application,
            log_level="warning",
            lifespan="on",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
