"""A client's side of one channel: what it says, what it claims, and what it makes of bytes."""

from collections.abc import Callable
from typing import Any

import attrs
import orjson
import pytest

from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError, SubscriptionRefused
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.replica import Replica, ResyncNeeded
from realtime_sync.replication.subscription import Subscription
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.frames import Delta, Frame, Keyframe, frame_to_wire
from realtime_sync.wire.parts import split_bytes, split_text

KEYFRAME = Keyframe(Position("A", 7), {"n": 7})
DELTA = Delta(Position("A", 7), Position("A", 8), [{"op": "replace", "path": "/n", "value": 8}])


def answer(request: str = "1", outcome: str = "keyframe", codec: str = "json", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "request": request, "codec": codec, **more}


def subscription(**options: Any) -> Subscription:
    return Subscription("c", ("msgpack", "json"), Replica(uniform=lambda: 0.0), **options)


def live(codec: str = "json", **options: Any) -> Subscription:
    one = subscription(**options)
    one.connected(0.0)
    one.outgoing()
    one.receive(encoded(KEYFRAME, codec), answer(codec=codec), 1.0)
    assert status(one) == "live"
    return one


def encoded(frame: Frame, codec: str) -> Any:
    wire = frame_to_wire(frame)
    return wire if codec == "json" else get_codec(codec).encode(wire)


def status(one: Subscription) -> str:
    return one.status.value


def said(one: Subscription) -> list[tuple[str, Any]]:
    return [(outgoing.event, outgoing.message) for outgoing in one.outgoing()]


def test_it_subscribes_on_every_connection_with_the_position_it_holds() -> None:
    one = subscription()
    assert status(one) == "offline"
    one.connected(0.0)
    assert status(one) == "empty"
    message = {"version": 1, "channel": "c", "request": "1", "codecs": ["msgpack", "json"], "position": None}
    assert said(one) == [("sync:subscribe", message)]
    one.receive(encoded(KEYFRAME, "json"), answer(), 1.0)
    one.disconnected()
    assert status(one) == "offline"
    one.connected(2.0)
    assert status(one) == "stale", "nobody knows yet whether it is the newest"
    assert said(one) == [("sync:subscribe", {**message, "request": "2", "position": ["A", 7]})]
    one.receive(None, answer("2", "up_to_date", position=["A", 7]), 3.0)
    assert status(one) == "live"


def test_once_admitted_it_asks_by_resync() -> None:
    one = live()
    gap = attrs.evolve(DELTA, base=Position("A", 8), position=Position("A", 9))
    one.receive(encoded(gap, "json"), None, 2.0)
    assert said(one) == [("sync:resync", {"channel": "c", "request": "2", "position": ["A", 7]})]
    assert status(one) == "stale"


def test_an_overdue_answer_is_asked_for_again_but_not_without_a_connection() -> None:
    one = subscription()
    one.connected(0.0)
    one.outgoing()
    assert one.deadline == 2.0
    assert isinstance(one.tick(2.0)[0], ResyncNeeded)
    assert [message["request"] for _, message in said(one)] == ["2"]
    one.disconnected()
    assert one.deadline is None
    assert one.tick(100.0) == []


@pytest.mark.parametrize("codec", ["json", "msgpack", "json+gzip", "msgpack+zstd", "json+deflate"])
def test_frames_are_read_in_the_codec_that_the_answer_named(codec: str) -> None:
    one = live(codec)
    one.receive(encoded(DELTA, codec), None, 2.0)
    assert one.replica.document == {"n": 8}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"\xc1", DecodeError),
        (b"", DecodeError),
        (7, ProtocolError),
        ("text", ProtocolError),
        ([], ProtocolError),
        ({"type": "poem"}, ProtocolError),
        ({"type": "keyframe", "epoch": "A", "offset": 9, "document": float("nan")}, DecodeError),
        ({"type": "keyframe", "epoch": "A", "offset": 9, "document": 2**60}, DecodeError),
        (None, ProtocolError),
    ],
)
def test_garbage_is_one_clear_error_and_one_question(body: Any, error: type[Exception]) -> None:
    one = live("msgpack")
    one.receive(body, None, 2.0)
    assert isinstance(one.last_error, error)
    assert status(one) == "stale"
    assert len(said(one)) == 1
    one.receive(body, None, 2.1)
    assert said(one) == [], "asked already"
    assert one.replica.document == {"n": 7}


