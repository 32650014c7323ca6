"""The time and concurrency of a server that runs on threads, or on greenlets that look like them."""

import concurrent.futures
import contextlib
import contextvars
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from realtime_sync.broadcast.ports import Result, Signal
from realtime_sync.broadcast.primitives import Event, Primitives, Thread
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.thread_locks import FairLock, ThreadSignal

LINGER_S = 1.0
"""A thread without work waits that long for more: a channel that streams would start 20 of them a second otherwise."""

logger = logging.getLogger("realtime_sync")


class JobCancelled(BaseException):
    """A background job was told to stop. Like its twin in asyncio no `except Exception` holds it up."""


class ThreadJob:
    """A coroutine that runs in a thread; it ends early at its next `sleep` once it was cancelled."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], primitives: Primitives) -> None:
        self._coroutine = coroutine
        self._ended = primitives.event()
        self.stopping = ThreadSignal(primitives.event)

    def cancel(self) -> None:
        self.stopping.set()

    def done(self) -> bool:
        return self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Block until it has ended, at most for that time; return whether it has."""
        self._ended.wait(timeout_s)
        return self.done()

    def run(self) -> None:
        """Run it to its end in this thread."""
        _current.set(self)
        try:
            if self.stopping.is_set():
                self._coroutine.close()
            else:
                run_now(self._coroutine)
        except JobCancelled:
            pass
        except Exception:
            logger.exception("the background job %s failed", getattr(self._coroutine, "__qualname__", self._coroutine))
        finally:
            _current.set(None)
            self._ended.set()


_current: contextvars.ContextVar[ThreadJob | None] = contextvars.ContextVar("_current", default=None)
"""The job that this thread runs. Greenlets have contexts of their own as well, but thread-locals only by patching."""


class _Worker:
    """A thread of the runtime.

    Attributes:
        job: What it has to do; None while it waits for more.
        called: Set when that changed.
    """

    def __init__(self, job: ThreadJob, called: Event) -> None:
        self.job: ThreadJob | None = job
        self.called = called
        self.thread: Thread | None = None


class ThreadRuntime:
    """A `Runtime` whose coroutines block instead of suspending, and whose jobs run in threads.

    No thread is there before the first job, and none after `close`. One that has nothing to do waits a moment for
    another job before it ends.

    Args:
        primitives: What the server runs on; Python's threads by default.
    """

    def __init__(self, primitives: Primitives | None = None) -> None:
        self._primitives = primitives or Primitives()
        self._closed = False
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Forget the threads: a forked process has none of them."""
        self._mutex = threading.Lock()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []

    def now(self) -> float:
        return self._primitives.now()

    async def sleep(self, seconds: float, *, unless: Signal | None = None) -> None:
        job = _current.get()
        woken = self._primitives.event()
        with contextlib.ExitStack() as waking:
            if unless is not None:
                assert isinstance(unless, ThreadSignal), "a signal belongs to the runtime that made it"
                waking.enter_context(unless.waking(woken))
            if job is not None:
                waking.enter_context(job.stopping.waking(woken))
            woken.wait(max(seconds, 0))
        if job is not None and job.stopping.is_set():
            raise JobCancelled

    def lock(self) -> FairLock:
        return FairLock(self._primitives.event)

    def signal(self) -> ThreadSignal:
        return ThreadSignal(self._primitives.event)

    def event(self) -> Event:
        return self._primitives.event()

    @property
    def is_in_job(self) -> bool:
        """Whether this thread runs one of the jobs."""
        return _current.get() is not None

    async def outcome(self, future: concurrent.futures.Future[Result]) -> Result:
        done = self._primitives.event()
        future.add_done_callback(lambda _: done.set())
        done.wait()
        return future.result()

    # ---- threads -------------------------------------------------------------------------------------------------

    @property
    def threads(self) -> int:
        """Threads that run a job or wait for one."""
        return len(self._workers)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> ThreadJob:
        """Run a coroutine in a thread that waits for work, or in a new one."""
        job = ThreadJob(coroutine, self._primitives)
        with self._mutex:
            if self._idle:
                worker = self._idle.pop()
                worker.job = job
                worker.called.set()
                return job
            worker = _Worker(job, self._primitives.event())
            self._workers.add(worker)
        try:
            worker.thread = self._primitives.start(lambda: self._work(worker))
        except BaseException:  # the system has no more threads, or the interpreter is ending
            self._workers.discard(worker)
            coroutine.close()
            raise
        return job

    def _work(self, worker: _Worker) -> None:
        try:
            while worker.job is not None:
                worker.job.run()
                self._wait_for_job(worker)
        finally:
            with self._mutex:
                self._workers.discard(worker)

    def _wait_for_job(self, worker: _Worker) -> None:
        with self._mutex:
            worker.job, worker.called = None, self._primitives.event()
            if self._closed:
                return
            self._idle.append(worker)
        worker.called.wait(LINGER_S)
        with self._mutex:
            if worker.job is None:
                self._idle.remove(worker)

    def close(self, timeout_s: float) -> int:
        """Tell every job to stop and wait for the threads to end; return how many have not.

        A job may call it: it is told to stop like the others, and not waited for. What is spawned later still runs, in
        threads that wait for nothing more.
        """
        until = self.now() + timeout_s
        with self._mutex:
            self._closed = True
            workers = [worker for worker in self._workers if worker.job is None or worker.job is not _current.get()]
        if (own := _current.get()) is not None:
            own.cancel()
        for worker in workers:
            if (job := worker.job) is not None:
                job.cancel()
            worker.called.set()
        for worker in workers:
            if worker.thread is not None:
                worker.thread.join(max(until - self.now(), 0))
        return sum(worker in self._workers for worker in workers)
