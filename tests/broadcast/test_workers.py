"""A worker flushes a channel until nothing is pending, and rests: no capture and no failure falls between."""

import functools
import threading
from typing import Any

import pytest

from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.testing import MemoryTransport
from tests.broadcast.threaded_world import ThreadedWorld


def test_captures_that_meet_a_worker_on_its_way_to_rest_are_sent_without_another_push(
    threaded_world: ThreadedWorld,
) -> None:
    hub = threaded_world.hub(window_ms=0)
    channel = hub.channel("c", initial={})
    watcher = threaded_world.watcher().join_now()
    threads = [threading.Thread(target=functools.partial(emit_all, channel, n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threaded_world.clock.settle()
    watcher.pump_now()
    assert len(watcher.events) == 4 * 300
    assert channel.worker is None


def emit_all(channel: Any, thread: int) -> None:
    for number in range(300):
        channel.emit("e", [thread, number])


def test_a_worker_looks_for_the_last_time_and_goes_to_rest_in_one_step(
    threaded_world: ThreadedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures_come_between: list[bool] = []
    rest = SendingChannel.rest

    def watched(self: SendingChannel) -> None:
        other = threading.Thread(target=lambda: captures_come_between.append(self.lock.acquire(blocking=False)))
        other.start()
        other.join()
        rest(self)

    monkeypatch.setattr(SendingChannel, "rest", watched)
    channel = threaded_world.hub(window_ms=0).channel("c", initial={})
    threaded_world.transport.connect()
    threaded_world.clock.settle()
    assert channel.position.offset == 1
    assert captures_come_between == [False]


class HeldTransport(MemoryTransport):
    """It fails, after waiting for a test, to say who is in a room."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self.reached, self.go = threading.Event(), threading.Event()

    def members(self, room: str) -> Any:
        if self.holds:
            self.reached.set()
            assert self.go.wait(timeout=30)
        return super().members(room)


def test_a_flush_that_fails_after_its_worker_went_to_rest_is_repeated_all_the_same(
    threaded_world: ThreadedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    threaded_world.transport = transport = HeldTransport()
    hub = threaded_world.hub(window_ms=0)
    channel = hub.channel("c", initial={"n": 0})
    channel.flush()
    plain = transport.connect()
    plain.enter_now("c")
    tired, rest = threading.Event(), threading.Event()
    rest_if_idle = SendingChannel.rest_if_idle

    def held(self: SendingChannel) -> bool:
        if self.position.offset == 2 and not rest.is_set():  # the first change was sent
            tired.set()
            assert rest.wait(timeout=30)
        return rest_if_idle(self)

    monkeypatch.setattr(SendingChannel, "rest_if_idle", held)
    channel.publish({"n": 1})
    assert tired.wait(timeout=30)
    channel.emit("e", 1)  # nobody is woken: a worker is there
    transport.holds = True
    errors: list[Exception] = []

    def flush() -> None:
        try:
            channel.flush()
        except OSError as error:
            errors.append(error)

    flushing = threading.Thread(target=flush)
    flushing.start()
    assert transport.reached.wait(timeout=30)  # the log has the frame, the outbox does not: nothing seems pending
    rest.set()
    threaded_world.clock.settle()
    assert channel.worker is None
    transport.holds, transport.failure = False, OSError("the network is away")
    transport.go.set()
    flushing.join()
    assert len(errors) == 1
    transport.failure = None
    threaded_world.clock.advance(1)
    assert plain.take() == [("e", (1,))]


def test_an_urgent_capture_ends_the_window_of_a_waiting_worker_each_time(threaded_world: ThreadedWorld) -> None:
    channel = threaded_world.hub(window_ms=60_000).channel("c", initial={"n": 0})
    watcher = threaded_world.watcher().join_now()
    for number in range(5):
        channel.emit("later", number)
        threaded_world.clock.settle()
        channel.emit("now", number, force_immediate=True)
        watcher.pump_now()
        assert [data for _, data in watcher.events] == sorted([*range(number + 1)] * 2)


def test_an_urgent_capture_wakes_a_worker_that_rests_and_does_not_wait(threaded_world: ThreadedWorld) -> None:
    channel = threaded_world.hub(window_ms=60_000).channel("c", initial={"n": 0})
    watcher = threaded_world.watcher().join_now()
    for number in range(3):
        assert channel.worker is None
        channel.emit("now", number, force_immediate=True)
        watcher.pump_now()
        assert watcher.events[-1] == ("now", number)
