"""A quick proof that values stayed the same, exact in JSON's terms.

Python's `==` and a serialiser both run in C, and each is wrong alone. `==` takes `True` for `1`, believes the `__eq__`
of any object, and so takes `Decimal(1)` for `1`; orjson writes NaN as `null`. They err in different ways: equal *and*
of the same bytes, a value is what it was. The proof can fail for what did not change (`1` became `1.0`, keys change
their order): then somebody has to look closer.
"""

from collections.abc import Sequence
from typing import Any

import orjson

_NOTHING_CONVERTED = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
)
"""orjson still writes an Enum as its value and a UUID as text, as `normalize` does."""


def suspects(olds: Sequence[Any], news: Sequence[Any]) -> list[int]:
    """Return the positions at which `news` is not proven to hold what the normal JSON `olds` holds.

    Both have the same length. `news` may hold anything.
    """
    if _is_proven(olds, news):
        return []
    alike = [position for position, new in enumerate(news) if _is_alike(olds[position], new)]
    if not _has_same_bytes([olds[position] for position in alike], [news[position] for position in alike]):
        alike = [position for position in alike if _has_same_bytes(olds[position], news[position])]
    if not alike:
        return list(range(len(news)))
    proven = set(alike)
    return [position for position in range(len(news)) if position not in proven]


def _is_proven(old: object, new: object) -> bool:
    return _is_alike(old, new) and _has_same_bytes(old, new)


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