@pytest.mark.parametrize("bad", [7, "no", {}, {"outcome": "great"}, {"outcome": "keyframe", "codec": 7}])
def test_an_answer_that_is_none_is_garbage_too(bad: Any) -> None:
    one = live()
    one.receive(encoded(DELTA, "json"), bad, 2.0)
    assert isinstance(one.last_error, ProtocolError)
    assert one.replica.document == {"n": 7}


def test_limits_hold_for_json_that_socketio_parsed_already() -> None:
    one = live(limits=Limits(max_elements=10))
    body = encoded(attrs.evolve(DELTA, patch=[{"op": "replace", "path": "/n", "value": [0] * 20}]), "json")
    one.receive(body, None, 2.0)
    assert isinstance(one.last_error, DecodeError)
    assert "max_elements" in str(one.last_error)


def test_limits_hold_for_bytes() -> None:
    one = live("msgpack", limits=Limits(max_encoded_bytes=100))
    body = encoded(attrs.evolve(DELTA, patch=[{"op": "replace", "path": "/n", "value": "x" * 200}]), "msgpack")
    one.receive(body, None, 2.0)
    assert isinstance(one.last_error, LimitExceeded)


def test_a_refusal_is_a_status_until_the_next_connection() -> None:
    one = subscription()
    one.connected(0.0)
    one.receive(None, {"outcome": "forbidden", "request": "1", "message": "no"}, 1.0)
    assert status(one) == "forbidden"
    assert one.replica.refusal is not None
    assert one.replica.refusal.message == "no"
    one.disconnected()
    one.connected(2.0)
    assert status(one) == "empty"


def test_a_closed_channel_stays_closed_whatever_else_is_said() -> None:
    one = live()
    one.receive({"type": "closed", "epoch": "A", "reason": "archived"}, None, 2.0)
    assert status(one) == "closed"
    one.disconnected()
    assert status(one) == "closed"
    assert one.replica.document == {"n": 7}


def test_unsubscribing_says_so_and_stops_asking() -> None:
    one = live()
    one.unsubscribe()
    assert said(one) == [("sync:unsubscribe", {"channel": "c"})]
    assert one.deadline is None


def parts_of(frame: Frame, codec: str, size: int = 10) -> list[dict[str, Any]]:
    """Return a frame as it travels when a message may be no larger than `size`."""
    wire = frame_to_wire(frame)
    if codec == "json":
        parts = split_text(orjson.dumps(wire), "p1", size)
    else:
        parts = split_bytes(get_codec(codec).encode(wire), "p1", size)
    assert len(parts) > 3
    return [part.to_wire() for part in parts]


@pytest.mark.parametrize("codec", ["json", "msgpack", "json+zstd"])
def test_a_frame_in_parts_is_applied_with_the_last_one(codec: str) -> None:
    one = subscription()
    one.connected(0.0)
    one.outgoing()
    *first, last = parts_of(KEYFRAME, codec)
    for part in first:
        assert one.receive(part, answer(codec=codec), 1.0) == []
        assert status(one) == "empty"
    one.receive(last, answer(codec=codec), 1.0)
    assert status(one) == "live"
    for part in parts_of(DELTA, codec):
        assert one.replica.document == {"n": 7}
        one.receive(part, None, 2.0)
    assert one.replica.document == {"n": 8}
    assert said(one) == []


def test_parts_that_answer_keep_the_question_from_being_repeated() -> None:
    one = subscription()
    one.connected(0.0)
    one.outgoing()
    parts = parts_of(KEYFRAME, "msgpack")
    for number, part in enumerate(parts[:-1]):
        now = 1.5 * (number + 1)
        one.receive(part, answer(codec="msgpack"), now)
        assert one.deadline == now + 2.0
        assert one.tick(now + 1.4) == []
    assert status(one) == "empty"
    one.receive(parts[-1], answer(codec="msgpack"), 20.0)
    assert status(one) == "live"
    assert one.deadline is None


