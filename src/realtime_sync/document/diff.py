"""What changed between two documents, as a JSON Patch."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable
from enum import Enum
from typing import Any, TypeAlias

import orjson

from realtime_sync.document.equality import json_equal
from realtime_sync.document.json_size import size_in_patch, takes_at_least
from realtime_sync.document.lists import Insert, Move, Remove, align, steps
from realtime_sync.document.normalize import NORMALIZE, Normalizer
from realtime_sync.document.pointer import escape_token
from realtime_sync.document.unchanged import Hint, changes_in_list, changes_in_object
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json, Operation, Patch

IDENTITY_KEYS = ("id", "task_id", "node_id", "request_id", "uuid", "key", "name")
"""An object in a list is known by the first of these members that holds a string or an integer."""


def diff(old: Json, new: object, *, text_append: bool = False, normalizer: Normalizer = NORMALIZE) -> Patch:
    """Return the operations that turn `old` into `new`.

    Equality is JSON's: from `True` to `1` is a change, from `1` to `1.0` is none. Elements of lists that are objects
    are known by the first of `IDENTITY_KEYS` that they have. Wherever replacing an object, a list or the whole
    document takes fewer bytes than changing it, it is replaced.

    Args:
        old: Normal JSON.
        new: Anything that `normalize` takes. The patch shares no list and no dict with it.
        text_append: Also use `{"op": "append", "path", "value"}`, for a string inside the document that grew.
        normalizer: What the values in the patch go through; what did not change is not copied.

    Raises:
        InvalidValue: Something new in `new` is no JSON.

    Source: RFC 6902; `append` follows jsonpatch 1.47.
    """
    patch: Patch = []
    diff_into(old, new, "", patch, text_append=text_append, normalizer=normalizer)
    return patch


def diff_into(
    old: Json,
    new: object,
    path: str,
    patch: Patch,
    *,
    text_append: bool = False,
    normalizer: Normalizer = NORMALIZE,
) -> None:
    """Append to `patch` the operations that turn `old`, which stands at `path`, into `new`; otherwise as `diff`."""
    _Comparison(patch, text_append, normalizer).compare(old, new, path, 0, None)


_ALIGNABLE = 65_536
"""Elements of an old and a new list together, up to which they are aligned; past it, they are compared by position."""

_DEEP = 80
"""Containers inside each other that are looked into, at up to three frames of the call stack each; below, they are
replaced when they differ."""

_KEYED_LISTS = 3
"""Lists inside each other whose elements are recognised by all that they hold: each serialises what is inside it."""

_LONG = 2_000
"""Members or elements of what is not recognised by all that it holds."""

_CHUNK = 256
"""Elements that two lists are compared by at a time, where they may soon differ in every one."""

_PLAIN = frozenset({dict, list, str, int, float, bool, type(None)})
_NEARLY_PLAIN: dict[type, Callable[[Any], object]] = {tuple: list, defaultdict: dict, OrderedDict: dict}


_Pair: TypeAlias = tuple[int, int, Hint]
"""Positions of an element in the old list and in the new one, and what is known of the two."""


class _Comparison:
    """One walk over two documents side by side, writing down what differs."""

    __slots__ = ("_normalizer", "_patch", "_size", "_text_append")

    def __init__(self, patch: Patch, text_append: bool, normalizer: Normalizer) -> None:
        self._patch = patch
        self._text_append = text_append
        self._normalizer = normalizer
        self._size = 0  # bytes of what was written

    def compare(self, old: Any, new: Any, path: str, lists: int, hint: Hint) -> None:
        """Write down what turns `old`, inside so many lists, into `new`."""
        if old is new:
            return
        if type(new) not in _PLAIN:
            new = self._plain(new, path)
        if type(new) is dict and isinstance(old, dict) and path.count("/") < _DEEP:
            self._compare_objects(old, new, path, lists, hint)
        elif type(new) is list and isinstance(old, list) and path.count("/") < _DEEP:
            self._compare_lists(old, new, path, lists, hint)
        elif isinstance(new, (dict, list)) or not _is_same_scalar(old, new):
            self._replace(old, new, path)

    # ---- objects -------------------------------------------------------------------------------------------------

    def _compare_objects(self, old: dict[str, Any], new: dict[Any, Any], path: str, lists: int, hint: Hint) -> None:
        changes = changes_in_object(old, new, hint)
        if changes is None:  # a key is no string
            self._compare_objects(old, self._normal(new, path), path, lists, None)
            return
        written, size = len(self._patch), self._size
        come = {key for key in changes if key not in old}
        if len(old) > len(new) - len(come):  # counted, as looking for what went would take a tenth of the whole diff
            for key in old:
                if key not in new:
                    self._write({"op": "remove", "path": f"{path}/{escape_token(key)}"})
        for key, inside in changes.items():
            if key in come:
                self._add_member(key, new[key], path)
            else:
                self.compare(old[key], new[key], f"{path}/{escape_token(key)}", lists, inside)
        self._prefer_replacing(written, size, new, path)

    def _add_member(self, key: str, value: object, path: str) -> None:
        [(owned_key, owned)] = self._normal({key: value}, path).items()
        self._write({"op": "add", "path": f"{path}/{escape_token(owned_key)}", "value": owned})

    # ---- lists ---------------------------------------------------------------------------------------------------

    # Which elements stayed is told by their keys alone. What is proven to be the same has the same key: so the patch
    # does not depend on how much is proven, and keys are needed only where nothing is.

    def _compare_lists(self, old: list[Any], new: list[Any], path: str, lists: int, hint: Hint) -> None:
        written, size = len(self._patch), self._size
        now = self._plain_elements(new, path)
        pairs = _pairs_in_place(old, now, lists, hint)
        if pairs is None:
            start, pairs = _common_start(old, now, lists, hint)
            end, last_pairs = _common_start(old[start:][::-1], now[start:][::-1], lists, hint)
            was_between, now_between = old[start : len(old) - end], now[start : len(now) - end]
            if len(was_between) + len(now_between) > _ALIGNABLE:
                self._replace(old, new, path)
                return
            pairs += self._align(was_between, now_between, path, start, lists, hint)
            pairs += [(len(old) - 1 - before, len(now) - 1 - after, known) for before, after, known in last_pairs[::-1]]
        for before, after, known in pairs:
            self.compare(old[before], now[after], f"{path}/{after}", lists + 1, known)
        self._prefer_replacing(written, size, new, path)

    def _align(self, was: list[Any], now: list[Any], path: str, start: int, lists: int, hint: Hint) -> list[_Pair]:
        """Write down what comes, goes and moves, and return the pairs of what stayed and may have changed."""
        alignment = align([_key(element, lists) for element in was], [_key(element, lists) for element in now])
        for step in steps(alignment):
            match step:
                case Remove(index):
                    self._write({"op": "remove", "path": f"{path}/{start + index}"})
                case Move(source, target):
                    self._write({"op": "move", "from": f"{path}/{start + source}", "path": f"{path}/{start + target}"})
                case Insert(index, element):
                    owned = self._normal(now[element], f"{path}/{start + element}")
                    self._write({"op": "add", "path": f"{path}/{start + index}", "value": owned})
        stayed = sorted(alignment.kept + alignment.moved)
        changes = changes_in_list([was[before] for before, _ in stayed], [now[after] for _, after in stayed], hint)
        return [(start + stayed[place][0], start + stayed[place][1], known) for place, known in changes.items()]

    # ---- what is written -----------------------------------------------------------------------------------------

    def _replace(self, old: Json, new: object, path: str) -> None:
        if self._text_append and type(old) is str and type(new) is str and path and new.startswith(old):
            grown = self._normal(new[len(old) :], path)
            self._write({"op": "append", "path": path, "value": grown})
            return
        owned = self._normal(new, path)
        if not json_equal(old, owned):  # the normalizer may have made it so
            self._write({"op": "replace", "path": path, "value": owned})

    def _prefer_replacing(self, written: int, size: int, new: object, path: str) -> None:
        """Take back what was written about `new`, and replace it, if that is smaller."""
        spent = self._size - size
        if not spent:
            return
        replacement: Operation = {"op": "replace", "path": path, "value": None}
        if takes_at_least(new, spent - size_in_patch(replacement) + len("null")):
            return
        replacement["value"] = self._normal(new, path)
        if size_in_patch(replacement) < spent:
            self._start_again(written, size)
            self._write(replacement)

    def _start_again(self, written: int, size: int) -> None:
        del self._patch[written:]
        self._size = size

    def _write(self, operation: Operation) -> None:
        self._patch.append(operation)
        self._size += size_in_patch(operation)

    def _plain_elements(self, elements: list[Any], path: str) -> list[Any]:
        return [
            element if type(element) in _PLAIN else self._plain(element, f"{path}/{index}")
            for index, element in enumerate(elements)
        ]

    def _plain(self, value: Any, path: str) -> Any:
        """Return `value` with a plain type on the outside."""
        unwrap = _NEARLY_PLAIN.get(type(value))
        return unwrap(value) if unwrap else self._normal(value, path)

    def _normal(self, value: object, path: str) -> Any:
        return self._normalizer(value, path, path.count("/"))


def _is_same_scalar(old: object, new: object) -> bool:
    """Return whether two values, not both objects and not both lists, are the same JSON."""
    if type(old) is type(new):
        return old == new
    if {type(old), type(new)} == {int, float}:
        return old == new and abs(new) <= MAX_SAFE_INTEGER  # type: ignore[arg-type]
    return False


# ---- which elements stayed -------------------------------------------------------------------------------------------


def _pairs_in_place(old: list[Any], now: list[Any], lists: int, hint: Hint) -> list[_Pair] | None:
    """Return pairs of the elements that may have changed where they stand; None when some came, went or moved.

    None did when the lists have one length and no new key was, before, that of another element that changed.
    """
    if len(old) != len(now):
        return None
    changes = changes_in_list(old, now, hint)
    if 2 * len(old) <= _ALIGNABLE and len(old) > 1:
        keys = [(_key(old[position], lists), _key(now[position], lists)) for position in changes]
        gone = {before for before, after in keys if before != after}
        if any(after in gone for before, after in keys if before != after):
            return None
    return [(position, position, known) for position, known in changes.items()]


def _common_start(old: list[Any], now: list[Any], lists: int, hint: Hint) -> tuple[int, list[_Pair]]:
    """Return how many elements at the start of two lists have the same keys, and the pairs that may have changed."""
    length = min(len(old), len(now))
    pairs: list[_Pair] = []
    for start in range(0, length, _CHUNK):
        end = min(start + _CHUNK, length)
        for offset, known in changes_in_list(old[start:end], now[start:end], hint).items():
            position = start + offset
            if _key(old[position], lists) != _key(now[position], lists):
                return position, pairs
            pairs.append((position, position, known))
    return length, pairs


def _key(element: Any, lists: int) -> Hashable:
    """Return what an element, inside so many lists, is recognised by; what has the same key is compared.

    Two elements that are the same JSON, written in the same types, have the same key.
    """
    kind = type(element)
    if kind is dict:
        for name in IDENTITY_KEYS:
            identity = element.get(name)
            if isinstance(identity, Enum):
                identity = identity.value
            if type(identity) is str or type(identity) is int:
                return name, identity
    elif kind is not list:
        return (kind, element) if kind is bool else element  # True is not 1, and 1 is 1.0
    if lists >= _KEYED_LISTS or len(element) > _LONG:
        return (kind,)
    try:
        return kind, orjson.dumps(element, None, orjson.OPT_SORT_KEYS)
    except TypeError:
        return (kind,)
