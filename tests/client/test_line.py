"""The thread in which a client's steps happen one after the other."""

import functools
import threading
import time

import pytest

from realtime_sync.client.line import Line


def test_steps_of_many_threads_happen_one_at_a_time_and_those_of_each_in_order() -> None:
    line = Line(lambda: None)
    done: list[tuple[int, int]] = []
    inside: list[bool] = []

    def step(who: int, number: int) -> None:
        inside.append(True)
        assert len(inside) == 1
        done.append((who, number))
        inside.pop()

    def add_all(who: int) -> None:
        for number in range(200):
            line.add(functools.partial(step, who, number))

    threads = [threading.Thread(target=add_all, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.end(5)
    assert len(done) == 800
    assert all([number for whose, number in done if whose == who] == list(range(200)) for who in range(4))


def test_an_alarm_that_is_due_rings_although_steps_wait() -> None:
    happened: list[str] = []
    line = Line(lambda: happened.append("ring"))

    def first() -> None:
        line.set_alarm(time.monotonic())
        for _ in range(3):
            line.add(lambda: happened.append("step"))

    line.add(first)
    line.end(5)
    assert happened[0] == "ring"


def test_a_step_that_fails_is_logged_and_stops_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(lambda: None)
    done = threading.Event()

    def fail() -> None:
        raise IndexError

    line.add(fail)
    line.add(done.set)
    line.end(5)
    assert done.is_set()
    assert "IndexError" in caplog.text


def test_after_its_end_nothing_is_done_and_no_thread_is_left() -> None:
    line = Line(lambda: None)
    threads: list[threading.Thread] = []
    line.add(lambda: threads.append(threading.current_thread()))
    line.end(5)
    line.add(threads.clear)
    assert len(threads) == 1
    assert not threads[0].is_alive()
    assert not line.is_here
