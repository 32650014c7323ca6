"""The web application: one page, one channel of a run, one of figures."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import socketio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import realtime_sync
from examples.agent_server.questions import Reply
from examples.agent_server.run import RunOptions
from examples.agent_server.session import Session
from examples.agent_server.socket_meter import SocketMeter

STATIC = Path(__file__).parent / "static"
SOCKET_PATH = "/socket.io"


class AgentServer:
    """The application for uvicorn, and what it is made of.

    Args:
        folder: What the runs look into.
        options: How they do it.

    Attributes:
        app: The ASGI application.
        session: The run and its channels.
        meter: Counts what leaves through the sockets.
    """

    def __init__(self, folder: Path, options: RunOptions) -> None:
        self._sio = socketio.AsyncServer(async_mode="asgi")
        self.hub = realtime_sync.attach(self._sio, authorize=realtime_sync.allow_everyone)
        web = Starlette(routes=self._routes(), lifespan=self._lifespan)
        socket_app = socketio.ASGIApp(self._sio, other_asgi_app=web, socketio_path=SOCKET_PATH)
        self.app = self.meter = SocketMeter(socket_app, path=SOCKET_PATH)
        self.session = Session(self.hub, folder.resolve(strict=True), options, bytes_sent=lambda: self.meter.bytes_sent)
        self._viewers: dict[str, str] = {}  # session id, which nobody else may learn -> name
        self._viewer_numbers = itertools.count(1)
        self._take_messages()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self.hub:
            self.session.open()
            yield
            await self.session.close()
        await self._sio.shutdown()

    # ---- what browsers send --------------------------------------------------------------------------------------

    def _take_messages(self) -> None:
        self._sio.on("connect", self._on_connect)
        self._sio.on("disconnect", self._on_disconnect)
        self._sio.on("start_run", self._on_start_run)
        self._sio.on("hitl_response", self._on_hitl_response)
        self._sio.on("check_readiness", self._on_check_readiness)

    async def _on_connect(self, sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
        self._viewers[sid] = f"viewer {next(self._viewer_numbers)}"

    async def _on_disconnect(self, sid: str, *_: Any) -> None:
        self._viewers.pop(sid, None)

    async def _on_start_run(self, _sid: str, *_: Any) -> dict[str, Any]:
        return self.session.start().to_json()

    async def _on_hitl_response(self, sid: str, *arguments: Any) -> dict[str, Any]:
        if len(arguments) != 1:
            return Reply(False, "an answer is one object").to_json()
        return self.session.answer(arguments[0], by=self._viewers.get(sid, "a viewer")).to_json()

    async def _on_check_readiness(self, _sid: str, *_: Any) -> dict[str, Any]:
        return {"ready": True, "channels": self.hub.get_stats().channels}

    # ---- what browsers load --------------------------------------------------------------------------------------

    def _routes(self) -> list[Route | Mount]:
        return [
            Route("/", lambda _: FileResponse(STATIC / "index.html")),
            Route("/favicon.ico", lambda _: FileResponse(STATIC / "favicon.svg")),
            Route("/config.json", self._config),
            Route("/document.json", self._document),
            Mount("/static", StaticFiles(directory=STATIC)),
            Mount("/client", StaticFiles(directory=realtime_sync.static_path())),
        ]

    async def _config(self, _: Request) -> Response:
        """Return what the page needs to find its channels."""
        return JSONResponse(
            {
                "channel": self.session.channel.name,
                "metrics_channel": self.session.metrics_channel.name,
                "folder": self.session.folder_name,
                "socket_path": SOCKET_PATH,
            }
        )

    async def _document(self, _: Request) -> Response:
        """Return the server's document, to compare a replica with; the position, as far as it was sent, is a header."""
        channel = self.session.channel
        headers = {"X-Position": str(channel.position), "Cache-Control": "no-store"}
        return Response(orjson.dumps(channel.document.copy()), media_type="application/json", headers=headers)
