"""What C does where it could be built: see `unchanged.py` and `normalize.py`."""

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

def plain_copy(value: object, depth: int, max_depth: int, max_elements: int, /) -> Any:
    """Return a copy of `value`, which stands inside `depth` containers, if it is plain and normal JSON.

    Plain are exact dicts with exact strings as keys, lists, tuples (they become lists), strings, integers, floats,
    booleans and None; normal is what `normalize` says. Of anything else, or of more than the limits allow, the answer
    is NotImplemented.
    """
