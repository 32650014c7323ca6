"""A process that makes its broadcaster, publishes, and then forks: parent and child must not be taken for one another.

Every case forks inside a process of its own, because a fork takes a copy of whatever else the test runner does.
"""

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

COMMON = '''
import asyncio, json, os, signal, sys, threading
from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.broadcast.threaded_broadcaster import ThreadedBroadcaster
from realtime_sync.testing import MemoryTransport

SUBSCRIBE = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}

def bodies(client):
    return [arguments[1] for event, arguments in client.take() if event == "batch_update"]

def fork(parent, child):
    """Run both, and print what the child and then the parent returned."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)  # a lock that nobody releases ends it
        try:
            print(json.dumps(child()), flush=True)
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
    print(json.dumps(parent()), flush=True)
'''


def run(script: str) -> tuple[Any, Any]:
    """Return what child and parent returned."""
    source = COMMON + textwrap.dedent(script)
    options = ["-W", "ignore::DeprecationWarning"]  # that forking with threads is dangerous is what is tested
    done = subprocess.run(
        [sys.executable, *options, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    child, parent = (json.loads(line) for line in done.stdout.splitlines())
    return child, parent


def test_a_child_has_the_documents_in_a_new_epoch_and_neither_the_clients_nor_the_threads() -> None:
    child, parent = run("""
        transport = MemoryTransport()
        hub = ThreadedBroadcaster(transport, authorize=allow_everyone, window_ms=0)
        channel = hub.channel("c", initial={"n": 0})
        ours = transport.connect()
        ours.send_now("sync:subscribe", SUBSCRIBE)
        ours.take()
        channel.publish({"n": 1})
        channel.flush()

        def child():
            threads = threading.active_count()
            subscribers, sessions = channel.subscriber_count, hub.sessions
            mine = transport.connect()
            mine.send_now("sync:subscribe", SUBSCRIBE)
            channel.publish({"n": "child"})
            hub.close()
            return [channel.position.epoch, bodies(mine), threads, subscribers, sessions]

        def parent():
            channel.publish({"n": "parent"})
            hub.close()
            return [channel.position.epoch, bodies(ours)]

        fork(parent, child)
    """)
    child_epoch, frames, threads, subscribers, sessions = child
    parent_epoch, parent_frames = parent
    assert child_epoch != parent_epoch
    assert [(frame["type"], frame["epoch"]) for frame in frames] == [("keyframe", child_epoch), ("delta", child_epoch)]
    assert frames[0]["document"] == {"n": 1}
    assert (threads, subscribers, sessions) == (1, 0, 0)
    assert [frame["epoch"] for frame in parent_frames] == [parent_epoch] * 2
    assert parent_frames[-1]["patch"] == [{"op": "replace", "path": "/n", "value": "parent"}]


def test_locks_that_another_thread_of_the_parent_holds_are_none_in_the_child() -> None:
    child, parent = run("""
        transport = MemoryTransport()
        inside, go = threading.Event(), threading.Event()

        def default(value):
            inside.set()
            assert go.wait(30)
            return "odd"

        hub = ThreadedBroadcaster(transport, authorize=allow_everyone, log=MemoryLog(), default=default)
        channel = hub.channel("c", initial={"n": 0})
        publishing = threading.Thread(target=channel.publish, args=({"n": object()},))
        publishing.start()
        assert inside.wait(30)
        hub._channels._lock.acquire()
        hub._counters._lock.acquire()
        hub._options.log._lock.acquire()

        def child():
            client = transport.connect()
            client.send_now("sync:subscribe", SUBSCRIBE)
            channel.publish({"n": "child"})
            hub.channel("new", initial={})
            hub.close()
            return [bodies(client)[0]["document"], channel.document["n"], hub.get_stats().frames > 0]

        def parent():
            for lock in (hub._channels._lock, hub._counters._lock, hub._options.log._lock):
                lock.release()
            go.set()
            publishing.join()
            hub.close()
            return channel.document["n"]

        fork(parent, child)
    """)
    assert child == [{"n": 0}, "child", True]
    assert parent == "odd"


def test_a_memory_log_begins_a_new_life_in_the_child() -> None:
    child, parent = run("""
        log = MemoryLog()
        hub = ThreadedBroadcaster(MemoryTransport(), authorize=allow_everyone, log=log)
        channel = hub.channel("c", initial={"n": 0})
        channel.flush()

        def go_on(who):
            channel.publish({"n": who})
            hub.close()
            keyframe = log.load_keyframe("c")
            return [channel.position.to_wire(), keyframe.position.epoch, len(log.read_after("c", keyframe.position))]

        fork(lambda: go_on("parent"), lambda: go_on("child"))
    """)
    assert child == [[child[1], 1], child[1], 0], "its first frame is a keyframe"
    assert parent == [[parent[1], 2], parent[1], 1]
    assert child[1] != parent[1]


def test_an_asyncio_broadcaster_that_ran_before_the_fork_runs_on_the_childs_loop() -> None:
    child, parent = run("""
        transport = MemoryTransport()
        hub = AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=0)
        channel = hub.channel("c", initial={"n": 0})
        asyncio.run(hub.flush_all())

        async def serve(who):
            client = transport.connect()
            await client.send("sync:subscribe", SUBSCRIBE)
            channel.publish({"n": who})
            await hub.close()
            return [channel.position.epoch, [frame["epoch"] for frame in bodies(client)], channel.document["n"]]

        fork(lambda: asyncio.run(serve("parent")), lambda: asyncio.run(serve("child")))
    """)
    assert child == [child[0], [child[0]] * 2, "child"]
    assert parent == [parent[0], [parent[0]] * 2, "parent"]
    assert child[0] != parent[0]


def test_what_waited_for_the_first_client_waits_in_the_child_too() -> None:
    child, parent = run("""
        transport = MemoryTransport()
        hub = ThreadedBroadcaster(transport, authorize=allow_everyone, window_ms=0)
        channel = hub.channel("c")
        calls, published = [], threading.Event()

        def watched():
            calls.append(os.getpid())
            if len(calls) > 1:
                published.set()  # what the first call returned
            return {"watched": os.getpid()}

        channel.watch(watched, interval_ms=1)

        def serve():
            before = channel.primary.has_document
            transport.connect()
            assert published.wait(15)
            hub.close()
            return [before, channel.document["watched"] == os.getpid()]

        fork(serve, serve)
    """)
    assert child == [False, True]
    assert parent == [False, True]
