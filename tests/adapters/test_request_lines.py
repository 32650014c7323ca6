"""The requests of one client wait for each other, and for nobody else's."""

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
import socketio

import realtime_sync as rs
from realtime_sync.adapters._request_lines import MAX_WAITING, RequestLines
from realtime_sync.broadcast.primitives import Primitives, Thread
from tests.adapters.raw_client import RawClient
from tests.servers import serving_threads


class Threads:
    """Starts real threads and remembers them."""

    def __init__(self) -> None:
        self.started: list[threading.Thread] = []

    def start(self, run: Callable[[], None]) -> Thread:
        thread = threading.Thread(target=run)
        thread.start()
        self.started.append(thread)
        return thread

    def join(self) -> None:
        for thread in self.started:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
def lines(threads: Threads) -> RequestLines:
    return RequestLines(Primitives(start=threads.start))


def test_requests_of_a_client_run_one_after_the_other_in_their_order(lines: RequestLines, threads: Threads) -> None:
    gate = threading.Event()
    order: list[int] = []
    lines.add("a", functools.partial(gate.wait, 10))
    for number in range(100):
        lines.add("a", functools.partial(order.append, number))
    assert order == [], "the first one is not done"
    gate.set()
    threads.join()
    assert order == list(range(100))
    assert len(threads.started) == 1


def test_a_client_that_has_to_wait_holds_up_no_other(lines: RequestLines, threads: Threads) -> None:
    gate, answered = threading.Event(), threading.Event()
    lines.add("a", lambda: gate.wait(10))
    lines.add("b", answered.set)
    assert answered.wait(10)
    gate.set()
    threads.join()


def test_a_request_that_fails_is_told_and_the_next_one_runs(
    lines: RequestLines, threads: Threads, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()
    lines.add("a", lambda: 1 / 0)
    lines.add("a", done.set)
    threads.join()
    assert done.is_set()
    assert "a request of client a failed" in caplog.text


def test_a_line_without_requests_keeps_neither_a_thread_nor_a_trace(lines: RequestLines, threads: Threads) -> None:
    for _ in range(3):
        done = threading.Event()
        lines.add("a", done.set)
        assert done.wait(10)
        threads.join()
    assert len(lines) == 0


def test_a_client_with_too_many_requests_is_not_read_until_they_are_done(lines: RequestLines, threads: Threads) -> None:
    gate, added = threading.Event(), threading.Event()
    lines.add("a", lambda: gate.wait(10))

    def flood() -> None:
        for _ in range(MAX_WAITING + 1):
            lines.add("a", lambda: None)
        added.set()

    reader = threading.Thread(target=flood)
    reader.start()
    assert not added.wait(0.05), "the one that reads the connection waits"
    gate.set()
    assert added.wait(10)
    reader.join()
    threads.join()


def test_a_system_without_threads_is_an_error_for_that_request_alone() -> None:
    def fail(run: Callable[[], None]) -> Thread:
        raise RuntimeError("can't start new thread")

    lines = RequestLines(Primitives(start=fail))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="new thread"):
            lines.add("a", lambda: None)
    assert len(lines) == 0


def test_a_server_whose_threads_start_late_still_answers_a_client_in_order() -> None:
    """python-socketio starts a thread for every event; here the first one it starts has its turn after the second."""
    sio = socketio.Server(async_mode="threading")
    hub = rs.attach(sio, authorize=rs.allow_everyone)
    hub.channel("c", initial={"n": 1})
    start, numbers, second_is_done = sio.start_background_task, itertools.count(), threading.Event()

    def start_in_disorder(target: Callable[..., Any], *arguments: Any) -> Any:
        number = next(numbers)

        def run() -> None:
            if number == 0:
                second_is_done.wait(0.1)
            target(*arguments)
            if number == 1:
                second_is_done.set()

        return start(run)

    subscribe = {"version": 1, "channel": "c", "codecs": [], "position": None}
    with hub, serving_threads(socketio.WSGIApp(sio), sio) as url, RawClient(url) as client:
        hub.flush_all()
        sio.start_background_task = start_in_disorder
        for request in ("first", "second"):
            client.send("sync:subscribe", {**subscribe, "request": request})
        assert [client.receive()[3]["request"] for _ in range(2)] == ["first", "second"]
