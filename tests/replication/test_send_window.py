"""Who keeps up, told by a few numbers a reader."""

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.limits import ReaderLimits
from realtime_sync.position import Position
from realtime_sync.replication.acknowledgements import ACK_BYTES
from realtime_sync.replication.send_window import CatchUpSent, SendWindow

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
    assert made.comes_back_at("slow") is None
    assert made.acknowledge("slow", 6, 0.0) is True
    assert made.comes_back_at("slow") == 6
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
    assert made.comes_back_at("stuck") is None
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


# ---- what is large takes its time ------------------------------------------------------------------------------------

HERE = Position("epoch", 1)

LARGE_LIMITS = ReaderLimits(max_unacked_frames=4, max_unacked_bytes=ACK_BYTES, let_go_after_s=60)
LARGE_BYTES = 5 * ACK_BYTES
"""Five minutes on the slowest link that is not too slow."""


def joining(
    size_bytes: int = LARGE_BYTES, *, asked_from: Position | None = None, at_s: float = 0.0, offset: int = 1
) -> SendWindow:
    """Return a window whose one reader was sent a catch-up of that size."""
    made = SendWindow(LARGE_LIMITS)
    made.join("slow", "json", offset, CatchUpSent(asked_from, size_bytes, at_s))
    return made


def is_on_its_way(made: SendWindow, now: float, *, asked_from: Position | None = None, stream: str = "json") -> bool:
    return made.is_on_its_way("slow", stream, asked_from, now)


def test_a_large_answer_is_not_repeated_for_as_long_as_it_may_take() -> None:
    made = joining()
    assert is_on_its_way(made, 0.0)
    assert is_on_its_way(made, 299.9)
    assert not is_on_its_way(made, 300.0), "it was lost, or the link is too slow"


def test_an_answer_that_was_garbled_is_repeated_after_the_same_time_and_then_counts_anew() -> None:
    made = joining()
    made.join("slow", "json", 9, CatchUpSent(None, LARGE_BYTES, 300.0))
    assert is_on_its_way(made, 599.9)
    assert not is_on_its_way(made, 600.0)


def test_another_question_is_another_matter() -> None:
    made = joining(asked_from=HERE)
    assert is_on_its_way(made, 1.0, asked_from=HERE)
    assert not is_on_its_way(made, 1.0, asked_from=None), "it lost what it held: the patch would be of no use"
    assert not is_on_its_way(made, 1.0, asked_from=Position("epoch", 2))
    assert not is_on_its_way(made, 1.0, asked_from=HERE, stream="msgpack"), "it subscribed in another codec"


def test_what_lies_ahead_on_other_channels_takes_its_time_first() -> None:
    made = SendWindow(LARGE_LIMITS)
    made.join("slow", "json", 1, CatchUpSent(None, LARGE_BYTES, 0.0, ahead_bytes=2 * LARGE_BYTES))
    assert is_on_its_way(made, 899.9)
    assert not is_on_its_way(made, 900.0)
    made = window("slow", limits=LARGE_LIMITS)
    for offset in range(2, 7):
        made.sent(offset, {"json": 1})
    assert made.park_slow(0.0, lambda sid: LARGE_BYTES) == ["slow"]
    assert made.overdue(300.0) == []
    assert made.overdue(300.1) == ["slow"]


def test_under_way_is_what_was_sent_and_not_acknowledged() -> None:
    made = joining()
    assert made.under_way_bytes("stranger") == 0
    assert made.under_way_bytes("slow") == LARGE_BYTES
    send(made, *range(2, 27), size_bytes=2)
    assert "slow" in made.parked
    send(made, 27, 28)
    assert made.under_way_bytes("slow") == LARGE_BYTES + 50, "what the others got since is not"
    made.acknowledge("slow", 26, 0.0)
    assert made.under_way_bytes("slow") == 0


def test_what_is_small_is_said_again() -> None:
    assert not is_on_its_way(joining(ACK_BYTES - 1), 0.0)
    assert is_on_its_way(joining(ACK_BYTES), 0.0)


def test_what_is_small_is_not_said_again_while_something_large_is_ahead_of_it() -> None:
    made = SendWindow(LARGE_LIMITS)
    made.join("slow", "json", 1, CatchUpSent(None, 100, 0.0, ahead_bytes=LARGE_BYTES))
    assert is_on_its_way(made, 300.0)
    assert not is_on_its_way(made, 300.1)


def test_what_has_no_frame_is_said_again() -> None:
    made = SendWindow(LARGE_LIMITS)
    made.join("slow", "json", 1, CatchUpSent(HERE, 0, 0.0, ahead_bytes=LARGE_BYTES))
    assert not is_on_its_way(made, 0.0, asked_from=HERE), "to be up to date is not acknowledged"


def test_what_was_acknowledged_is_no_longer_on_its_way() -> None:
    made = joining(offset=7)
    assert made.acknowledge("slow", 6, 1.0) is False
    assert is_on_its_way(made, 1.0), "an acknowledgement from before"
    made.acknowledge("slow", 7, 1.0)
    assert not is_on_its_way(made, 1.0)


