"""Who keeps up, told by a few numbers a reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.limits import ReaderLimits
from realtime_sync.replication.send_window import SendWindow

LIMITS = ReaderLimits(max_unacked_frames=4, max_unacked_bytes=1_000, let_go_after_s=60)


def window(*readers: str, limits: ReaderLimits = LIMITS) -> SendWindow:
    made = SendWindow(limits)
    for reader in readers:
        made.join(reader, "json", 1)
    return made


def send(made: SendWindow, *offsets: int, size_bytes: int = 10, now: float = 0.0) -> list[str]:
    """Send frames; return who was parked."""
    parked = []
    for offset in offsets:
        made.sent(offset, {"json": size_bytes})
        parked += made.park_slow(now)
    return parked


def test_a_reader_is_parked_with_the_first_frame_past_the_limit() -> None:
    made = window("slow")
    assert send(made, 2, 3, 4, 5) == []
    assert send(made, 6) == ["slow"]
    assert made.parked["slow"].offset == 6
    assert send(made, 7, 8) == [], "only once"


def test_an_acknowledgement_opens_the_window_again() -> None:
    made = window("quick")
    send(made, 2, 3, 4, 5)
    assert made.acknowledge("quick", 4, 0.0) is False
    assert send(made, 6, 7, 8) == []
    assert send(made, 9) == ["quick"]


def test_bytes_count_as_well() -> None:
    made = window("slow")
    assert send(made, 2, 3, size_bytes=501) == ["slow"]


def test_what_was_acknowledged_counts_no_longer_as_bytes() -> None:
    made = window("quick")
    send(made, 2, size_bytes=900)
    made.acknowledge("quick", 2, 0.0)
    assert send(made, 3, size_bytes=900) == []
    assert send(made, 4, size_bytes=200) == ["quick"]


def test_one_frame_is_let_through_whatever_its_size() -> None:
    made = window("any")
    assert send(made, 2, size_bytes=5_000) == []
    assert send(made, 3) == ["any"]


def test_bytes_of_another_codec_are_not_its_own() -> None:
    made = window()
    made.join("small", "msgpack", 1)
    for offset in (2, 3):
        made.sent(offset, {"json": 5_000, "msgpack": 10})
        assert made.park_slow(0.0) == []


def test_it_comes_back_when_it_has_read_what_was_under_way() -> None:
    made = window("slow")
    send(made, 2, 3, 4, 5, 6)
    assert made.acknowledge("slow", 5, 0.0) is False
    assert made.acknowledge("slow", 6, 0.0) is True
    made.join("slow", "json", 9)
    assert made.parked == {}
    assert send(made, 10) == []


@pytest.mark.parametrize("offset", [0, 7, 2**60])
def test_an_acknowledgement_of_what_was_never_sent_means_nothing(offset: int) -> None:
    made = window("liar")
    send(made, 2, 3, 4, 5, 6)
    assert made.acknowledge("liar", offset, 0.0) is False
    assert "liar" in made.parked


def test_a_stranger_can_acknowledge_nothing() -> None:
    assert window("one").acknowledge("another", 1, 0.0) is False


def test_one_that_stays_parked_is_overdue() -> None:
    made = window("stuck")
    send(made, 2, 3, 4, 5, 6, now=10.0)
    assert made.overdue(70.0) == []
    assert made.overdue(70.1) == ["stuck"]
    made.leave("stuck")
    assert made.overdue(99.0) == []
    assert made.parked == {}


@given(st.lists(st.integers(0, 60), max_size=80))
def test_nobody_who_is_not_parked_has_more_under_way_than_allowed(acknowledged: list[int]) -> None:
    made = window("one")
    newest_ack = 1
    for offset, ack in enumerate(acknowledged, start=2):
        made.sent(offset, {"json": 1})
        made.park_slow(0.0)
        if made.acknowledge("one", ack, 0.0):
            made.join("one", "json", offset)
            newest_ack = offset
        elif newest_ack <= ack <= offset:
            newest_ack = ack
        if "one" not in made.parked:
            assert offset - newest_ack <= LIMITS.max_unacked_frames
