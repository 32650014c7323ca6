"""Real servers for tests: uvicorn on a free port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


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


async def eventually(condition: Any, timeout_s: float = 10.0) -> None:
    """Return when `condition()` holds: what crosses a real network has no other clock."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
