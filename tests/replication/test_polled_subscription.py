"""A client without a connection asks over plain HTTP, and claims no more than the answers say."""

from typing import Any

import orjson
import pytest

from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError, SubscriptionRefused
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.poll_schedule import PollSchedule, poll_pace
from realtime_sync.replication.replica import EventReceived, Replica
from realtime_sync.replication.resynchronizing import Resynced, ResyncReason
from realtime_sync.replication.subscription import Subscription
from realtime_sync.wire.frames import Closed, Delta, Event, Frame, Keyframe
from realtime_sync.wire.messages import Answer, Outcome
from realtime_sync.wire.poll import PollReply

PACE = poll_pace(2.0, Backoff(factor=1.5, cap_s=30.0, jitter=0.0))
KEYFRAME = Keyframe(Position("A", 7), {"n": 7})
DELTA = Delta(Position("A", 7), Position("A", 8), [{"op": "replace", "path": "/n", "value": 8}])


def polled(**options: Any) -> Subscription:
    """Return a subscription whose connection never came."""
    one = Subscription("c", ("msgpack", "json"), Replica(uniform=lambda: 0.0), polls=PollSchedule(PACE), **options)
    one.poll_meanwhile(0.0, at_once=True)
    return one


def ask(one: Subscription, now: float) -> dict[str, Any]:
    message = one.poll(now)
    assert message is not None
    return message


def reply(outcome: Outcome, frame: Frame | None = None, request: str = "1", **more: Any) -> bytes:
    return orjson.dumps(PollReply(Answer(outcome, request, "json", **more), frame).to_wire())


def answer(one: Subscription, now: float, outcome: Outcome, frame: Frame | None = None, **more: Any) -> list[Any]:
    """Let the poll that is due be answered."""
    request = ask(one, now)["request"]
    return one.receive_reply(request, reply(outcome, frame, request, **more), now)


def live() -> Subscription:
    """Return one that was answered with a keyframe at time 0."""
    one = polled()
    answer(one, 0.0, Outcome.KEYFRAME, KEYFRAME)
    return one


def status(one: Subscription) -> str:
    return one.status.value


def test_it_posts_what_it_would_say_on_a_connection_in_the_codec_that_everybody_speaks() -> None:
    one = polled()
    assert ask(one, 0.0) == {"version": 1, "channel": "c", "request": "1", "codecs": ["json"], "position": None}
    one.receive_reply("1", reply(Outcome.KEYFRAME, KEYFRAME), 0.5)
    assert one.replica.document == {"n": 7}
    assert ask(one, 2.5) == {
        "version": 1,
        "channel": "c",
        "request": "2",
        "codecs": ["json"],
        "position": ["A", 7],
        "heard": ["A", 0],
    }
    assert one.outgoing() == []


def test_the_next_poll_comes_an_interval_after_the_reply() -> None:
    one = polled()
    ask(one, 0.0)
    assert one.poll(100.0) is None, "one at a time"
    assert one.deadline is None
    one.receive_reply("1", reply(Outcome.KEYFRAME, KEYFRAME), 100.0)
    assert one.deadline == 102.0
    assert one.poll(101.9) is None
    assert answer(one, 102.0, Outcome.PATCH, DELTA)
    assert one.replica.document == {"n": 8}


def test_it_is_live_for_two_intervals_after_an_answer_and_then_offline_again() -> None:
    one = polled()
    assert status(one) == "offline"
    answer(one, 0.0, Outcome.KEYFRAME, KEYFRAME)
    assert status(one) == "live"
    answer(one, 2.0, Outcome.UP_TO_DATE, position=Position("A", 7))
    assert status(one) == "live"
    ask(one, 4.0)
    one.tick(5.9)
    assert status(one) == "live"
    assert one.deadline == 6.0
    one.tick(6.0)
    assert status(one) == "offline"
    assert one.replica.document == {"n": 7}


def test_one_that_was_lost_waits_an_interval_and_one_that_is_lost_again_does_not_begin_anew() -> None:
    one = Subscription("c", ("json",), Replica(uniform=lambda: 0.0), polls=PollSchedule(PACE))
    one.poll_meanwhile(10.0, at_once=False)
    assert one.deadline == 12.0
    one.poll_meanwhile(11.0, at_once=False)
    assert one.deadline == 12.0
    ask(one, 12.0)
    one.disconnected()  # an attempt to connect failed half-way
    one.poll_meanwhile(12.1, at_once=True)
    assert one.poll(12.2) is None
    one.receive_reply("1", reply(Outcome.KEYFRAME, KEYFRAME), 12.5)
    assert status(one) == "live"


