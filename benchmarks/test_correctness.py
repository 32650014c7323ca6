"""Ours gets every pair right that is made to be got wrong; what the rivals get wrong stands on the page."""

from benchmarks.correctness import ours, wrong_by_kind


def test_no_pair_is_wrong() -> None:
    assert set(wrong_by_kind(ours).values()) == {0}
