"""A server with one channel, for tests of what travels between Python and a browser.

    python -m tests.browser.wire_server

It prints ` at ` and its address. The page at `/?codecs=NAME` watches the channel `wire`: with the codec, or the codecs,
that `realtime-sync.js` exports under this name, with `json`, or with the default ones. `POST /edit?times=N` makes N
changes, each a frame of its own; `GET /document.json` returns the document, `GET /readers.json` what the server knows
of those who read.
"""

import asyncio
import random
import socket

import orjson
import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import realtime_sync as rs
from examples.agent_server.server import STATIC

MAX_MESSAGE_BYTES = 100_000
"""So that a keyframe of 1 MB, of text that hardly gets smaller, travels in many parts."""

PAGE = """<!doctype html>
<title>wire</title>
<script type="module">
  import * as client from "/client/realtime-sync.js";
  import { io } from "/static/vendor/socket.io.esm.min.js";

  const name = new URLSearchParams(location.search).get("codecs");
  const codecs = name === "json" ? ["json"] : client[name];
  const socket = io({ transports: ["websocket"] });
  const bodies = [];
  socket.on("batch_update", (_, body) => bodies.push(body instanceof ArrayBuffer ? "bytes" : (body?.type ?? null)));
  const hub = client.connect(socket, codecs && { codecs: Array.isArray(codecs) ? codecs : [codecs, "json"] });
  globalThis.view = { client, socket, bodies, hub, channel: hub.channel("wire") };
</script>
"""


class WireServer:
    """The channel, and the routes around it."""

    def __init__(self) -> None:
        self._sio = socketio.AsyncServer(async_mode="asgi")
        limits = rs.Limits(max_message_bytes=MAX_MESSAGE_BYTES)
        self._hub = rs.AsyncBroadcaster.on(self._sio, authorize=rs.allow_everyone, limits=limits)
        draw = random.Random(1)
        nodes = {
            f"node_{number:03}": {"status": "RUNNING", "progress": 0, "text": draw.randbytes(10_000).hex()}
            for number in range(50)
        }
        self._channel = self._hub.channel("wire", initial={"all_nodes": nodes})
        self._edits = 0

    def app(self) -> socketio.ASGIApp:
        routes = [
            Route("/", lambda _: HTMLResponse(PAGE)),
            Route("/favicon.ico", lambda _: FileResponse(STATIC / "favicon.svg")),
            Route("/edit", self._edit, methods=["POST"]),
            Route("/document.json", self._document),
            Route("/readers.json", self._readers),
            Mount("/client", StaticFiles(directory=rs.static_path())),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return socketio.ASGIApp(self._sio, Starlette(routes=routes))

    async def _edit(self, request: Request) -> Response:
        for _ in range(int(request.query_params["times"])):
            self._edits += 1
            with self._channel.edit() as document:
                node = document["all_nodes"][f"node_{self._edits % 50:03}"]
                node["progress"] = self._edits
                node["status"] = "DONE" if self._edits % 3 else "RUNNING"
                node["text"] += f" and number {self._edits}"
            await self._channel.flush()
        return Response()

    async def _document(self, _: Request) -> Response:
        return Response(orjson.dumps(self._channel.document.copy()), media_type="application/json")

    async def _readers(self, _: Request) -> Response:
        stats = self._hub.get_stats()
        readers = {"acks": stats.acks, "parked": stats.parked, "let_go": stats.let_go}
        return Response(orjson.dumps(readers), media_type="application/json")


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"serving at http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await uvicorn.Server(uvicorn.Config(WireServer().app(), log_level="warning")).serve([listening])


if __name__ == "__main__":
    asyncio.run(main())