def test_when_the_connection_is_back_it_resumes_there_and_hears_no_late_reply() -> None:
    one = live()
    request = ask(one, 2.0)["request"]
    one.connected(3.0)
    assert status(one) == "stale", "only the server can say that this is still the newest"
    [said] = one.outgoing()
    assert (said.event, said.message["position"]) == ("sync:subscribe", ["A", 7])
    assert said.message["codecs"] == ["msgpack", "json"]
    assert one.receive_reply(request, reply(Outcome.PATCH, DELTA, request), 3.1) == []
    assert one.poll_failed(request, None, 3.1) == 0
    assert one.replica.document == {"n": 7}
    assert one.poll(99.0) is None
    one.receive(None, {"outcome": "up_to_date", "request": said.message["request"], "position": ["A", 7]}, 3.2)
    assert status(one) == "live"
    one.poll_meanwhile(4.0, at_once=True)
    assert one.poll(99.0) is None, "not while there is a connection"


def test_a_connection_that_is_lost_again_is_polled_again_from_there() -> None:
    one = live()
    one.connected(1.0)
    one.outgoing()
    one.disconnected()
    assert status(one) == "offline", "what was confirmed before the connection came is forgotten"
    one.poll_meanwhile(5.0, at_once=False)
    assert ask(one, 7.0)["position"] == ["A", 7]


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.UPGRADE_REQUIRED, Outcome.INVALID])
def test_a_refusal_ends_polling_until_there_is_a_connection(outcome: Outcome) -> None:
    one = live()
    answer(one, 2.0, outcome)
    assert status(one) == "forbidden"
    assert one.deadline is None
    assert one.poll(99.0) is None
    one.poll_meanwhile(99.0, at_once=True)
    assert one.poll(99.0) is None
    one.connected(100.0)
    assert len(one.outgoing()) == 1


def test_a_channel_that_ended_is_not_asked_for() -> None:
    one = live()
    answer(one, 2.0, Outcome.KEYFRAME, Closed("A", "archived"))
    assert status(one) == "closed"
    assert one.poll(99.0) is None


def test_failures_are_waited_out_longer_and_longer_and_an_answer_ends_that() -> None:
    one = live()
    now, waited = 2.0, []
    for failures in range(1, 9):
        request = ask(one, now)["request"]
        assert one.poll_failed(request, None, now) == failures
        one.tick(now)
        assert one.deadline is not None
        waited.append((one.deadline if status(one) == "offline" else now + 3.0) - now)
        now += waited[-1]
    assert waited == [2.0 * 1.5**n if 2.0 * 1.5**n < 30 else 30.0 for n in range(1, 9)]
    assert status(one) == "offline"
    answer(one, now, Outcome.UP_TO_DATE, position=Position("A", 7))
    assert status(one) == "live"
    assert one.poll(now + 2.0) is not None


def test_what_was_answered_instead_is_the_error() -> None:
    one = live()
    error = ProtocolError("HTTP 502")
    one.poll_failed(ask(one, 2.0)["request"], error, 2.0)
    assert one.last_error is None, "nothing is wrong with a document that was confirmed a moment ago"
    one.poll_failed(ask(one, 5.0)["request"], error, 5.0)
    assert one.last_error is error
    answer(one, 9.5, Outcome.UP_TO_DATE, position=Position("A", 7))
    assert one.last_error is None


def test_a_server_that_cannot_serve_it_now_is_asked_less_often() -> None:
    one = live()
    answer(one, 2.0, Outcome.UNAVAILABLE, message="too large")
    assert status(one) == "live", "it was confirmed a moment ago"
    one.tick(4.9)
    assert status(one) == "offline"
    assert one.poll(4.9) is None
    answer(one, 5.0, Outcome.UNAVAILABLE, message="too large")
    assert isinstance(one.last_error, SubscriptionRefused)
    assert one.poll(9.4) is None
    assert one.poll(9.5) is not None


def test_without_a_document_it_waits_for_the_first() -> None:
    one = polled()
    answer(one, 0.0, Outcome.WAITING, position=Position("A", 0))
    assert status(one) == "waiting"
    answer(one, 2.0, Outcome.KEYFRAME, KEYFRAME)
    assert status(one) == "live"


