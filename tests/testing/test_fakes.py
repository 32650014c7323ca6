"""The public fakes are held to what they promise, like everything else."""

import asyncio
import threading

import pytest

from realtime_sync.broadcast.ports import Runtime, Transport
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.thread_runtime import ThreadRuntime
from realtime_sync.testing import LossyLink, MemoryTransport, ThreadClock, VirtualClock


def test_they_are_what_they_stand_for() -> None:
    runtime: Runtime = VirtualClock()
    transport: Transport = MemoryTransport()
    assert runtime.now() == VirtualClock().now()
    assert not transport.is_connected("nobody")


async def test_time_passes_when_it_is_told_to_and_wakes_in_order() -> None:
    clock = VirtualClock(start_s=0.0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))

    for name, seconds in (("late", 2.0), ("early", 1.0), ("never", 9.0)):
        clock.spawn(sleeper(name, seconds))
    await clock.advance(0.999)
    assert woken == []
    await clock.advance(2.0)
    assert woken == [("early", 1.0), ("late", 2.0)]
    assert clock.now() == 2.999
    assert clock.tasks == 1
    await clock.advance(9.0)


async def test_a_sleep_ends_early_when_its_event_is_set() -> None:
    clock = VirtualClock()
    event = asyncio.Event()
    nap = clock.spawn(clock.sleep(100.0, unless=event))
    await clock.settle()
    assert not nap.done()
    event.set()
    await clock.settle()
    assert nap.done()


async def test_a_sleeper_that_sleeps_again_is_woken_within_one_advance() -> None:
    clock = VirtualClock(start_s=0.0)
    ticks: list[float] = []

    async def ticker() -> None:
        while True:
            await clock.sleep(1.0)
            ticks.append(clock.now())

    task = clock.spawn(ticker())
    await clock.advance(3.5)
    assert ticks == [1.0, 2.0, 3.0]
    task.cancel()
    await clock.settle()


def test_time_of_threads_passes_when_it_is_told_to_and_wakes_in_order() -> None:
    clock = ThreadClock(start_s=0.0)
    runtime = ThreadRuntime(clock.primitives)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for seconds in naps:
            await runtime.sleep(seconds)
            woken.append((name, clock.now()))

    for name, *naps in (("late", 2.5), ("early", 1.0, 1.0), ("never", 90.0)):
        runtime.spawn(sleeper(name, *naps))
    clock.advance(0.999)
    assert woken == []
    clock.advance(2.0)
    assert woken == [("early", 1.0), ("early", 2.0), ("late", 2.5)]
    assert clock.now() == 2.999
    assert runtime.close(timeout_s=30) == 0
    assert clock.threads == 0


def test_one_who_is_woken_counts_as_running_from_then_on() -> None:
    clock = ThreadClock()
    runtime = ThreadRuntime(clock.primitives)
    first, second = runtime.signal(), runtime.signal()
    seen = []

    async def relay() -> None:
        await first.wait()
        second.set()

    async def last() -> None:
        await second.wait()
        seen.append(True)

    runtime.spawn(last())
    runtime.spawn(relay())
    for _ in range(2):
        clock.settle()
        first.set()
    clock.settle()
    assert seen == [True]
    runtime.close(timeout_s=30)


def assert_true(value: bool) -> None:
    assert value


def test_a_thread_that_hangs_is_an_error_and_no_endless_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_sync.testing.thread_clock.HANGS_AFTER_S", 0.01)
    clock, go = ThreadClock(), threading.Event()
    clock.primitives.start(lambda: assert_true(go.wait(timeout=30)))
    with pytest.raises(TimeoutError, match="1 threads still run"):
        clock.settle()
    go.set()


def test_clients_of_a_memory_transport_may_come_and_go_in_any_thread() -> None:
    transport = MemoryTransport()

    class Nobody:
        def arrived(self) -> None: ...

        async def receive(self, sid: str, event: str, message: object) -> object:
            return [sid, event, message]

        def departed(self, sid: str) -> None: ...

    transport.listen(Nobody())

    def come_and_go() -> None:
        for _ in range(200):
            client = transport.connect()
            client.enter_now("lobby")
            assert client.send_now("hello", {"n": 1}) == [client.sid, "hello", {"n": 1}]
            run_now(transport.deliver("lobby", "all", ()))
            assert ("all", ()) in client.take()
            client.disconnect()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert transport.rooms == {}


@pytest.mark.parametrize("seed", range(3))
def test_equal_seeds_do_equal_harm(seed: int) -> None:
    def harm() -> list[int]:
        link: LossyLink[int] = LossyLink(seed, loss=0.3, duplication=0.3, reordering=0.3)
        arrived: list[int] = []
        for number in range(200):
            link.send(number)
            arrived += link.receive()
        return arrived

    arrived = harm()
    assert arrived == harm()
    assert set(arrived) < set(range(200)), "some are lost"
    assert len(arrived) > len(set(arrived)), "some come twice"
    assert arrived != sorted(arrived), "some overtake others"


def test_a_healed_link_delivers_everything_once_and_in_order() -> None:
    link: LossyLink[int] = LossyLink(1, loss=1.0)
    link.send(1)
    link.heal()
    for number in (2, 3):
        link.send(number)
    assert link.receive() == [2, 3]
    assert link.receive() == []
