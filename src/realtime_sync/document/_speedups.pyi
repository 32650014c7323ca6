"""What changed between two JSON values, found in one walk over both: see `unchanged.py`."""

from typing import Any

from realtime_sync.document.unchanged import Hint

def changes_in_object(old: dict[str, Any], new: dict[Any, Any], /) -> dict[str, Hint] | None:
    """Return the keys of `new` whose members are not surely what they are in `old`, in the order of `new`.

    A key's value is the same about the member, where that is an object in both; else None. The answer is None when
    `new` has a key that is no string.

    Raises:
        RecursionError: Both are nested more deeply than any document may be.
    """

def changes_in_list(old: list[Any], new: list[Any], /) -> dict[int, Hint]:
    """Return the same about the elements of two lists, by their positions; what one list has more is left out.

    Raises:
        RecursionError: Both are nested more deeply than any document may be.
    """
