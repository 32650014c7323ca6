"""A real server that publishes to a crowd: `python -m benchmarks.stuck_server PUBLISHES`.

It prints `{"port": ...}`. On `go` it publishes; every tenth publish is flushed, so that each frame carries about 10 kB.
Then it prints how its memory grew and what became of its subscribers.
"""

import asyncio
import gc
import random
import socket
import sys
import time
from pathlib import Path

import socketio
import uvicorn

from benchmarks.fanout_server import heard, say
from realtime_sync import AsyncBroadcaster, allow_everyone, attach

CHANNEL = "project_42"
PUBLISHES_A_FRAME = 10
TEXT_BYTES = 10_000


def resident_bytes() -> int:
    """Return the size of this process, where the system tells it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(dict(line.split(":", 1) for line in status.splitlines())["VmRSS"].split()[0]) * 1024


async def publish(hub: AsyncBroadcaster, publishes: int) -> dict[str, int]:
    """Publish texts that cannot be compressed; return the most that the process grew by, and that were parked."""
    channel = hub.channel(CHANNEL)
    rng = random.Random(7)
    parked = 0
    gc.collect()
    before = most = resident_bytes()  # all have joined, and nothing was published
    for number in range(publishes):
        channel.publish({"number": number, "sent_at": time.time(), "text": rng.randbytes(TEXT_BYTES // 2).hex()})
        if number % PUBLISHES_A_FRAME == 0:
            await channel.flush()
            await asyncio.sleep(0.001)
        if number % 500 == 0:
            most = max(most, resident_bytes())
            parked = max(parked, hub.get_stats().parked)
    await channel.flush()
    return {"grown_bytes": max(most, resident_bytes()) - before, "parked": parked}


async def main(publishes: int) -> None:
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
    hub = attach(sio, authorize=allow_everyone)
    hub.channel(CHANNEL, initial={"number": -1})
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(
        socketio.ASGIApp(sio), log_level="error", ws_per_message_deflate=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    say({"port": listener.getsockname()[1]})
    await heard("go")
    say({**await publish(hub, publishes), "let_go": hub.get_stats().let_go})
    await heard("end")
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
