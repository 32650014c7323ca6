"""Equality as JSON means it, which Python's `==` is not: to Python `True == 1`."""

from collections.abc import Iterable
from typing import Any

from realtime_sync.jsontypes import Json


def json_equal(a: Json, b: Json) -> bool:
    """Return whether `a` and `b` are the same JSON value.

    `True` is not `1`; `1` is `1.0`, and `-0.0` is `0`; the order of an object's members does not count.

    Source: RFC 6902, section 4.6.
    """
    if a is b:
        return True
    # Python's == runs in C and, on normal JSON, errs in one way only: it takes a boolean for the number 0 or 1. So a
    # difference that it sees is one, and what it calls equal remains to be searched for that one mistake.
    return a == b and not _takes_a_boolean_for_a_number(a, b)


def _takes_a_boolean_for_a_number(a: Any, b: Any) -> bool:
    """Return whether `a` and `b`, equal to Python, hold a boolean and a number at the same place."""
    pending: list[Iterable[tuple[Any, Any]]] = [((a, b),)]  # not recursive: equal documents can be any depth
    while pending:
        for x, y in pending.pop():
            if x is y or type(x) is str:
                continue
            if type(x) is bool or type(y) is bool:  # two equal booleans would have been one object
                return True
            if isinstance(x, dict):
                pending.append([(member, y[key]) for key, member in x.items()])
            elif isinstance(x, list):
                pending.append(zip(x, y, strict=True))
    return False