def test_parts_of_somebody_elses_answer_prolong_nothing() -> None:
    one = subscription()
    one.connected(0.0)
    for part in parts_of(KEYFRAME, "msgpack")[:-1]:
        one.receive(part, answer("9", codec="msgpack"), 1.0)
        one.receive(part, None, 1.0)
    assert one.deadline == 2.0


def test_a_document_is_not_called_live_while_its_successor_arrives() -> None:
    one = live("msgpack")
    one.disconnected()
    one.connected(2.0)
    one.outgoing()
    parts = parts_of(attrs.evolve(KEYFRAME, position=Position("A", 9)), "msgpack")
    for part in parts[:-1]:
        one.receive(part, answer("2", codec="msgpack"), 3.0)
        assert status(one) == "stale"
    one.receive(parts[-1], answer("2", codec="msgpack"), 3.0)
    assert status(one) == "live"


def test_without_one_part_the_question_is_asked_again() -> None:
    one = subscription()
    one.connected(0.0)
    one.outgoing()
    parts = parts_of(KEYFRAME, "msgpack")
    for part in [*parts[:1], *parts[2:]]:
        one.receive(part, answer(codec="msgpack"), 1.0)
    assert status(one) == "empty"
    assert one.deadline == 3.0
    one.tick(3.0)
    assert [message["request"] for _, message in said(one)] == ["2"]
    for part in parts:
        one.receive(part, answer("2", codec="msgpack"), 4.0)
    assert status(one) == "live"


def interrupt_by_a_frame(one: Subscription) -> None:
    one.receive(encoded(DELTA, "msgpack"), None, 2.0)


def interrupt_by_reconnecting(one: Subscription) -> None:
    one.disconnected()
    one.connected(2.0)


def interrupt_by_leaving(one: Subscription) -> None:
    one.unsubscribe()


@pytest.mark.parametrize("interrupt", [interrupt_by_a_frame, interrupt_by_reconnecting, interrupt_by_leaving])
def test_whatever_comes_between_two_parts_ends_the_frame(interrupt: Callable[[Subscription], None]) -> None:
    one = live("msgpack")
    *first, last = parts_of(attrs.evolve(KEYFRAME, position=Position("A", 9)), "msgpack")
    for part in first:
        one.receive(part, None, 2.0)
    interrupt(one)
    one.receive(last, None, 2.0)
    assert one.replica.position != Position("A", 9)


@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_parts_over_the_limit_are_refused_before_they_are_kept(codec: str) -> None:
    one = live(codec, limits=Limits(max_encoded_bytes=50))
    large = attrs.evolve(KEYFRAME, position=Position("A", 9), document="x" * 100)
    for part in parts_of(large, codec):
        one.receive(part, None, 2.0)
        assert one._assembly.size_bytes <= 50
    assert isinstance(one.last_error, LimitExceeded)
    assert one.last_error.limit == "max_encoded_bytes"
    assert len(said(one)) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "part"}, ProtocolError),
        ({"type": "part", "id": "p1", "index": 0, "count": 1, "data": "{}"}, ProtocolError),
        ({"type": "part", "id": "p1", "index": 0, "count": 1, "data": "{"}, DecodeError),
        ({"type": "part", "id": "p1", "index": 0, "count": 1, "data": "NaN"}, DecodeError),
        ({"type": "part", "id": "p1", "index": 0, "count": 1, "data": b"\xc1"}, DecodeError),
    ],
)
def test_garbage_in_parts_is_garbage(body: Any, error: type[Exception]) -> None:
    one = live("msgpack")
    one.receive(body, None, 2.0)
    assert isinstance(one.last_error, error)
    assert status(one) == "stale"
    assert len(said(one)) == 1


def test_why_the_server_cannot_serve_is_told_until_it_can() -> None:
    one = subscription()
    one.connected(0.0)
    one.outgoing()
    message = "a keyframe takes 20 bytes, over max_encoded_bytes=10"
    one.receive(None, {"outcome": "unavailable", "request": "1", "message": message}, 1.0)
    assert isinstance(one.last_error, SubscriptionRefused)
    assert message in str(one.last_error)
    assert status(one) == "empty"
    assert one.deadline is not None
    one.tick(one.deadline)
    one.receive(encoded(KEYFRAME, "json"), answer("2"), 9.0)
    assert one.last_error is None
