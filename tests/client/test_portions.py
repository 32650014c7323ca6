"""Portions of what is said and heard by long polling."""

from typing import Any

import attrs
import pytest

from realtime_sync.client.portions import MAX_PACKETS, Portions

FIRST = "http://h/socket.io/?transport=polling&EIO=4&t=1"
NEXT = FIRST + "&sid=s"


@attrs.frozen
class Answer:
    ok: bool = True


def packets(count: int, first: int = 0) -> str:
    return "\x1e".join(f"4{number}" for number in range(first, first + count))


@pytest.mark.parametrize("count", [1, MAX_PACKETS, MAX_PACKETS + 1, 3 * MAX_PACKETS, 100])
def test_whatever_is_said_is_said_in_order_and_none_says_too_much(count: int) -> None:
    bodies = [body or "" for body in Portions().said(packets(count))]
    assert "\x1e".join(bodies) == packets(count)
    assert len(bodies) == -(-count // MAX_PACKETS)
    assert all(body.count("\x1e") < MAX_PACKETS for body in bodies)


def test_a_question_has_no_body() -> None:
    assert list(Portions().said(None)) == [None]


async def test_a_large_answer_is_heard_in_portions_and_nobody_is_asked_meanwhile() -> None:
    portions = Portions()
    heard: list[Any] = [portions.heard("GET", Answer(), packets(40).encode())]
    while (portion := portions.next("GET", NEXT)) is not None:
        heard.append(portion)
    assert [one.content.count(b"\x1e") + 1 for one in heard] == [16, 16, 8]
    assert b"\x1e".join(one.content for one in heard) == packets(40).encode()
    assert [await one.read() for one in heard] == [one.content for one in heard]
    assert {(one.ok, one.status, one.status_code) for one in heard} == {(True, 200, 200)}


def test_saying_something_goes_before_what_was_heard() -> None:
    portions = Portions()
    portions.heard("GET", Answer(), packets(40).encode())
    assert portions.next("POST", NEXT) is None
    assert portions.next("GET", NEXT) is not None


def test_a_new_connection_hears_nothing_of_the_last_one() -> None:
    portions = Portions()
    portions.heard("GET", Answer(), packets(40).encode())
    assert portions.next("GET", FIRST) is None
    assert portions.next("GET", NEXT) is None


@pytest.mark.parametrize(
    ("method", "answer", "count"), [("GET", Answer(), 16), ("GET", Answer(ok=False), 40), ("POST", Answer(), 40)]
)
def test_other_answers_stay_as_they_are(method: str, answer: Answer, count: int) -> None:
    portions = Portions()
    assert portions.heard(method, answer, packets(count).encode()) is answer
    assert portions.next("GET", NEXT) is None