def test_nothing_is_on_its_way_to_one_who_left_or_never_came() -> None:
    made = joining()
    assert not made.is_on_its_way("stranger", "json", None, 0.0)
    made.leave("slow")
    assert not is_on_its_way(made, 0.0), "it closed the channel and opened it again"


def test_behind_a_large_document_more_frames_may_wait() -> None:
    made = joining()
    assert send(made, *range(2, 26)) == [], "six times as many"
    assert send(made, 26) == ["slow"]


def test_behind_a_large_document_more_bytes_may_wait() -> None:
    made = joining()
    assert send(made, 2, 3, size_bytes=3 * ACK_BYTES) == []
    assert send(made, 4, size_bytes=1) == ["slow"]


def test_once_the_document_was_read_the_window_is_as_narrow_as_before() -> None:
    made = joining()
    assert send(made, *range(2, 20)) == []
    made.acknowledge("slow", 1, 0.0)
    assert send(made, 20) == ["slow"]


def test_one_that_claims_to_have_read_all_gets_no_wider_window() -> None:
    made = joining()
    assert send(made, 2, 3) == []
    made.acknowledge("slow", 3, 0.0)
    assert send(made, 4, 5, 6, 7) == []
    assert send(made, 8) == ["slow"]


def test_one_that_is_parked_behind_a_large_document_has_the_time_to_read_it() -> None:
    made = joining()
    assert send(made, *range(2, 27), size_bytes=1, now=10.0) == ["slow"]
    last = 10.0 + 60 * (LARGE_BYTES + 25) / ACK_BYTES
    assert made.overdue(last) == []
    assert made.overdue(last + 0.1) == ["slow"]


def test_time_counts_from_the_last_acknowledgement_that_says_something_new() -> None:
    made = joining()
    assert send(made, *range(2, 27), size_bytes=1, now=10.0) == ["slow"]
    made.acknowledge("slow", 1, 200.0)
    assert made.overdue(260.0) == []
    made.acknowledge("slow", 1, 259.0)
    assert made.overdue(260.1) == ["slow"], "it said the same once more"
    made.acknowledge("slow", 2, 260.2)
    assert made.overdue(320.2) == []
    assert made.overdue(320.3) == ["slow"]


def test_a_large_frame_has_its_time_however_much_the_others_were_sent_since() -> None:
    made = joining(0)
    made.acknowledge("slow", 1, 0.0)
    assert send(made, 2) == []
    assert send(made, 3, size_bytes=LARGE_BYTES) == ["slow"]
    assert send(made, *range(4, 40)) == []
    made.acknowledge("slow", 2, 100.0)
    assert made.overdue(399.9) == [], "at 2, it reads the large one"
    assert made.overdue(400.1) == ["slow"]


def test_an_acknowledgement_of_the_beginning_counts_nothing_as_read() -> None:
    made = window("slow")
    send(made, 2, size_bytes=900)
    made.acknowledge("slow", 1, 0.0)
    assert send(made, 3, size_bytes=200) == ["slow"]


def test_offsets_may_jump_while_nobody_looks() -> None:
    made = window("early")
    made.join("late", "json", 1_000)
    assert send(made, 1_001) == ["early"]
    assert made.acknowledge("early", 1_001, 0.0) is True
    assert send(made, 1_002, 1_003, 1_004) == []
    assert made.acknowledge("late", 1_004, 0.0) is False


def test_a_stream_in_which_a_frame_could_not_be_encoded_lags_behind() -> None:
    made = window("one")
    made.join("other", "msgpack", 1)
    for offset in range(2, 12):
        made.sent(offset, {"json": 10, "msgpack": 10} if offset < 5 else {"msgpack": 10})
        made.acknowledge("other", offset, 0.0)
        assert made.park_slow(0.0) == []
    made.sent(12, {"json": 10, "msgpack": 10})
    assert made.park_slow(0.0) == ["one"], "it sees a gap, and will ask; meanwhile it counts what lies between"
    assert made.parked["one"].offset == 12


@pytest.mark.parametrize("in_that_moment", ["acknowledges", "leaves", "joins"])
def test_one_that_moves_in_the_moment_in_which_it_is_parked_is_not(in_that_moment: str) -> None:
    made = window("quick")
    send(made, 2, 3, 4, 5)

    def move(sid: str) -> int:
        match in_that_moment:
            case "acknowledges":
                assert made.acknowledge(sid, 6, 0.0) is False, "it is not parked yet: nobody would bring it back"
            case "leaves":
                made.leave(sid)
            case "joins":
                made.join(sid, "json", 6)
        return 0

    made.sent(6, {"json": 10})
    assert made.park_slow(0.0, move) == []
    assert made.parked == {}


def test_threads_acknowledge_while_frames_are_sent() -> None:
    readers = [f"reader-{number}" for number in range(4)]
    made = window(*readers, limits=ReaderLimits())
    ended = threading.Event()
    errors: list[BaseException] = []

    def acknowledge(reader: str) -> None:
        try:
            while not ended.is_set():
                made.acknowledge(reader, 1, 0.0)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=acknowledge, args=(reader,)) for reader in readers]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for offset in range(2, 20_000):
            made.sent(offset, {"json": 10})
    finally:
        sys.setswitchinterval(before)
        ended.set()
        for thread in threads:
            thread.join()
    assert errors == []