def test_a_patch_that_does_not_fit_is_followed_at_once_by_one_question_for_the_whole() -> None:
    one = live()
    wrong = Delta(Position("A", 7), Position("A", 8), [{"op": "remove", "path": "/m"}])
    answer(one, 2.0, Outcome.PATCH, wrong)
    assert status(one) == "stale"
    assert ask(one, 2.0)["position"] is None
    one.receive_reply("4", reply(Outcome.PATCH, wrong, "4"), 2.1)
    assert one.poll(2.1) is None, "an answer that did not help is not asked for again at once"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", DecodeError),
        (b"<html>a page of the proxy</html>", DecodeError),
        (b"[]", ProtocolError),
        (b'{"answer":{"outcome":"keyframe","request":"2"},"body":{"type":"keyframe"}}', ProtocolError),
        (b'{"answer":{"outcome":"perhaps"},"body":null}', ProtocolError),
        (b'{"answer":{"outcome":"keyframe","request":"2"},"body":["k","A",9,{}]}', ProtocolError),
        (b'{"answer":{"outcome":"keyframe","request":"2"},"body":"%s"}' % (b"x" * 10_000), LimitExceeded),
    ],
)
def test_what_is_no_reply_is_an_error_and_never_live(data: bytes, error: type[Exception]) -> None:
    one = polled(limits=Limits(max_decoded_bytes=1_000))
    answer(one, 0.0, Outcome.KEYFRAME, KEYFRAME)
    one.receive_reply(ask(one, 2.0)["request"], data, 2.0)
    assert isinstance(one.last_error, error)
    assert status(one) == "stale"
    assert one.poll(4.9) is None
    assert one.poll(5.0) is not None


def test_a_frame_as_large_as_the_limits_is_let_in_with_what_is_around_it() -> None:
    limits = Limits(max_decoded_bytes=1_000, max_elements=10)
    document = {"text": "x" * 900, "list": list(range(5))}
    one = polled(limits=limits)
    answer(one, 0.0, Outcome.KEYFRAME, Keyframe(Position("A", 7), document))
    assert one.replica.document == document


def test_events_come_once_over_either_way() -> None:
    one = live()
    events = (Event("question", 1, 1), Event("beat", 2))
    happened = answer(one, 2.0, Outcome.PATCH, Delta(Position("A", 7), Position("A", 8), [], events))
    assert [each.data for each in happened if isinstance(each, EventReceived)] == [1, 2]
    assert ask(one, 4.0)["heard"] == ["A", 1]
    one.connected(4.5)
    [said] = one.outgoing()
    assert said.message["heard"] == ["A", 1]
    repeated = {
        "type": "keyframe",
        "epoch": "A",
        "offset": 9,
        "document": {},
        "events": [["question", 1, 1]],
        "serial": 1,
    }
    request = said.message["request"]
    told = one.receive(repeated, {"outcome": "keyframe", "request": request, "codec": "json"}, 5.0)
    assert not any(isinstance(each, EventReceived) for each in told)


def test_one_that_is_closed_here_asks_no_more() -> None:
    one = live()
    one.unsubscribe()
    assert one.deadline is None
    assert one.poll(99.0) is None


def test_without_an_address_nothing_is_asked() -> None:
    one = Subscription("c", ("json",), Replica())
    one.poll_meanwhile(0.0, at_once=True)
    assert one.poll(99.0) is None
    assert one.deadline is None
    assert one.tick(99.0) == []
    assert one.receive_reply("1", reply(Outcome.KEYFRAME, KEYFRAME), 99.0) == []
    assert one.poll_failed("1", None, 99.0) == 0


def test_polls_are_told_as_one_resync_and_the_connection_that_is_back_as_another() -> None:
    one = Subscription("c", ("json",), Replica(uniform=lambda: 0.0), polls=PollSchedule(PACE))
    told: list[Any] = []
    one.connected(0.0)
    keyframe = {"type": "keyframe", "epoch": "A", "offset": 7, "document": {"n": 7}}
    one.receive(keyframe, {"request": "1", "outcome": "keyframe", "codec": "json"}, 0.1)
    one.disconnected()
    one.poll_meanwhile(1.0, at_once=True)
    told += answer(one, 1.0, Outcome.PATCH, DELTA)
    for now in (3.0, 5.0):
        told += answer(one, now, Outcome.UP_TO_DATE, position=Position("A", 8))
    one.connected(6.0)
    (said,) = one.outgoing()[-1:]
    up_to_date = {"request": said.message["request"], "outcome": "up_to_date", "codec": "json", "position": ["A", 8]}
    told += one.receive(None, up_to_date, 6.1)
    assert [happening for happening in told if isinstance(happening, Resynced)] == [
        Resynced(ResyncReason.RECONNECT, Position("A", 7), Position("A", 8)),
        Resynced(ResyncReason.RECONNECT, Position("A", 8), Position("A", 8)),
    ]
