"""Where something may have changed: a quick proof, exact in JSON's terms, that the rest stayed the same.

The proof is one-sided. What it leaves out is surely the same; what it names has mostly changed, but it may be that only
`1` became `1.0`, or a list a tuple. Somebody has to look closer, and the patch does not depend on how much was proven.
So there can be two implementations: one in C (`_changes.c`), where it could be built, and one in Python (`proof.py`),
which takes two to three times as long. Source: docs/decisions/0006-an-optional-c-extension.md.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from realtime_sync.document import proof

try:
    from realtime_sync.document import _speedups
except ImportError:  # no compiler where it was installed, or a Python for which there is no stable ABI
    _speedups = None  # type: ignore[assignment]

Hint: TypeAlias = Any
"""What an implementation already knows about a value that may have changed; given back to it with that value."""


@attrs.frozen
class Implementation:
    """One way to find out.

    Attributes:
        changes_in_object: Takes two objects and a hint (None: nothing is known), returns the keys of the new one, in
            its order, whose members are not proven to be the old ones, each with a hint about the member. None when it
            has a key that is no string.
        changes_in_list: The same for the positions of two lists; what one list has more is left out.
    """

    changes_in_object: Callable[[dict[str, Any], dict[Any, Any], Hint], dict[str, Hint] | None]
    changes_in_list: Callable[[list[Any], list[Any], Hint], dict[int, Hint]]


def _object_in_c(old: dict[str, Any], new: dict[Any, Any], hint: Hint) -> dict[str, Hint] | None:
    if hint is not None:  # it was walked with what is around it
        known: dict[str, Hint] = hint
        return known
    try:
        return _speedups.changes_in_object(old, new)
    except RecursionError:
        return dict.fromkeys(new) if all(type(key) is str for key in new) else None


def _list_in_c(old: list[Any], new: list[Any], _: Hint) -> dict[int, Hint]:
    try:
        return _speedups.changes_in_list(old, new)
    except RecursionError:
        return dict.fromkeys(range(min(len(old), len(new))))


IMPLEMENTATIONS = {"Python": Implementation(proof.changes_in_object, proof.changes_in_list)}
"""What there is on this machine, the best one last."""
if _speedups is not None:
    IMPLEMENTATIONS["C"] = Implementation(_object_in_c, _list_in_c)

IMPLEMENTATION = list(IMPLEMENTATIONS)[-1]
"""The name of the one in use."""

changes_in_object = IMPLEMENTATIONS[IMPLEMENTATION].changes_in_object
changes_in_list = IMPLEMENTATIONS[IMPLEMENTATION].changes_in_list
