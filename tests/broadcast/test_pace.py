"""How often one client is answered about one channel."""

from realtime_sync.broadcast.pace import BURST, PER_S, Pace


def answered(pace: Pace, at_s: float) -> bool:
    if pace.wait_s(at_s) > 0:
        return False
    pace.take(at_s)
    return True


def test_a_burst_is_answered_at_once_and_then_one_a_second() -> None:
    pace = Pace()
    assert [answered(pace, 0.0) for _ in range(BURST + 2)] == [True] * BURST + [False, False]
    assert pace.wait_s(0.25) == 1 / PER_S - 0.25
    assert answered(pace, 1 / PER_S)
    assert not answered(pace, 1 / PER_S)


def test_a_thousand_requests_in_a_second_are_answered_a_few_times() -> None:
    pace = Pace()
    assert sum(answered(pace, number / 1_000) for number in range(1_000)) == BURST


def test_rest_is_not_saved_up_beyond_the_burst() -> None:
    pace = Pace()
    assert sum(answered(pace, 1_000.0) for _ in range(100)) == BURST


def test_a_loan_is_paid_back() -> None:
    pace = Pace()
    for _ in range(BURST + 1):
        pace.take(0.0)
    assert pace.wait_s(0.0) == 2 / PER_S


def test_it_may_be_forgotten_when_it_has_rested_and_nobody_sleeps_for_it() -> None:
    pace = Pace()
    assert pace.is_rested(0.0)
    pace.take(0.0)
    assert not pace.is_rested(0.5 / PER_S)
    assert pace.is_rested(1 / PER_S)
    pace.is_timed = True
    assert not pace.is_rested(1 / PER_S)
