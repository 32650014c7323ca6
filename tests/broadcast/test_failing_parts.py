"""A log that is slow, fails or refuses; a transport that fails; a flush that is cancelled: nothing is lost."""

import asyncio
import threading
from typing import Any

import pytest

from realtime_sync.broadcast.flusher import KEYFRAME_EVERY
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import ChannelLog
from realtime_sync.errors import LogRefused
from realtime_sync.position import Position
from realtime_sync.wire.frames import Delta, Keyframe
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World


class TroubledLog:
    """A log in a thread that does what a test tells it: wait, fail before or after it took a frame."""

    def __init__(self) -> None:
        self.inner = MemoryLog()
        self.go = threading.Event()
        self.go.set()
        self.fail_before: Exception | None = None
        self.fail_after: Exception | None = None
        self.threads: set[str] = set()
        self.appended: list[Position] = []
        self.concurrent = 0
        self.most_concurrent = 0

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        self.threads.add(threading.current_thread().name)
        self.concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self.concurrent)
        try:
            assert self.go.wait(timeout=30)
            if self.fail_before is not None:
                raise self.fail_before
            self.inner.append(channel, frame)
            self.appended.append(frame.position)
            if self.fail_after is not None:
                raise self.fail_after
        finally:
            self.concurrent -= 1

    def read_after(self, channel: str, position: Position) -> list[Delta] | None:
        return self.inner.read_after(channel, position)

    def save_keyframe(self, channel: str, keyframe: Keyframe) -> None:
        self.inner.save_keyframe(channel, keyframe)

    def load_keyframe(self, channel: str) -> Keyframe | None:
        return self.inner.load_keyframe(channel)

    def delete(self, channel: str) -> None:
        self.inner.delete(channel)


def test_the_logs_here_are_logs() -> None:
    logs: list[ChannelLog] = [MemoryLog(), TroubledLog()]
    assert len(logs) == 2


