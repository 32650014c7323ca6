"""Servers in processes of their own, and the clients that tell them what to do."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import attrs

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient, Status, WatchedChannel

ROOT = Path(__file__).parents[2]
PROGRAM = "tests.adapters.server_process"
SOON = rs.Backoff(base_s=0.05, factor=1.0, cap_s=0.05, jitter=0.0, attempts=None)
WORKERS = 8

THREADED_SERVERS: dict[str, dict[str, Any]] = {
    "python-socketio, threads": {"kind": "plain", "mode": "threading"},
    "Flask-SocketIO, threads": {"kind": "flask", "mode": "threading"},
    "python-socketio, gevent": {"kind": "plain", "mode": "gevent", "patched": True},
    "Flask-SocketIO, gevent": {"kind": "flask", "mode": "gevent", "patched": True},
}
LOOP: dict[str, Any] = {"kind": "loop", "mode": "asgi"}
SERVERS = {**THREADED_SERVERS, "python-socketio, asyncio": LOOP}


class ServerProcess:
    """A server that can be killed and started again at the same address."""

    def __init__(self, **options: Any) -> None:
        self._options = {"port": 0, "patched": False, "gevent_websocket": False, **options}
        self._life = 0
        self.start()

    def start(self) -> None:
        self._life += 1
        options = json.dumps({**self._options, "life": self._life})
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, options], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.kill()
            raise AssertionError("the server did not start")
        self._options["port"] = int(line)

    def kill(self) -> None:
        """End it by SIGKILL: nothing is drained, nobody is told."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._options["port"])

    def client(self, **options: Any) -> AsyncSyncClient:
        return AsyncSyncClient(self.url, **{"transports": ["websocket"], "backoff": SOON, **options})


@attrs.frozen
class Watcher:
    """A client that may also tell the server what to do."""

    client: AsyncSyncClient
    name: str

    async def tell(self, what: str, **arguments: Any) -> Any:
        return await self.client.sio.call("control", {"do": what, **arguments}, timeout=30)

    async def watch(self) -> WatchedChannel:
        return await self.client.channel(self.name).ready()


async def shows(watched: WatchedChannel, document: Any) -> None:
    """Return when `document` stands there, live."""
    await asyncio.wait_for(
        watched.wait_for(lambda: watched.status is Status.LIVE and watched.document == document), timeout=10
    )
