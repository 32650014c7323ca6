"""A client's side of one channel: what it says, what it claims, and what it makes of bytes."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError, SubscriptionRefused
from realtime_sync.jsontypes import Patch
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.replica import Replica, ResyncNeeded
from realtime_sync.replication.subscription import Subscription
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.dictionary import Dictionary, dictionary_body, uses_dictionary
from realtime_sync.wire.encoding import encode_frame
from realtime_sync.wire.frames import Delta, Frame, Keyframe, frame_to_wire
from realtime_sync.wire.parts import split_bytes, split_text

KEYFRAME = Keyframe(Position("A", 7), {"n": 7})
DELTA = Delta(Position("A", 7), Position("A", 8), [{"op": "replace", "path": "/n", "value": 8}])


def answer(request: str = "1", outcome: str = "keyframe", codec: str = "json", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "request": request, "codec": codec, **more}


def subscription(*codecs: str, **options: Any) -> Subscription:
    return Subscription("c", codecs or ("msgpack", "json"), Replica(uniform=lambda: 0.0), **options)


def live(codec: str = "json", **options: Any) -> Subscription:
    one = subscription(codec, **options)
    one.connected(0.0)
    one.outgoing()
    one.receive(encoded(KEYFRAME, codec), answer(codec=codec), 1.0)
    assert status(one) == "live"
    return one


def encoded(frame: Frame, codec: str, dictionary: Dictionary | None = None) -> Any:
    return frame_to_wire(frame) if codec == "json" else encode_frame(frame, get_codec(codec), dictionary)


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
    assert said(one) == [("sync:subscribe", {**message, "request": "2", "position": ["A", 7], "heard": ["A", 0]})]
    one.receive(None, answer("2", "up_to_date", position=["A", 7]), 3.0)
    assert status(one) == "live"


def test_once_admitted_it_asks_by_resync() -> None:
    one = live()
    gap = attrs.evolve(DELTA, base=Position("A", 8), position=Position("A", 9))
    one.receive(encoded(gap, "json"), None, 2.0)
    assert said(one) == [("sync:resync", {"channel": "c", "request": "2", "position": ["A", 7], "heard": ["A", 0]})]
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


def test_a_codec_that_was_not_offered_is_garbage() -> None:
    one = subscription("msgpack")
    one.connected(0.0)
    one.receive(encoded(KEYFRAME, "msgpack+zstd"), answer(codec="msgpack+zstd"), 1.0)
    assert isinstance(one.last_error, ProtocolError)
    assert status(one) == "empty"


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
    assert one.replica.deadline is None


def parts_of(frame: Frame, codec: str, size: int = 4) -> list[dict[str, Any]]:
    """Return a frame as it travels when a message may be no larger than `size`."""
    split = split_text if codec == "json" else split_bytes
    parts = split(encode_frame(frame, get_codec(codec)), "p1", size)
    assert len(parts) >= 3
    return [part.to_wire() for part in parts]


@pytest.mark.parametrize("codec", ["json", "msgpack", "json+zstd"])
def test_a_frame_in_parts_is_applied_with_the_last_one(codec: str) -> None:
    one = subscription(codec)
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
    assert one.replica.deadline is None


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


# ---- dictionaries ----------------------------------------------------------------------------------------------------

DICTIONARY_CODECS = [name for name in available_codecs() if uses_dictionary(get_codec(name))]


def dictionary_for(delta: Delta, codec: str, salt: bytes = b"") -> Dictionary:
    """Return a dictionary that `delta` is compressed with."""
    return Dictionary(salt + get_codec(codec).encode(frame_to_compact(delta)) * 3)


def bringing(dictionary: Dictionary, codec: str) -> dict[str, Any]:
    kind = get_codec(codec)
    assert uses_dictionary(kind)
    return dictionary_body(dictionary, kind)


def long_delta(base: int, offset: int) -> Delta:
    """Return a delta that is made shorter by a dictionary."""
    patch: Patch = [
        {"op": "replace", "path": "/n", "value": offset},
        {"op": "add", "path": "/text", "value": "abcdef" * 20},
    ]
    return Delta(Position("A", base), Position("A", offset), patch)


@pytest.mark.parametrize("codec", DICTIONARY_CODECS)
def test_a_frame_needs_its_dictionary_and_without_it_changes_nothing(codec: str) -> None:
    one = live(codec)
    delta = long_delta(7, 8)
    dictionary = dictionary_for(delta, codec)
    body = encoded(delta, codec, dictionary)
    assert body[0] == 2
    one.receive(body, None, 2.0)
    assert status(one) == "live"
    assert one.replica.document == {"n": 7}
    assert said(one) == [("sync:resync", {"channel": "c", "request": "2", "position": ["A", 7], "heard": ["A", 0]})]
    one.receive(body, None, 2.1)
    assert said(one) == [], "asked once"
    one.receive(bringing(dictionary, codec), None, 2.2)
    one.receive(body, answer("2", "patch", codec), 2.3)
    assert one.replica.position == Position("A", 8)
    assert status(one) == "live"
    assert one.replica.deadline is None


@pytest.mark.parametrize("codec", DICTIONARY_CODECS)
def test_the_newest_two_are_kept_and_named_across_connections(codec: str) -> None:
    one = live(codec)
    first, second, third = [dictionary_for(long_delta(7, 8), codec, salt) for salt in (b"1", b"2", b"3")]
    for dictionary in (first, second):
        assert one.receive(bringing(dictionary, codec), None, 2.0) == []
    assert one.dictionaries == (second.id, first.id)
    one.receive(bringing(first, codec), None, 2.0)
    assert one.dictionaries == (first.id, second.id), "the newest first"
    one.receive(bringing(third, codec), None, 2.0)
    assert one.dictionaries == (third.id, first.id)
    one.disconnected()
    one.connected(3.0)
    [(event, message)] = said(one)
    assert event == "sync:subscribe"
    assert message["dictionaries"] == [third.id, first.id]
    one.receive(encoded(attrs.evolve(KEYFRAME, position=Position("B", 1)), codec), answer("2", codec=codec), 4.0)
    assert one.dictionaries == (third.id, first.id), "another epoch has the same keys"
    one.receive(
        encoded(attrs.evolve(long_delta(3, 4), base=Position("B", 3), position=Position("B", 4)), codec), None, 5
    )
    assert said(one)[0][1]["dictionaries"] == [third.id, first.id]


def test_one_who_leaves_keeps_none() -> None:
    codec = "json+zstd+dictionary"
    one = live(codec)
    one.receive(bringing(dictionary_for(long_delta(7, 8), codec), codec), None, 2.0)
    one.unsubscribe()
    assert one.dictionaries == ()


def test_a_dictionary_that_is_lost_is_asked_for_until_it_comes() -> None:
    codec = "json+zstd+dictionary"
    one = live(codec)
    delta = long_delta(7, 8)
    dictionary = dictionary_for(delta, codec)
    body = encoded(delta, codec, dictionary)
    one.receive(body, None, 2.0)
    assert len(said(one)) == 1
    one.receive(body, answer("2", "patch", codec), 3.0)  # its dictionary was lost on the way
    assert said(one) == [], "the same question again, but not at once"
    assert one.deadline is not None
    one.tick(one.deadline)
    assert len(said(one)) == 1
    one.receive(bringing(dictionary, codec), None, 20.0)
    one.receive(body, answer("3", "patch", codec), 20.0)
    assert one.replica.position == Position("A", 8)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"id": "00000000"}, DecodeError),
        ({"data": b"\x01garbage"}, DecodeError),
        ({"data": b"\x00" + bytes(40_000)}, LimitExceeded),
        ({"data": "text"}, ProtocolError),
        ({"codec": "msgpack"}, ProtocolError),
        ({"codec": "json+deflate+dictionary"}, ProtocolError),
        ({"codec": "unheard of"}, ProtocolError),
        ({"codec": ["json+zstd+dictionary"]}, ProtocolError),
        ({"codec": None}, ProtocolError),
    ],
)
def test_a_bad_dictionary_is_garbage_and_not_kept(change: dict[str, Any], error: type[Exception]) -> None:
    codec = "json+zstd+dictionary"
    one = live(codec)
    one.receive({**bringing(dictionary_for(long_delta(7, 8), codec), codec), **change}, None, 2.0)
    assert isinstance(one.last_error, error)
    assert one.dictionaries == ()
    assert len(said(one)) == 1, "whoever answers brings it again"
    one.receive(None, answer("2", "up_to_date", codec, position=["A", 7]), 3.0)
    assert status(one) == "live"


def test_a_dictionary_between_two_parts_ends_the_frame() -> None:
    codec = "json+zstd+dictionary"
    one = live(codec)
    *first, last = parts_of(attrs.evolve(KEYFRAME, position=Position("A", 9)), codec)
    for part in first:
        one.receive(part, None, 2.0)
    one.receive(bringing(dictionary_for(long_delta(7, 8), codec), codec), None, 2.0)
    one.receive(last, None, 2.0)
    assert one.replica.position == Position("A", 7)
