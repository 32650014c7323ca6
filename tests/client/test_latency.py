"""From a question to the first word of its answer, whatever else is asked meanwhile."""

from typing import Any

import pytest

from realtime_sync.client.latency import MAX_QUESTIONS, Latency


def asked(channel: str, request: str = "1") -> dict[str, Any]:
    return {"channel": channel, "request": request}


def test_it_is_the_time_from_a_question_to_its_answer() -> None:
    latency = Latency()
    assert latency.last_ms is None
    latency.asked(asked("c"), 1.0)
    latency.answered("c", {"request": "1"}, 1.25)
    assert latency.last_ms == 250.0
    latency.answered("c", {"request": "1"}, 9.0)  # the next part of the same answer
    assert latency.last_ms == 250.0


def test_channels_that_use_the_same_ids_are_kept_apart() -> None:
    latency = Latency()
    latency.asked(asked("a"), 1.0)
    latency.asked(asked("b"), 2.0)
    latency.answered("a", {"request": "1"}, 3.0)
    assert latency.last_ms == 2_000.0
    latency.answered("b", {"request": "1"}, 3.5)
    assert latency.last_ms == 1_500.0


@pytest.mark.parametrize("answer", [None, [], "1", {}, {"request": None}, {"request": []}, {"request": "2"}])
def test_what_answers_nothing_is_no_measurement(answer: Any) -> None:
    latency = Latency()
    latency.asked(asked("c"), 1.0)
    latency.asked({"channel": "c", "position": ["A", 1]}, 1.0)  # an acknowledgement
    latency.answered("c", answer, 2.0)
    assert latency.last_ms is None


def test_without_answers_the_oldest_questions_are_forgotten() -> None:
    latency = Latency()
    for number in range(MAX_QUESTIONS + 1):
        latency.asked(asked("c", str(number)), 0.0)
    latency.answered("c", {"request": "0"}, 1.0)
    assert latency.last_ms is None
    latency.answered("c", {"request": "1"}, 1.0)
    assert latency.last_ms == 1_000.0
    latency.forget_questions()
    latency.answered("c", {"request": "2"}, 5.0)
    assert latency.last_ms == 1_000.0