async def until(world: World, condition: Any) -> None:
    """Let the log's thread work until `condition()` holds; a lost wake-up fails instead of hanging."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.to_thread(threading.Event().wait, 0.001)
        await world.clock.settle()
    raise AssertionError("it never came true")


@on_both_shells
async def test_while_the_log_is_slow_captures_go_on_and_become_one_frame(world: World) -> None:
    log = TroubledLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await until(world, lambda: channel.position.offset == 1)
    await watcher.pump()
    log.go.clear()
    for n in range(1, 6):
        channel.publish({"n": n})
        await world.clock.advance(0.1)
    assert channel.position.offset == 1, "no position before the log has the frame"
    assert watcher.document in ({"n": 0}, None)
    log.go.set()
    await until(world, lambda: channel.position.offset == 2)
    await world.clock.advance(0.1)
    await until(world, lambda: channel.position.offset == 3)
    await watcher.pump()
    assert watcher.document == {"n": 5}
    assert log.most_concurrent == 1
    assert all(name.startswith("realtime_sync-log") for name in log.threads)


@on_both_shells
@pytest.mark.parametrize("when", ["fail_before", "fail_after"])
async def test_an_append_that_fails_is_repeated_as_it_was(world: World, when: str) -> None:
    log = TroubledLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"text": ""})
    await channel.flush()
    watcher = await world.watcher().join()
    setattr(log, when, OSError("the disk is full"))
    channel.append_text("/text", "a")
    channel.emit("e", "a")
    with pytest.raises(OSError, match="disk"):
        await channel.flush()
    channel.append_text("/text", "b")
    channel.emit("e", "b")
    with pytest.raises(OSError, match="disk"):
        await channel.flush()
    assert channel.position.offset == 1
    await watcher.pump()
    assert watcher.document == {"text": ""}
    setattr(log, when, None)
    await channel.flush()
    await watcher.pump()
    assert watcher.document == {"text": "ab"}
    assert watcher.events == [("e", "a"), ("e", "b")]
    offsets = [position.offset for position in log.appended]
    assert sorted(set(offsets)) == [1, 2, 3], "every frame once in the log, however often it was tried"
    assert hub.get_stats().flush_failures >= 2


@on_both_shells
async def test_the_worker_repeats_a_failed_flush_by_itself_with_back_off(world: World) -> None:
    log = TroubledLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    await channel.flush()
    log.fail_before = OSError("away")
    channel.publish({"n": 1})
    await until(world, lambda: bool(log.threads))
    for _ in range(20):
        await world.clock.advance(0.1)
        await asyncio.to_thread(lambda: None)
    log.fail_before = None
    await world.clock.advance(30)
    await until(world, lambda: channel.position.offset == 2)


@on_both_shells
async def test_a_log_that_refuses_keeps_everything_and_says_so(world: World) -> None:
    log = MemoryLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    await channel.flush()
    watcher = await world.watcher().join()
    intruder = Delta(channel.position, Position(channel.position.epoch, 2), [])
    log.append("c", intruder)
    channel.publish({"n": 1})
    with pytest.raises(LogRefused, match="ends at"):
        await channel.flush()
    await watcher.pump()
    assert watcher.document == {"n": 0}
    assert channel.is_pending
    assert channel.document == {"n": 1}


@on_both_shells
async def test_a_restart_with_the_log_goes_on_in_the_same_epoch(world: World) -> None:
    log = MemoryLog()
    before = world.hub(log=log).channel("c", initial={"n": 0})
    for n in range(1, 5):
        before.publish({"n": n})
        await before.flush()
    restarted = World()
    after = restarted.hub(log=log).channel("c", initial={"n": "initial"})
    assert after.document == {"n": 4}
    watcher = await restarted.watcher().join()
    assert watcher.document == {"n": 4}
    assert after.position == before.position
    after.publish({"n": 5})
    await after.flush()
    await watcher.pump()
    assert watcher.document == {"n": 5}
    assert after.position.offset == before.position.offset + 1


@on_both_shells
async def test_a_log_in_a_thread_is_read_at_the_first_flush_and_earlier_captures_are_a_change(
    world: World,
) -> None:
    log = TroubledLog()
    log.append("c", Keyframe(Position("OLD", 1), {"n": 0, "kept": True}))
    log.append("c", Delta(Position("OLD", 1), Position("OLD", 2), [{"op": "replace", "path": "/n", "value": 1}]))
    channel = world.hub(log=log).channel("c")
    channel.publish({"n": 2, "kept": True})
    await channel.flush()
    assert channel.position == Position("OLD", 3)
    assert log.read_after("c", Position("OLD", 2)) == [
        Delta(Position("OLD", 2), Position("OLD", 3), [{"op": "replace", "path": "/n", "value": 2}])
    ]


@on_both_shells
async def test_a_log_that_cannot_be_read_at_first_is_asked_again(world: World) -> None:
    log = TroubledLog()
    log.append("c", Keyframe(Position("OLD", 1), {"n": 1}))
    readable, load = threading.Event(), log.load_keyframe

    def load_keyframe(channel: str) -> Keyframe | None:
        if not readable.is_set():
            raise OSError("the database is starting")
        return load(channel)

    log.load_keyframe = load_keyframe  # type: ignore[method-assign]
    world.hub(log=log)
    watcher = world.watcher()
    watcher.subscription.connected(world.clock.now())
    await watcher.client.send_all(watcher.subscription.outgoing())
    await watcher.pump()
    assert watcher.answers[0]["outcome"] == "unavailable"
    readable.set()
    await world.clock.advance(30)
    watcher.happened += watcher.subscription.tick(world.clock.now())
    await watcher.client.send_all(watcher.subscription.outgoing())
    await watcher.pump()
    assert (watcher.status, watcher.document) == ("live", {"n": 1})


@on_both_shells
async def test_a_log_that_lost_what_follows_its_keyframe_is_an_error_and_not_a_shorter_history(world: World) -> None:
    log = TroubledLog()
    log.append("c", Keyframe(Position("OLD", 1), {"n": 0}))
    log.read_after = lambda channel, position: None  # type: ignore[method-assign]
    channel = world.hub(log=log).channel("c", initial={"n": 1})
    with pytest.raises(LogRefused, match="lost what follows"):
        await channel.flush()
    assert channel.document == {"n": 1}


@on_both_shells
async def test_a_log_replays_a_bounded_number_of_deltas(world: World) -> None:
    log = MemoryLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    for n in range(1, 3 * KEYFRAME_EVERY):
        channel.publish({"n": n})
        await channel.flush()
    keyframe = log.load_keyframe("c")
    assert keyframe is not None
    deltas = log.read_after("c", keyframe.position)
    assert deltas is not None
    assert len(deltas) < KEYFRAME_EVERY
    assert deltas[-1].position == channel.position


async def test_a_log_replays_a_bounded_number_of_deltas_however_often_the_server_restarts() -> None:
    log = MemoryLog()
    for n in range(3 * KEYFRAME_EVERY):
        channel = World().hub(log=log).channel("c", initial={"n": -1})
        channel.publish({"n": n})
        await channel.flush()
    keyframe = log.load_keyframe("c")
    assert keyframe is not None
    deltas = log.read_after("c", keyframe.position)
    assert deltas is not None
    assert len(deltas) < KEYFRAME_EVERY


@on_both_shells
async def test_deleting_a_channel_deletes_it_from_the_log(world: World) -> None:
    log = MemoryLog()
    hub = world.hub(log=log)
    await hub.channel("kept", initial={"n": 1}).flush()
    await hub.channel("gone", initial={"n": 1}).flush()
    await hub.channel("kept").close()
    await hub.channel("gone").delete("archived")
    assert log.load_keyframe("kept") is not None
    assert log.load_keyframe("gone") is None


@on_both_shells
async def test_a_failed_delivery_is_repeated(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    world.transport.failure = ConnectionError("the network is away")
    channel.publish({"n": 1})
    with pytest.raises(ConnectionError):
        await channel.flush()
    channel.publish({"n": 2})
    world.transport.failure = None
    await world.clock.advance(30)
    await watcher.pump()
    assert watcher.document == {"n": 2}
    assert watcher.status == "live"
    assert hub.get_stats().total_resyncs == 0


async def test_a_cancelled_flush_loses_nothing(world: World) -> None:
    log = TroubledLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    await channel.flush()
    watcher = await world.watcher().join()
    log.go.clear()
    channel.publish({"n": 1})
    flush = asyncio.ensure_future(channel.flush())
    await world.clock.settle()
    flush.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flush
    channel.publish({"n": 2})
    log.go.set()
    await channel.flush()
    await watcher.pump()
    assert watcher.document == {"n": 2}
    assert watcher.status == "live"


@on_both_shells
async def test_a_codec_that_fails_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    healthy, ill = await world.watcher().join(), await world.watcher(codecs=("msgpack",)).join()

    class Broken:
        def encode(self, _: Any) -> bytes:
            raise RuntimeError("broken codec")

    monkeypatch.setattr("realtime_sync.broadcast.encoded_frames.get_codec", lambda name: Broken())
    channel.publish({"n": 1})
    await channel.flush()
    monkeypatch.undo()
    channel.publish({"n": 2})
    await channel.flush()
    for watcher in (healthy, ill):
        await watcher.pump()
        assert watcher.document == {"n": 2}
    assert hub.get_stats().total_resyncs == 1, "the ill one saw a gap, and asked"


# ---- the memory log itself -------------------------------------------------------------------------------------------


def delta(base: int, *, epoch: str = "A", value: int = 0) -> Delta:
    patch = [{"op": "replace", "path": "/n", "value": value}]
    return Delta(Position(epoch, base), Position(epoch, base + 1), patch)


def test_the_log_takes_what_continues_it_and_what_it_has_already() -> None:
    log = MemoryLog()
    with pytest.raises(LogRefused, match="empty"):
        log.append("c", delta(1))
    first = Keyframe(Position("A", 1), {"n": 0})
    log.append("c", first)
    log.append("c", first)
    log.append("c", delta(1))
    log.append("c", delta(1))
    with pytest.raises(LogRefused, match="A:2"):
        log.append("c", delta(1, value=9))
    with pytest.raises(LogRefused):
        log.append("c", delta(5))
    with pytest.raises(LogRefused, match="has begun"):
        log.append("c", Keyframe(Position("A", 1), {"n": 9}))
    log.append("c", Keyframe(Position("B", 1), {"n": 9}))
    assert log.load_keyframe("c") == Keyframe(Position("B", 1), {"n": 9})


def test_the_log_reads_after_any_position_that_it_has() -> None:
    log = MemoryLog()
    log.append("c", Keyframe(Position("A", 1), {"n": 0}))
    for base in (1, 2, 3):
        log.append("c", delta(base))
    log.save_keyframe("c", Keyframe(Position("A", 2), {"n": 0}))
    log.save_keyframe("c", Keyframe(Position("X", 3), {"n": 0}))
    after = log.read_after("c", Position("A", 3))
    assert after is not None
    assert [one.position.offset for one in after] == [4]
    assert log.read_after("c", Position("A", 4)) == []
    assert log.read_after("c", Position("A", 1)) is None, "forgotten"
    assert log.read_after("unknown", Position("A", 1)) is None


@on_both_shells
async def test_a_log_gets_its_keyframes_though_each_frame_is_delivered_at_the_second_attempt(world: World) -> None:
    log = MemoryLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    await world.watcher().join()
    for n in range(1, 3 * KEYFRAME_EVERY):
        channel.publish({"n": n})
        world.transport.failure = ConnectionError("the queue is full")
        with pytest.raises(ConnectionError):
            await channel.flush()
        world.transport.failure = None
        await channel.flush()
    keyframe = log.load_keyframe("c")
    assert keyframe is not None
    deltas = log.read_after("c", keyframe.position)
    assert deltas is not None
    assert len(deltas) <= KEYFRAME_EVERY
