"""Which elements of a list stayed, moved, came and went.

Elements are known here by a key alone; what the keys are, and what changed inside an element, is the caller's business.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs

_MATCHES_PER_ELEMENT = 8
_MATCHES_ALWAYS = 10_000
"""How many pairs of equal keys are looked at: 100 equal elements in both lists make 10,000 pairs."""


_Chain: TypeAlias = tuple[tuple[int, int], Any]
"""The last match of a chain, and the chain before it or None."""


@attrs.frozen
class Alignment:
    """How one list became another; every index of either list occurs exactly once.

    Attributes:
        kept: (old index, new index), increasing in both: these elements stay where they are. They have equal keys, or
            one came where the other went.
        moved: (old index, new index) of equal keys, increasing in the new index.
        removed: Old indexes, increasing.
        added: New indexes, increasing.
    """

    kept: list[tuple[int, int]]
    moved: list[tuple[int, int]]
    removed: list[int]
    added: list[int]


@attrs.frozen
class Remove:
    """Take out the element at `index`."""

    index: int


@attrs.frozen
class Move:
    """Take out the element at `source`, and put it where it then has the index `target`."""

    source: int
    target: int


@attrs.frozen
class Insert:
    """Insert element `element` of the new list so that it has the index `index`."""

    index: int
    element: int


def align(old: Sequence[Hashable], new: Sequence[Hashable]) -> Alignment:
    """Return how the list with the keys `old` became the one with the keys `new`, in nearly linear time.

    As many elements as possible stay where they are; exactly so unless keys repeat very often.

    Source: J. W. Hunt and T. G. Szymanski, A fast algorithm for computing longest common subsequences, CACM 20 (1977).
    """
    start = _common_start(old, new)
    end = _common_start(old[start:][::-1], new[start:][::-1])
    old_end, new_end = len(old) - end, len(new) - end
    anchors = [(index, index) for index in range(start)]
    anchors += _longest_common(old, new, range(start, old_end), range(start, new_end))
    anchors += [(old_end + offset, new_end + offset) for offset in range(end)]
    gone = _without(range(len(old)), (index for index, _ in anchors))
    come = _without(range(len(new)), (index for _, index in anchors))
    moved = _pair_equal(old, new, gone, come)
    gone = _without(gone, (index for index, _ in moved))
    come = _without(come, (index for _, index in moved))
    replaced = _pair_within_gaps(anchors, gone, come)
    return Alignment(
        kept=sorted(anchors + replaced),
        moved=moved,
        removed=_without(gone, (index for index, _ in replaced)),
        added=_without(come, (index for _, index in replaced)),
    )


def steps(alignment: Alignment) -> Iterator[Remove | Move | Insert]:
    """Yield what turns the old list into the new one, each step on what the ones before it left.

    Removals come first, from the end; then the new list is laid out from its start. What is to be moved later still
    stands in between, so an index counts what is laid out and, on top, the waiting elements before it.
    """
    yield from map(Remove, reversed(alignment.removed))
    kept_old = [index for index, _ in alignment.kept]
    kept_new = [index for _, index in alignment.kept]
    waiting = sorted(index for index, _ in alignment.moved)
    arrivals = sorted([(new, old) for old, new in alignment.moved] + [(new, -1) for new in alignment.added])
    for element, source in arrivals:
        laid_out = bisect_left(kept_new, element)  # how many of the kept elements are
        last_kept = kept_old[laid_out - 1] if laid_out else -1
        if source < 0:
            yield Insert(element + bisect_left(waiting, last_kept), element)
            continue
        place = bisect_left(waiting, source)
        del waiting[place]
        kept_before = bisect_left(kept_old, source)
        elements_before = kept_new[kept_before] if source < last_kept else element + kept_before - laid_out
        target = element + bisect_left(waiting, last_kept)
        if elements_before + place != target:
            yield Move(elements_before + place, target)


def _common_start(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return index
    return min(len(old), len(new))


def _longest_common(
    old: Sequence[Hashable], new: Sequence[Hashable], old_range: range, new_range: range
) -> list[tuple[int, int]]:
    """Return index pairs of equal keys, increasing in both, as many as there can be."""
    places = _places(old, old_range)
    matches = sum(len(places[key]) for key in new[new_range.start : new_range.stop] if key in places)
    if matches > _MATCHES_ALWAYS + _MATCHES_PER_ELEMENT * (len(old_range) + len(new_range)):
        if len(old_range) == len(new_range):
            return [pair for pair in zip(old_range, new_range, strict=True) if old[pair[0]] == new[pair[1]]]
        return _longest_increasing(_pair_in_order(places, new, new_range))
    return _longest_increasing(
        (old_index, new_index) for new_index in new_range for old_index in reversed(places.get(new[new_index], ()))
    )


def _places(keys: Sequence[Hashable], indexes: Iterable[int]) -> dict[Hashable, deque[int]]:
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for index in indexes:
        places[keys[index]].append(index)
    return places


def _pair_in_order(
    places: dict[Hashable, deque[int]], new: Sequence[Hashable], indexes: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Yield the first of equal keys with the first, the second with the second; uses `places` up."""
    for index in indexes:
        if waiting := places.get(new[index]):
            yield waiting.popleft(), index


def _longest_increasing(matches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest chain of `matches` that increases in both indexes.

    The matches of one new index come with decreasing old indexes, so that no chain holds two of them.
    """
    lowest_end: list[int] = []  # the lowest old index at which a chain of 1, 2, 3... matches can end
    chains: list[_Chain] = []  # that chain
    for match in matches:
        length = bisect_left(lowest_end, match[0])
        chain = (match, chains[length - 1] if length else None)
        if length == len(chains):
            lowest_end.append(match[0])
            chains.append(chain)
        else:
            lowest_end[length], chains[length] = match[0], chain
    result = []
    rest: _Chain | None = chains[-1] if chains else None
    while rest is not None:
        match, rest = rest
        result.append(match)
    return result[::-1]


def _pair_equal(
    old: Sequence[Hashable], new: Sequence[Hashable], gone: Sequence[int], come: Sequence[int]
) -> list[tuple[int, int]]:
    return list(_pair_in_order(_places(old, gone), new, come))


def _pair_within_gaps(
    anchors: Sequence[tuple[int, int]], gone: Sequence[int], come: Sequence[int]
) -> list[tuple[int, int]]:
    """Return pairs of what went and what came between the same two anchors: one changed into the other."""
    pairs = []
    waiting = deque(gone)
    old_anchors = [index for index, _ in anchors]
    new_anchors = [index for _, index in anchors]
    for new_index in come:
        gap = bisect_left(new_anchors, new_index)
        while waiting and bisect_left(old_anchors, waiting[0]) < gap:
            waiting.popleft()
        if waiting and bisect_left(old_anchors, waiting[0]) == gap:
            pairs.append((waiting.popleft(), new_index))
    return pairs


def _without(indexes: Iterable[int], excluded: Iterable[int]) -> list[int]:
    known = set(excluded)
    return [index for index in indexes if index not in known]
