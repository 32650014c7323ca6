"""MessageBatch: full by number, age or bytes; owned copies; one JSON object."""

import pytest

from realtime_sync.errors import InvalidValue
from realtime_sync.replication.batch import MessageBatch


class Clock:
    def __init__(self) -> None:
        self.now = 1_767_225_600.0  # 2026-01-01T00:00:00Z

    def __call__(self) -> float:
        return self.now


def test_add_says_when_the_batch_is_full() -> None:
    batch = MessageBatch(max_size=3)
    assert [batch.add({"n": n}) for n in range(3)] == [False, False, True]


def test_bytes_make_it_full_before_the_number_does() -> None:
    batch = MessageBatch(max_size=100, max_bytes=20)
    assert batch.add("x" * 10) is False
    assert batch.add("x" * 10) is True


def test_it_expires_at_its_deadline_and_not_before() -> None:
    clock = Clock()
    batch = MessageBatch(max_age_ms=100, clock=clock)
    assert batch.created_at == clock.now
    assert batch.deadline == clock.now + 0.1
    clock.now += 0.099
    assert not batch.is_expired()
    clock.now = batch.deadline
    assert batch.is_expired()


def test_the_payload_is_one_json_object_with_a_utc_timestamp() -> None:
    batch = MessageBatch(clock=Clock())
    batch.add({"event": "a"})
    batch.add({"event": "b"})
    assert batch.to_payload() == {
        "type": "batch",
        "messages": [{"event": "a"}, {"event": "b"}],
        "count": 2,
        "timestamp": "2026-01-01T00:00:00Z",
    }


def test_messages_are_copies() -> None:
    message = {"nodes": [1]}
    batch = MessageBatch()
    batch.add(message)
    message["nodes"].append(2)
    assert list(batch) == [{"nodes": [1]}]
    payload = batch.to_payload()
    payload["messages"].clear()
    assert len(batch) == 1


def test_a_message_that_is_no_json_is_refused_and_the_batch_goes_on() -> None:
    batch = MessageBatch()
    with pytest.raises(InvalidValue, match="/a"):
        batch.add({"a": {1, 2}})
    assert len(batch) == 0
    batch.add("fine")
    assert len(batch) == 1


@pytest.mark.parametrize("option", ["max_size", "max_age_ms", "max_bytes"])
def test_bounds_must_be_positive(option: str) -> None:
    with pytest.raises(ValueError, match=option):
        MessageBatch(**{option: 0})  # type: ignore[arg-type]
