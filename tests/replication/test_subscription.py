"""A client's side of one channel: what it says, what it claims, and what it makes of bytes."""

from typing import Any

import attrs
import pytest

from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.replica import Replica, ResyncNeeded
from realtime_sync.replication.subscription import Subscription
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.frames import Delta, Frame, Keyframe, frame_to_wire

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
