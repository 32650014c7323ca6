"""A server on an event loop, as code on threads sees it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import socketio
import uvicorn


class ServerOnLoop:
    """The methods of a `socketio.Server`, of an `AsyncServer` whose loop runs in another thread.

    Args:
        sio: The server.

    Attributes:
        manager: What it knows of rooms.
    """

    def __init__(self, sio: socketio.AsyncServer) -> None:
        self._sio = sio
        self._loop: asyncio.AbstractEventLoop | None = None
        self.manager = sio.manager

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what a coroutine comes to on the loop."""
        assert self._loop is not None, "serve() was called"
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def emit(self, event: str, data: Any) -> None:
        self.wait(self._sio.emit(event, data))

    def sleep(self, seconds: float) -> None:
        """Let others have a turn; for longer than a moment, in the loop, so that it counts when nothing runs there."""
        if seconds:
            self.wait(asyncio.sleep(seconds))
        else:
            time.sleep(0)

    def start_background_task(self, target: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        return thread

    def on(self, event: str, use: Callable[..., Any]) -> None:
        """Let a function that may block handle an event, in a thread."""

        async def handle(sid: str, value: Any) -> Any:
            return await asyncio.to_thread(use, value)

        self._sio.on(event, handle)

    def enter(self, sid: str, room: str) -> Coroutine[Any, Any, None]:
        work: Coroutine[Any, Any, None] = self._sio.enter_room(sid, room)
        return work

    def serve(self, port: int) -> None:
        asyncio.run(self._serve(port))

    async def _serve(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", port))
        config = uvicorn.Config(socketio.ASGIApp(self._sio), log_level="error")
        print(listener.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])
