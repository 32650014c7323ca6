"""What changed between two documents, as a JSON Patch."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from realtime_sync.document.equality import json_equal
from realtime_sync.document.json_size import size_in_patch, takes_at_least
from realtime_sync.document.lists import Insert, Move, Remove, align, steps
from realtime_sync.document.normalize import NORMALIZE, Normalizer
from realtime_sync.document.pointer import escape_token
from realtime_sync.document.unchanged import suspects
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
    _Comparison(patch, text_append, normalizer).compare(old, new, path, _UNWEIGHED)


# To prove that a value stayed the same, it is serialised whole. So that no value is serialised once for every container
# around it, a value passes down how many more times its parts may be, and what may be large is weighed first.
_UNWEIGHED = -1
_TESTS = 3
_LARGE = 2_000  # values: so many are not serialised before it is known that they did not change
_FEW = 8  # values that are weighed one by one; of more, the first and the last stand for all
_MANY = 64  # values of which none is looked at before the comparison
_BATCH = 1_000  # values that are compared and serialised together; more gain nothing

_ALIGNABLE = 65_536
"""Elements of an old and a new list together, up to which they are aligned; past it, they are compared by position."""

_DEEP = 80
"""Containers inside each other that are looked into, at up to three frames of the call stack each; below, they are
replaced when they differ."""

_PLAIN = frozenset({dict, list, str, int, float, bool, type(None)})
_NEARLY_PLAIN: dict[type, Callable[[Any], object]] = {tuple: list, defaultdict: dict, OrderedDict: dict}
_ABSENT = object()


class _Comparison:
    """One walk over two documents side by side, writing down what differs."""

    __slots__ = ("_normalizer", "_patch", "_size", "_text_append")

    def __init__(self, patch: Patch, text_append: bool, normalizer: Normalizer) -> None:
        self._patch = patch
        self._text_append = text_append
        self._normalizer = normalizer
        self._size = 0  # bytes of what was written

    def compare(self, old: Any, new: Any, path: str, tests: int) -> None:
        """Write down what turns `old` into `new`."""
        if old is new:
            return
        if type(new) not in _PLAIN:
            new = self._plain(new, path)
        if type(new) is dict and isinstance(old, dict) and path.count("/") < _DEEP:
            self._compare_objects(old, new, path, tests)
        elif type(new) is list and isinstance(old, list) and path.count("/") < _DEEP:
            self._compare_lists(old, new, path, tests)
        elif isinstance(new, (dict, list)) or not _is_same_scalar(old, new):
            self._replace(old, new, path)

    # ---- objects -------------------------------------------------------------------------------------------------

    def _compare_objects(self, old: dict[str, Any], new: dict[Any, Any], path: str, tests: int) -> None:
        written, size = len(self._patch), self._size
        keys = list(new)
        befores = [old.get(key, _ABSENT) for key in keys]
        afters = list(new.values())
        for key in old:
            if key not in new:
                self._write({"op": "remove", "path": f"{path}/{escape_token(key)}"})
        for index, tests_left in _suspects(befores, afters, tests):
            key = keys[index]
            if type(key) is not str:
                self._start_again(written, size)
                self._compare_objects(old, self._normal(new, path), path, 0)
                return
            if befores[index] is _ABSENT:
                self._add_member(key, afters[index], path)
            else:
                self.compare(befores[index], afters[index], f"{path}/{escape_token(key)}", tests_left)
        self._prefer_replacing(written, size, new, path)

    def _add_member(self, key: str, value: object, path: str) -> None:
        [(owned_key, owned)] = self._normal({key: value}, path).items()
        self._write({"op": "add", "path": f"{path}/{escape_token(owned_key)}", "value": owned})

    # ---- lists ---------------------------------------------------------------------------------------------------

    def _compare_lists(self, old: list[Any], new: list[Any], path: str, tests: int) -> None:
        written, size = len(self._patch), self._size
        start = _common_start(old, new, tests)
        end = _common_start(old[start:][::-1], new[start:][::-1], tests)
        was, now = old[start : len(old) - end], new[start : len(new) - end]
        if (changes := _changes_in_place(was, now, tests)) is not None:
            for position, tests_left in changes:
                self.compare(was[position], now[position], f"{path}/{start + position}", tests_left)
        elif len(was) + len(now) > _ALIGNABLE:
            self._replace(old, new, path)
            return
        else:
            self._align(was, now, path, start, tests)
        self._prefer_replacing(written, size, new, path)

    def _align(self, was: list[Any], now: list[Any], path: str, start: int, tests: int) -> None:
        for index, element in enumerate(now):
            if type(element) not in _PLAIN:
                now[index] = self._plain(element, f"{path}/{start + index}")
        alignment = align(_keys(was, tests), _keys(now, tests))
        for step in steps(alignment):
            match step:
                case Remove(index):
                    self._write({"op": "remove", "path": f"{path}/{start + index}"})
                case Move(source, target):
                    self._write({"op": "move", "from": f"{path}/{start + source}", "path": f"{path}/{start + target}"})
                case Insert(index, element):
                    owned = self._normal(now[element], f"{path}/{start + element}")
                    self._write({"op": "add", "path": f"{path}/{start + index}", "value": owned})
        pairs = [
            (before, after)
            for before, after in sorted(alignment.kept + alignment.moved)
            if was[before] is not now[after]  # a draft shares most
        ]
        befores, afters = [was[before] for before, _ in pairs], [now[after] for _, after in pairs]
        for position, tests_left in _suspects(befores, afters, tests):
            place = f"{path}/{start + pairs[position][1]}"
            self.compare(befores[position], afters[position], place, tests_left)

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


# ---- where to look ---------------------------------------------------------------------------------------------------


def _suspects(olds: list[Any], news: list[Any], tests: int) -> Iterator[tuple[int, int]]:
    """Yield the positions, in order, at which something may have changed, and how many tests its parts have left."""
    if tests == 0:
        yield from ((position, 0) for position in range(len(news)))
    elif tests != _UNWEIGHED:
        yield from _suspects_in_batches(olds, news, _BATCH // 8, tests - 1)
    else:
        yield from _suspects_among_unweighed(olds, news)


def _suspects_among_unweighed(olds: list[Any], news: list[Any]) -> Iterator[tuple[int, int]]:
    if len(news) <= _FEW:
        return _suspects_among(olds, news, [_weight(new) for new in news])
    weight = max(_weight(news[0]), _weight(news[-1]))
    if len(news) <= _MANY:
        return _suspects_among(olds, news, [_weight(new) if weight >= _LARGE or _is_long(new) else 1 for new in news])
    if weight >= _LARGE:
        return ((position, _UNWEIGHED) for position in range(len(news)))
    return _suspects_in_batches(olds, news, max(1, _BATCH // weight), _TESTS)


def _suspects_in_batches(olds: list[Any], news: list[Any], size: int, tests_left: int) -> Iterator[tuple[int, int]]:
    for start in range(0, len(news), size):
        for position in suspects(olds[start : start + size], news[start : start + size]):
            yield start + position, tests_left


def _suspects_among(olds: list[Any], news: list[Any], weights: list[int]) -> Iterator[tuple[int, int]]:
    small = [position for position, weight in enumerate(weights) if weight < _LARGE]
    found = [(position, _UNWEIGHED) for position, weight in enumerate(weights) if weight >= _LARGE]
    found += [
        (small[index], _TESTS)
        for index in suspects([olds[position] for position in small], [news[position] for position in small])
    ]
    return iter(sorted(found))


def _common_start(old: list[Any], new: list[Any], tests: int) -> int:
    """Return how many elements at the start of two lists are surely the same."""
    length = min(len(old), len(new))
    shared = next((position for position in range(length) if old[position] is not new[position]), length)
    for position, _ in _suspects(old[shared:length], new[shared:length], tests):
        position += shared
        if isinstance(old[position], (dict, list)) or not _is_same_scalar(old[position], new[position]):
            return position
    return length


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


def _changes_in_place(was: list[Any], now: list[Any], tests: int) -> Iterable[tuple[int, int]] | None:
    """Return what `_suspects` of two lists are, or None if elements may have come, gone or moved.

    They have not when the lists have one length and differ in few places, none with an element that was at another.
    """
    if len(was) != len(now):
        return None
    found = _suspects(was, now, tests)
    if len(was) <= 1 or len(was) + len(now) > _ALIGNABLE:
        return found
    few = list(found)
    if len(few) > len(was) // 8:
        return None
    old_places = {_key(was[position], tests): position for position, _ in few}
    stayed = all(old_places.get(_key(now[position], tests), position) == position for position, _ in few)
    return few if stayed else None


# ---- what a list's elements are known by -----------------------------------------------------------------------------


def _keys(elements: Sequence[Any], tests: int) -> list[Hashable]:
    return [_key(element, tests) for element in elements]


def _key(element: Any, tests: int) -> Hashable:
    """Return what `element` is recognised by. Equal keys promise nothing: what they pair is compared."""
    kind = type(element)
    if kind is dict:
        for name in IDENTITY_KEYS:
            identity = element.get(name)
            if type(identity) is str or type(identity) is int:
                return name, identity
    elif kind is not list and kind in _PLAIN:
        return (kind, element) if kind is bool else element  # True is not 1, and 1 is 1.0
    if kind not in _PLAIN or tests == 0 or (tests == _UNWEIGHED and _weight(element) >= _LARGE):
        return (kind,)
    try:
        return kind, orjson.dumps(element, None, orjson.OPT_SORT_KEYS)
    except TypeError:
        return (kind,)
