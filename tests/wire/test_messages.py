"""Messages to the wire and back, and what is no message."""

from typing import Any

import pytest

from realtime_sync.errors import ProtocolError
from realtime_sync.position import Position
from realtime_sync.wire.messages import MAX_CODECS_OFFERED, Answer, Fetch, Heard, Outcome, Resync, Subscribe

SUBSCRIBE = {"version": 1, "channel": "c", "request": "1", "codecs": ["json"], "position": ["A", 3]}


@pytest.mark.parametrize(
    "message",
    [
        Subscribe("c", "1", ("msgpack+zstd", "json"), None),
        Subscribe("c", "1", (), Position("A", 3), version=7),
        Subscribe("c", "1", ("json",), None, dictionaries=("a1b2c3d4",)),
        Subscribe("c", "1", ("json",), None, heard=Heard("A", 0)),
        Resync("c", "1", Position("A", 3), ("a1b2c3d4",), Heard("A", 2**53 - 1)),
        Answer(Outcome.WAITING, "1", "json", Position("A", 0), serial=3),
        Resync("c", "2", Position("A", 3)),
        Resync("c", "2", None, ("a1b2c3d4", "00000000")),
        Fetch("c", "/a~1b"),
        Answer(Outcome.KEYFRAME, "1", "json"),
        Answer(Outcome.KEYFRAME, "1", "json", dropped=7),
        Answer(Outcome.WAITING, "1", "json", Position("A", 0)),
        Answer(Outcome.FORBIDDEN, message="no"),
    ],
)
def test_a_message_survives_the_wire(message: Any) -> None:
    assert type(message).from_wire(message.to_wire()) == message


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1"},
        {"channel": 7},
        {"request": ""},
        {"request": "x" * 65},
        {"request": 1},
        {"codecs": "json"},
        {"codecs": [1]},
        {"codecs": ["json"] * (MAX_CODECS_OFFERED + 1)},
        {"position": ["A"]},
        {"position": ["A", -1]},
        {"position": ["A", 1.5]},
        {"position": ["A", True]},
        {"position": ["", 1]},
        {"position": ["A" * 65, 1]},
        {"position": ["A", 2**53]},
        {"dictionaries": "a1b2c3d4"},
        {"dictionaries": [7]},
        {"dictionaries": None},
        {"heard": 7},
        {"heard": ["A"]},
        {"heard": ["", 1]},
        {"heard": ["A", -1]},
        {"heard": ["A", True]},
        {"heard": ["A", 2**53]},
    ],
)
def test_what_is_no_subscribe_message_is_refused(change: dict[str, Any]) -> None:
    assert Subscribe.from_wire(SUBSCRIBE).channel == "c"
    with pytest.raises(ProtocolError):
        Subscribe.from_wire({**SUBSCRIBE, **change})


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"channel": None}, {"outcome": "great"}, {"outcome": 1}])
@pytest.mark.parametrize("message", [Subscribe, Resync, Fetch, Answer])
def test_anything_else_is_refused(message: Any, value: Any) -> None:
    with pytest.raises(ProtocolError):
        message.from_wire(value)


@pytest.mark.parametrize("member", ["dropped", "serial"])
@pytest.mark.parametrize("count", [-1, 1.5, True, "1", None, 2**53])
def test_what_is_no_count_is_refused(member: str, count: Any) -> None:
    with pytest.raises(ProtocolError, match="count"):
        Answer.from_wire({"outcome": "keyframe", member: count})


def test_unknown_members_are_ignored() -> None:
    assert Subscribe.from_wire({**SUBSCRIBE, "future": 1}) == Subscribe.from_wire(SUBSCRIBE)


def test_of_dictionaries_four_are_read() -> None:
    ids = [str(number) for number in range(4)]
    assert Subscribe.from_wire({**SUBSCRIBE, "dictionaries": [*ids, "4", 5]}).dictionaries == tuple(ids)
    assert Resync.from_wire({**SUBSCRIBE, "dictionaries": []}).dictionaries == ()


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_admits_refuses_or_postpones(outcome: Outcome) -> None:
    assert outcome.subscribed + outcome.is_refusal + (outcome in (Outcome.UNAVAILABLE, Outcome.TOO_SLOW)) == 1
