"""A reader says how far it has read: often enough under load, once after a burst, never about what it does not hold."""

from typing import Any

from realtime_sync.position import Position
from realtime_sync.replication.acknowledgements import ACK_BYTES, ACK_FRAMES, ACK_IDLE_S
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Outgoing, Status, Subscription
from realtime_sync.wire.frames import Delta, Keyframe, frame_to_wire


def live(document: Any = "") -> Subscription:
    """Return a subscription that was answered with a keyframe at offset 1."""
    one = Subscription("c", ["json"], Replica(uniform=lambda: 0.0))
    one.connected(0.0)
    one.outgoing()
    answer = {"outcome": "keyframe", "request": "1", "codec": "json"}
    one.receive(frame_to_wire(Keyframe(Position("A", 1), document)), answer, 0.0)
    return one


def delta(offset: int, text: str = "x") -> dict[str, Any]:
    patch = [{"op": "append", "path": "", "value": text}]
    return frame_to_wire(Delta(Position("A", offset - 1), Position("A", offset), patch))


def ack(offset: int) -> Outgoing:
    return Outgoing("sync:ack", {"channel": "c", "position": ["A", offset]})


def test_every_thirty_second_frame_is_acknowledged() -> None:
    one = live()
    said = []
    for offset in range(2, 2 + 3 * ACK_FRAMES):
        one.receive(delta(offset), None, 0.1)
        said += one.outgoing()
    assert said == [ack(ACK_FRAMES), ack(2 * ACK_FRAMES), ack(3 * ACK_FRAMES)]


def test_many_bytes_are_acknowledged_at_once() -> None:
    one = live()
    one.receive(delta(2, "x" * ACK_BYTES), None, 0.1)
    assert one.outgoing() == [ack(2)]


def test_a_large_keyframe_is_acknowledged_at_once() -> None:
    assert live("x" * ACK_BYTES).outgoing() == [ack(1)]


def test_after_a_burst_the_last_frame_is_acknowledged_once() -> None:
    one = live()
    for offset in range(2, 7):
        one.receive(delta(offset), None, 0.5)
    assert one.outgoing() == []
    assert one.deadline == 0.5 + ACK_IDLE_S
    one.tick(0.5 + ACK_IDLE_S)
    assert one.outgoing() == [ack(6)]
    assert one.deadline is None
    one.tick(99.0)
    assert one.outgoing() == []


def test_frames_that_come_meanwhile_put_the_acknowledgement_off() -> None:
    one = live()
    one.receive(delta(2), None, 0.5)
    one.receive(delta(3), None, 1.2)
    assert one.deadline == 1.2 + ACK_IDLE_S


def test_what_was_dropped_is_not_counted() -> None:
    one = live()
    one.receive(delta(2), None, 0.1)
    one.tick(5.0)
    one.outgoing()
    for _ in range(2 * ACK_FRAMES):
        one.receive(delta(2), None, 5.1)
    assert one.outgoing() == []
    assert one.deadline is None


def test_a_replica_that_lost_the_thread_acknowledges_nothing() -> None:
    one = live()
    one.receive(delta(2), None, 0.1)
    one.receive(delta(9), None, 0.2)
    assert [said.event for said in one.outgoing()] == ["sync:resync"]
    one.tick(0.1 + ACK_IDLE_S)
    assert one.outgoing() == []


def test_a_new_connection_owes_nothing_for_the_last_one() -> None:
    one = live()
    one.receive(delta(2), None, 0.1)
    one.disconnected()
    assert one.deadline is None
    one.connected(1.0)
    one.outgoing()
    one.tick(2.0)
    assert one.outgoing() == []


def test_one_that_was_let_go_comes_back_later_with_its_position() -> None:
    one = live("text")
    one.receive(None, {"outcome": "too_slow", "message": "you did not keep up"}, 10.0)
    assert one.status is Status.STALE
    assert one.outgoing() == []
    assert one.deadline is not None
    assert one.deadline > 10.0
    one.tick(one.deadline)
    (said,) = one.outgoing()
    assert said.event == "sync:subscribe"
    assert said.message["position"] == ["A", 1]


def test_one_that_was_let_go_says_why() -> None:
    one = live("text")
    one.receive(None, {"outcome": "too_slow", "message": "you did not keep up"}, 10.0)
    assert str(one.last_error) == "channel 'c': too_slow (you did not keep up)"


def test_one_that_was_refused_does_not_ask_again_because_it_was_slow_before() -> None:
    one = live("text")
    one.receive(None, {"outcome": "forbidden"}, 10.0)
    one.receive(None, {"outcome": "too_slow"}, 10.1)
    assert one.status is Status.FORBIDDEN
    assert one.deadline is None
