"""How often a library's patch does not lead to the new document, on pairs that are made to be got wrong."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from benchmarks.rivals import RIVALS, Rival
from realtime_sync.document.diff import diff
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json
from tests.document.checked_diff import exact
from tests.document.random_pairs import ADVERSARIAL, Pair

PAIRS_OF_A_KIND = 20
PATIENCE_S = 1.0


def probes() -> dict[str, list[Pair]]:
    """Return the same pairs of every kind each time."""
    return {kind: list(_pairs(make)) for kind, make in ADVERSARIAL.items()}


def _pairs(make: Callable[[random.Random], Pair]) -> Iterator[Pair]:
    rng = random.Random(7)
    for _ in range(PAIRS_OF_A_KIND):
        yield make(rng)


def wrong_by_library() -> dict[str, dict[str, int]]:
    """Return for each library, ours first, how many pairs of each kind it got wrong, failed on or took too long for."""
    found = {"realtime_sync": wrong_by_kind(ours)}
    for rival in RIVALS.values():
        found[rival.label] = wrong_by_kind(_of(rival))
    return found


def wrong_by_kind(turn: Callable[[Json, Json], Json]) -> dict[str, int]:
    """Return how many pairs of each kind `turn(old, new)` does not turn into the new document, exactly."""
    return {kind: sum(not _is_right(turn, *pair) for pair in pairs) for kind, pairs in probes().items()}


def ours(old: Json, new: Json) -> Json:
    return apply_patch(old, diff(old, new, text_append=True))


def _of(rival: Rival) -> Callable[[Json, Json], Json]:
    return lambda old, new: rival.applied(old, rival.diff(old, new))


def _is_right(turn: Callable[[Json, Json], Json], old: Json, new: Json) -> bool:
    try:
        with _alarm(PATIENCE_S):
            return bool(exact(turn(old, new)) == exact(new))
    except Exception:  # whatever a library raises, it did not give the new document
        return False


class _TooSlow(Exception):
    """A library took longer than anybody would wait for a small document."""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Interrupt what takes too long, where the system has such alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(_: int, frame: FrameType | None) -> Any:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
