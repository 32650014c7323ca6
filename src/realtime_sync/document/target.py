"""A document under change: where it stands, or copied on the way to each change."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from realtime_sync.document.normalize import plain_copy
from realtime_sync.document.pointer import (
    array_index,
    existing_key,
    format_pointer,
    json_name,
    located,
    not_a_container,
    walk,
)
from realtime_sync.errors import InvalidPatch, PathNotFound
from realtime_sync.jsontypes import Json
from realtime_sync.limits import HIGHEST_DEPTH, Limits

Tokens: TypeAlias = tuple[str, ...]
"""A parsed pointer."""

_ANY_NUMBER = 2**60
"""Of elements: what is copied here was let in by somebody else."""


class InPlace:
    """A document that is changed where it stands, and what it takes to undo that.

    A location is a container and what to subscript it with. The root's is `_top[""]`, so that the root is a member
    like any other.
    """

    __slots__ = ("_copies_left", "_limits", "_top", "_undo")

    def __init__(self, document: Json, limits: Limits) -> None:
        self._top: dict[str, Json] = {"": document}
        self._undo: list[Callable[[], object]] = []
        self._limits = limits
        self._copies_left = limits.max_elements

    @property
    def root(self) -> Json:
        return self._top[""]

    def add(self, tokens: Tokens, value: Json) -> None:
        container, token = self._holder(tokens)
        if isinstance(container, dict):
            self._put(container, token, value)
        elif isinstance(container, list):
            self._insert(container, insertion_index(container, tokens), value)
        else:
            raise located(not_a_container(container), tokens)

    def replace(self, tokens: Tokens, value: Json) -> None:
        container, key = self._place(tokens)
        self._put(container, key, value)

    def remove(self, tokens: Tokens) -> Json:
        if not tokens:
            raise InvalidPatch("the whole document cannot be removed, only replaced")
        return self._take(*self._place(tokens))

    def append(self, tokens: Tokens, text: str) -> None:
        container, key = self._place(tokens)
        self._put(container, key, _text_at(container[key], tokens) + text)

    def copy(self, tokens: Tokens) -> Json:
        """Return a copy of what stands at `tokens`, if the limits have room for it.

        Why there is a limit: each `{"op": "copy", "from": "/a", "path": "/a/-"}` doubles `/a`; thirty make a billion.
        """
        value = walk(self.root, tokens)
        self._copies_left -= count_values(value, self._copies_left)
        if self._copies_left < 0:
            allowed = self._limits.max_elements
            raise InvalidPatch(f"the copy operations of one patch may add {allowed} values (Limits.max_elements)")
        return copied(value)  # type: ignore[no-any-return]

    def roll_back(self) -> None:
        """Undo everything, the last change first."""
        while self._undo:
            self._undo.pop()()

    def _put(self, container: Any, key: str | int, value: Json) -> None:
        if isinstance(container, dict) and key not in container:
            self._undo.append(partial(container.__delitem__, key))
        else:
            self._undo.append(partial(container.__setitem__, key, container[key]))
        container[key] = value

    def _insert(self, container: list[Any], index: int, value: Json) -> None:
        container.insert(index, value)
        self._undo.append(partial(container.__delitem__, index))

    def _take(self, container: Any, key: str | int) -> Json:
        value: Json = container.pop(key)
        put_back: Callable[[Any, Json], None] = (
            container.insert if isinstance(container, list) else container.__setitem__
        )
        self._undo.append(partial(put_back, key, value))
        return value

    def _place(self, tokens: Tokens) -> tuple[Any, str | int]:
        """Return the location that `tokens` name, where something stands."""
        container, token = self._holder(tokens)
        try:
            return container, existing_key(container, token)
        except PathNotFound as error:
            raise located(error, tokens) from None

    def _holder(self, tokens: Tokens) -> tuple[Any, str]:
        """Return the value above the location that `tokens` name, ready to be changed, and the last token."""
        container: Any = self._top
        token = ""
        for depth, following in enumerate(tokens):
            if type(container) is dict and token in container:
                container = self._enter(container, token)
            else:
                try:
                    container = self._enter(container, existing_key(container, token))
                except PathNotFound as error:
                    raise located(error, tokens[:depth]) from None
            token = following
        return container, token

    def _enter(self, container: Any, key: str | int) -> Any:
        """Return what stands at a location, ready to be changed."""
        return container[key]


class CopyOnWrite(InPlace):
    """A document whose containers are copied when a change first comes through them, and from then on changed.

    Nothing has to be undone: who does not want the copy forgets it.
    """

    __slots__ = ("_owned",)

    def __init__(self, document: Json, limits: Limits) -> None:
        super().__init__(document, limits)
        # Ids stay unique: the original containers live as long as `document`, and all that come later are owned.
        self._owned: set[int] = set()

    def _enter(self, container: Any, key: str | int) -> Any:
        value = container[key]
        if id(value) not in self._owned and isinstance(value, (dict, list)):
            value = container[key] = value.copy()
            self._owned.add(id(value))
        return value

    def _put(self, container: Any, key: str | int, value: Json) -> None:
        container[key] = value

    def _insert(self, container: list[Any], index: int, value: Json) -> None:
        container.insert(index, value)

    def _take(self, container: Any, key: str | int) -> Json:
        value: Json = container.pop(key)
        return value


def copied(value: Any) -> Any:
    """Return a deep copy of the JSON `value`; scalars are shared, as they cannot change."""
    if not isinstance(value, (dict, list)):
        return value
    copy = plain_copy(value, 0, HIGHEST_DEPTH, _ANY_NUMBER)
    return _copied(value) if copy is NotImplemented else copy


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(element) for element in value]
    return value


def insertion_index(container: list[Any], tokens: Tokens) -> int:
    """Return where in the list `container` an `add` at `tokens` inserts.

    Raises:
        PathNotFound: Nowhere: the last token is no index, or lies past the end.
    """
    try:
        return array_index(tokens[-1], len(container), allow_end=True)
    except PathNotFound as error:
        raise located(error, tokens) from None


def _text_at(value: Json, tokens: Tokens) -> str:
    if isinstance(value, str):
        return value
    raise InvalidPatch(f"'{format_pointer(tokens)}' is {json_name(value)}, and only a string can be appended to")


def count_values(value: Json, enough: float = math.inf) -> int:
    """Return how many values `value` consists of; counting stops past `enough`."""
    count, pending = 1, [value]
    while pending and count <= enough:
        container = pending.pop()
        if isinstance(container, (dict, list)):
            count += len(container)
            pending.extend(container.values() if isinstance(container, dict) else container)
    return count
