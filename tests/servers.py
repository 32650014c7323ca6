"""Real servers for tests, on free ports of this machine: uvicorn, and Werkzeug's with a thread for each client."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from werkzeug.serving import BaseWSGIServer, make_server


class RunningServer:
    """A uvicorn server in the running loop.

    Attributes:
        url: Where it answers.
    """

    def __init__(self, app: Any, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        assert self._task is not None, "started before"
        self._server.should_exit = True
        await self._task
        self._socket.close()


@asynccontextmanager
async def serving(app: Any, port: int = 0) -> AsyncIterator[RunningServer]:
    """Serve `app` for the length of a block."""
    server = RunningServer(app, port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def serving_threads(app: Any, sio: Any, port: int = 0) -> Iterator[str]:
    """Serve a WSGI application with the `socketio.Server` in it for the length of a block; give its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server: BaseWSGIServer = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        for client in list(sio.eio.sockets.values()):
            client.close(wait=False)
        server.shutdown()
        thread.join()
        server.server_close()
        sio.shutdown()


async def eventually(condition: Any, timeout_s: float = 10.0) -> None:
    """Return when `condition()` holds: what crosses a real network has no other clock."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
