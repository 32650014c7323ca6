"""Waiting until what a client said has left it: by itself python-engineio ends a connection over what still waits."""

import asyncio
import time
from typing import Any

END_S = 5.0
"""Seconds that the last words may take, each of them."""

_LOOK_EVERY_S = 0.05


async def all_is_said(eio: Any) -> None:
    """Return when an `engineio.AsyncClient` has sent what waits, has stopped sending, or after a while."""
    if eio.state != "connected" or eio.write_loop_task is None:
        return
    joined = asyncio.ensure_future(eio.queue.join())
    try:
        await asyncio.wait({joined, eio.write_loop_task}, timeout=END_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        joined.cancel()


def wait_until_all_is_said(eio: Any) -> None:
    """Return when an `engineio.Client` has sent what waits, has stopped sending, or after a while."""
    writer, queue, until = eio.write_loop_task, eio.queue, time.monotonic() + END_S
    with queue.all_tasks_done:
        while eio.state == "connected" and queue.unfinished_tasks and writer is not None and writer.is_alive():
            if time.monotonic() > until:
                return
            queue.all_tasks_done.wait(_LOOK_EVERY_S)
