"""A proof in Python that values stayed the same, exact in JSON's terms.

Python's `==` and a serialiser both run in C, and each is wrong alone. `==` takes `True` for `1`, believes the `__eq__`
of any object, and so takes `Decimal(1)` for `1`; orjson writes NaN as `null`. They err in different ways: equal *and*
of the same bytes, a value is what it was. The proof can fail for what did not change (`1` became `1.0`, keys change
their order): then somebody has to look closer.

The price is that a value is serialised whole. So that no value is serialised once for every container around it, a
value passes down, as the hint, how many more times its parts may be (None: as often as is right), and what may be large
is weighed first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

_TESTS = 3
_LARGE = 2_000  # values: so many are not serialised before it is known that they did not change
_FEW = 8  # values that are weighed one by one; of more, the first and the last stand for all
_MANY = 64  # values of which none is looked at before the comparison
_BATCH = 1_000  # values that are compared and serialised together; more gain nothing

_NOTHING_CONVERTED = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
)
"""orjson still writes an Enum as its value and a UUID as text, as `normalize` does."""

_ABSENT = object()


def changes_in_object(old: dict[str, Any], new: dict[Any, Any], tests: int | None) -> dict[str, int | None] | None:
    """Return the keys of what is not proven to be the same; see `unchanged.Implementation`."""
    if not {str}.issuperset(map(type, new)):
        return None
    keys = [key for key, value in new.items() if old.get(key, _ABSENT) is not value]  # a draft shares most
    befores, afters = [old.get(key, _ABSENT) for key in keys], [new[key] for key in keys]
    return {keys[index]: left for index, left in _suspects(befores, afters, tests)}


def changes_in_list(old: list[Any], new: list[Any], tests: int | None) -> dict[int, int | None]:
    """Return the positions of what is not proven to be the same; see `unchanged.Implementation`."""
    places = [place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one is not other]
    befores, afters = [old[place] for place in places], [new[place] for place in places]
    return {places[index]: left for index, left in _suspects(befores, afters, tests)}


# ---- what to prove together ------------------------------------------------------------------------------------------


def _suspects(olds: list[Any], news: list[Any], tests: int | None) -> Iterator[tuple[int, int | None]]:
    """Yield the positions, in order, at which something may have changed, and how many tests its parts have left."""
    if tests is None:
        yield from _suspects_among_unweighed(olds, news)
    elif tests == 0:
        yield from ((position, 0) for position in range(len(news)))
    else:
        yield from _suspects_in_batches(olds, news, _BATCH // 8, tests - 1)


def _suspects_among_unweighed(olds: list[Any], news: list[Any]) -> Iterator[tuple[int, int | None]]:
    if len(news) <= _FEW:
        return _suspects_among(olds, news, [_weight(new) for new in news])
    weight = max(_weight(news[0]), _weight(news[-1]))
    if len(news) <= _MANY:
        return _suspects_among(olds, news, [_weight(new) if weight >= _LARGE or _is_long(new) else 1 for new in news])
    if weight >= _LARGE:
        return ((position, None) for position in range(len(news)))
    return _suspects_in_batches(olds, news, max(1, _BATCH // weight), _TESTS)


def _suspects_in_batches(olds: list[Any], news: list[Any], size: int, tests: int) -> Iterator[tuple[int, int]]:
    for start in range(0, len(news), size):
        for position in _unproven(olds[start : start + size], news[start : start + size]):
            yield start + position, tests


def _suspects_among(olds: list[Any], news: list[Any], weights: list[int]) -> Iterator[tuple[int, int | None]]:
    small = [position for position, weight in enumerate(weights) if weight < _LARGE]
    unproven = _unproven([olds[position] for position in small], [news[position] for position in small])
    suspects: dict[int, int | None] = {small[index]: _TESTS for index in unproven}
    suspects |= {position: None for position, weight in enumerate(weights) if weight >= _LARGE}
    return iter(sorted(suspects.items()))


def _weight(value: object) -> int:
    """Return about how many values `value` consists of, or `_LARGE` when they are many; looks at a few alone."""
    if not isinstance(value, (dict, list)):
        return 1
    weight = 1.0
    pending: list[tuple[Any, float]] = [(value, 1.0)]
    for container, times in pending:  # grows while it is walked
        weight += times * len(container)
        if weight >= _LARGE or len(pending) > _MANY:
            return _LARGE
        children = container.values() if isinstance(container, dict) else container
        inner = [child for child in children if isinstance(child, (dict, list))]
        if len(inner) > 3:
            times *= len(inner) / 3
            inner = [inner[0], inner[len(inner) // 2], inner[-1]]
        pending += [(child, times) for child in inner]
    return int(weight)


def _is_long(value: object) -> bool:
    return isinstance(value, (dict, list)) and len(value) > _MANY


# ---- the proof -------------------------------------------------------------------------------------------------------


def _unproven(olds: Sequence[Any], news: Sequence[Any]) -> list[int]:
    """Return the positions at which `news` is not proven to hold what the normal JSON `olds` holds."""
    if _is_alike(olds, news) and _has_same_bytes(olds, news):
        return []
    alike = [position for position, new in enumerate(news) if _is_alike(olds[position], new)]
    if not _has_same_bytes([olds[position] for position in alike], [news[position] for position in alike]):
        alike = [position for position in alike if _has_same_bytes(olds[position], news[position])]
    proven = set(alike)
    return [position for position in range(len(news)) if position not in proven]


def _is_alike(old: object, new: object) -> bool:
    try:
        return bool(old == new)
    except Exception:  # whatever a foreign `__eq__` raises, it proves nothing
        return False


def _has_same_bytes(old: object, new: object) -> bool:
    try:
        return orjson.dumps(new, None, _NOTHING_CONVERTED) == orjson.dumps(old)
    except TypeError:  # orjson's errors are TypeErrors: something in `new` is no plain JSON
        return False
