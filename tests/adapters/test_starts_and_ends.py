"""What is started and closed a thousand times leaves nothing behind, on each kind of server."""

import asyncio
import gc
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.adapters.starts_and_ends import use_on_asyncio, use_on_threads
from tests.loop_timers import noted_timers

ROOT = Path(__file__).parents[2]
ROUNDS = 1_000


async def test_on_asyncio_neither_a_task_nor_a_timer_nor_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    timers = noted_timers(monkeypatch)
    hubs = [await use_on_asyncio(number) for number in range(ROUNDS)]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert timers != []
    assert [timer for timer in timers if not timer.cancelled() and timer.when() > loop.time()] == []
    # `watch` compares in threads of the loop's own executor. Such a thread holds its last task for a moment after that
    # is done, so they are ended before what is left is counted.
    await loop.shutdown_default_executor()
    assert set(threading.enumerate()) - threads == set()
    timers.clear()
    gc.collect()
    assert [hub for hub in hubs if hub() is not None] == []


def test_on_threads_no_thread() -> None:
    before = set(threading.enumerate())
    hubs = [use_on_threads(number, "threading") for number in range(ROUNDS)]
    assert set(threading.enumerate()) - before == set()
    gc.collect()
    assert [hub for hub in hubs if hub() is not None] == []


def test_under_gevent_no_greenlet() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.starts_and_ends", str(ROUNDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    left = json.loads(done.stdout)
    assert left["after"] == left["before"]
    assert left["hubs"] == 0
