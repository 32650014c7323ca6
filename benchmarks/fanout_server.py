"""A real server that sends task updates to everybody: `python -m benchmarks.fanout_server WAY TURNS DEFLATE`.

It prints `{"port": ...}`. On `go` it sends `TURNS` times 50 updates to whoever joined by then, in its `WAY`; on
`report` it prints what that cost this process: `{"cpu_s": ...}`, what clients sent back meanwhile included.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import socketio
import uvicorn

from realtime_sync import allow_everyone, attach

ROOM = "project_42"
PER_TURN = 50
PAUSE_S = 0.02
"""Between two turns, so that the network keeps up; it costs the processor nothing."""

Send: TypeAlias = Callable[[list[dict[str, Any]]], Awaitable[None]]


def update(number: int) -> dict[str, Any]:
    """Return one event as agent servers send them."""
    return {
        "task_id": f"node_{number % 1_000:05d}",
        "status": "running",
        "progress": number % 101,
        "timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z",
    }


def way_of(name: str, sio: socketio.AsyncServer) -> Send:
    """Return what sends 50 updates."""
    if name == "frames":
        channel = attach(sio, authorize=allow_everyone, window_ms=0).channel(ROOM, initial={})

        async def frames(updates: list[dict[str, Any]]) -> None:
            for one in updates:
                channel.emit("task_update", one)
            await channel.flush()

        return frames

    @sio.event  # type: ignore[untyped-decorator]
    async def join(sid: str) -> None:
        await sio.enter_room(sid, ROOM)

    async def plain(updates: list[dict[str, Any]]) -> None:
        for one in updates:
            await sio.emit("task_update", one, room=ROOM)

    async def batch(updates: list[dict[str, Any]]) -> None:
        messages = [{"event": "task_update", "data": one} for one in updates]
        await sio.emit("batch", {"type": "batch", "messages": messages, "count": len(messages)}, room=ROOM)

    return {"plain": plain, "batch": batch}[name]


async def main(way: str, turns: int, *, deflate: bool) -> None:
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
    send = way_of(way, sio)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(
        socketio.ASGIApp(sio), log_level="error", ws_per_message_deflate=deflate, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    say({"port": listener.getsockname()[1]})
    await heard("go")
    before = time.process_time()
    for turn in range(turns):
        await send([update(turn * PER_TURN + number) for number in range(PER_TURN)])
        await asyncio.sleep(PAUSE_S)
    await heard("report")
    say({"cpu_s": time.process_time() - before})
    server.should_exit = True
    await serving


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def heard(word: str) -> None:
    """Return when the next line of standard input came: it is `word`."""
    line = await asyncio.to_thread(sys.stdin.readline)
    assert line.strip() == word, f"expected {word!r}, not {line!r}"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), deflate=sys.argv[3] == "deflate"))
