"""Coroutines that block: run_now, locks, signals, and jobs in threads that are reused and never left behind."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from realtime_sync.broadcast.ports import Runtime
from realtime_sync.broadcast.primitives import Primitives, Thread
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.thread_runtime import LINGER_S, ThreadRuntime
from realtime_sync.testing import ThreadClock


class Rig:
    """A runtime on virtual time."""

    def __init__(self) -> None:
        self.clock = ThreadClock(start_s=0.0)
        self.runtime = ThreadRuntime(self.clock.primitives)

    def end(self) -> None:
        assert self.runtime.close(timeout_s=30) == 0
        assert self.clock.threads == 0


@pytest.fixture
def rig() -> Any:
    rig = Rig()
    yield rig
    rig.end()


def test_it_is_a_runtime() -> None:
    runtime: Runtime = ThreadRuntime()
    assert runtime.now() <= runtime.now()


# ---- run_now ---------------------------------------------------------------------------------------------------------


def test_a_coroutine_that_never_suspends_runs_to_its_end_in_one_step() -> None:
    async def double(number: int) -> int:
        return 2 * number

    async def sum_of_doubles() -> int:
        return await double(1) + await double(2)

    assert run_now(sum_of_doubles()) == 6


def test_an_exception_comes_out_as_it_is() -> None:
    async def fail() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run_now(fail())


def test_a_coroutine_that_waits_for_a_loop_is_an_error_that_names_it_and_is_unwound() -> None:
    unwound = []

    async def wait_for_a_loop() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            unwound.append(True)

    with pytest.raises(RuntimeError, match="wait_for_a_loop waits for an event loop"):
        run_now(wait_for_a_loop())
    assert unwound == [True]


# ---- locks and signals -----------------------------------------------------------------------------------------------


def test_a_lock_serves_in_the_order_of_asking(rig: Rig) -> None:
    lock = rig.runtime.lock()
    served: list[int] = []

    async def ask(number: int) -> None:
        async with lock:
            served.append(number)

    lock.acquire()
    for number in range(8):
        rig.runtime.spawn(ask(number))
        rig.clock.settle()
    assert served == []
    lock.release()
    rig.clock.settle()
    assert served == list(range(8))


def test_a_lock_lets_one_in_at_a_time() -> None:
    lock = ThreadRuntime().lock()
    inside, most = 0, 0
    barrier = threading.Barrier(8)

    def work() -> None:
        nonlocal inside, most
        barrier.wait()
        for _ in range(200):
            lock.acquire()
            inside += 1
            most = max(most, inside)
            inside -= 1
            lock.release()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


class Interrupted(BaseException):
    """What ends a greenlet, or a Ctrl-C."""


class InterruptedEvent:
    """An event whose first wait is interrupted, once what a test wants has happened."""

    def __init__(self, before: Any) -> None:
        self._before = before
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        self._before()
        raise Interrupted


@pytest.mark.parametrize("handed_over", [False, True])
def test_one_who_is_interrupted_while_it_waits_keeps_nobody_out(handed_over: bool) -> None:
    def before() -> None:
        if handed_over:
            lock.release()

    lock = ThreadRuntime(Primitives(event=lambda: InterruptedEvent(before))).lock()
    lock.acquire()
    with pytest.raises(Interrupted):
        lock.acquire()
    if not handed_over:
        lock.release()
    lock.acquire()


def test_a_signal_wakes_all_who_wait_and_stays_set_until_it_is_cleared(rig: Rig) -> None:
    signal = rig.runtime.signal()
    woken: list[int] = []

    async def wait(number: int) -> None:
        await signal.wait()
        woken.append(number)

    for number in range(3):
        rig.runtime.spawn(wait(number))
    rig.clock.settle()
    assert woken == []
    signal.set()
    rig.clock.settle()
    assert sorted(woken) == [0, 1, 2]
    assert signal.is_set()
    run_now(signal.wait())
    signal.clear()
    assert not signal.is_set()


def test_a_sleep_ends_at_its_time_or_with_its_signal(rig: Rig) -> None:
    signal = rig.runtime.signal()
    ended: dict[str, float] = {}

    async def sleep(name: str, seconds: float, unless: Any = None) -> None:
        await rig.runtime.sleep(seconds, unless=unless)
        ended[name] = rig.clock.now()

    rig.runtime.spawn(sleep("timed", 2.0))
    rig.runtime.spawn(sleep("signalled", 100.0, signal))
    rig.runtime.spawn(sleep("not signalled", 3.0, rig.runtime.signal()))
    rig.clock.advance(1.0)
    assert ended == {}
    signal.set()
    rig.clock.advance(9.0)
    assert ended == {"signalled": 1.0, "timed": 2.0, "not signalled": 3.0}


def test_what_another_thread_comes_to_is_returned_or_raised() -> None:
    runtime, good, bad = ThreadRuntime(), Future[int](), Future[int]()
    threading.Thread(target=good.set_result, args=(7,)).start()
    threading.Thread(target=bad.set_exception, args=(OSError("away"),)).start()
    assert run_now(runtime.outcome(good)) == 7
    with pytest.raises(OSError, match="away"):
        run_now(runtime.outcome(bad))


# ---- jobs ------------------------------------------------------------------------------------------------------------


async def nothing() -> None:
    pass


def test_jobs_one_after_the_other_share_a_thread_that_ends_when_none_comes_for_a_while(rig: Rig) -> None:
    threads: set[int] = set()

    async def note() -> None:
        threads.add(threading.get_ident())

    for _ in range(20):
        rig.runtime.spawn(note())
        rig.clock.advance(LINGER_S / 2)
    assert len(threads) == 1
    assert rig.clock.threads == 1
    rig.clock.advance(LINGER_S)
    assert rig.clock.threads == 0
    rig.runtime.spawn(note())
    rig.clock.settle()
    assert len(threads) <= 2


def test_jobs_at_one_time_do_not_wait_for_each_other(rig: Rig) -> None:
    barrier = threading.Barrier(5)

    async def meet() -> None:
        barrier.wait(timeout=30)

    jobs = [rig.runtime.spawn(meet()) for _ in range(4)]
    barrier.wait(timeout=30)
    assert all(job.wait(30) for job in jobs)


def test_a_job_that_is_cancelled_ends_at_its_next_sleep_and_no_except_holds_it(rig: Rig) -> None:
    turns = []

    async def tick() -> None:
        while True:
            try:
                await rig.runtime.sleep(1.0)
                turns.append(rig.clock.now())
            except Exception:
                turns.append(-1.0)

    job = rig.runtime.spawn(tick())
    rig.clock.advance(2.5)
    job.cancel()
    rig.clock.settle()
    assert job.done()
    assert turns == [1.0, 2.0]


def test_a_job_that_was_cancelled_before_it_began_does_not_begin() -> None:
    begun: list[Any] = []

    class Held:
        """A thread that begins when the test says so."""

        def join(self, timeout: float | None = None) -> None: ...

    def start(run: Any) -> Thread:
        begun.append(run)
        return Held()

    runtime = ThreadRuntime(Primitives(start=start))
    ran = []

    async def work() -> None:
        ran.append(True)

    job = runtime.spawn(work())
    job.cancel()
    threading.Timer(0, runtime.close, args=(0,)).start()
    begun[0]()
    assert job.done()
    assert ran == []


def test_a_job_that_fails_is_logged_and_its_thread_goes_on(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("mine")

    job = rig.runtime.spawn(fail())
    rig.clock.settle()
    assert job.done()
    assert "mine" in caplog.text
    job = rig.runtime.spawn(nothing())
    rig.clock.settle()
    assert job.done()
    assert rig.clock.threads == 1


def test_a_thread_that_cannot_be_started_is_an_error_and_leaves_nothing_behind() -> None:
    def start(run: Any) -> Thread:
        raise RuntimeError("can't start new thread")

    runtime = ThreadRuntime(Primitives(start=start))
    with pytest.raises(RuntimeError, match="can't start"):
        runtime.spawn(nothing())
    assert runtime.threads == 0


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_close_stops_what_sleeps_and_waits_for_what_works(rig: Rig) -> None:
    go, ended = threading.Event(), []

    async def work() -> None:
        assert go.wait(30)
        ended.append("work")

    rig.runtime.spawn(rig.runtime.sleep(1_000.0))
    rig.runtime.spawn(work())
    threading.Timer(0, go.set).start()
    assert rig.runtime.close(timeout_s=30) == 0
    assert ended == ["work"]
    assert rig.clock.threads == 0


def test_close_says_how_many_it_could_not_wait_for(rig: Rig) -> None:
    go = threading.Event()

    async def work() -> None:
        assert go.wait(30)

    rig.runtime.spawn(work())
    assert rig.runtime.close(timeout_s=0) == 1
    go.set()


def test_a_job_may_close_the_runtime_that_it_runs_on(rig: Rig) -> None:
    left = []

    async def close() -> None:
        left.append(rig.runtime.close(timeout_s=30))
        await rig.runtime.sleep(1_000.0)

    job = rig.runtime.spawn(close())
    rig.clock.settle()
    assert left == [0]
    assert job.done()


def test_what_comes_after_close_still_runs_and_leaves_no_thread(rig: Rig) -> None:
    rig.runtime.close(timeout_s=30)
    job = rig.runtime.spawn(nothing())
    assert job.wait(30)
    rig.clock.settle()
    assert rig.clock.threads == 0
