"""A document that can be read and not changed: how a channel shows what it owns."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, SupportsIndex, overload

from realtime_sync.document.equality import json_equal
from realtime_sync.document.target import copied
from realtime_sync.jsontypes import Json


def read_only(value: Json) -> Any:
    """Return a view of `value` that cannot change it, however deep one reaches.

    Objects read as a `Mapping`, lists as a `Sequence`; scalars are returned as they are. Nothing is copied, so a view
    shows later changes of `value`. `view.copy()` and `normalize(view)` give a plain copy that the caller owns.

    Views are equal to other views, and to plain values, in the sense of JSON: `True` is not `1`.
    """
    kind = _VIEWS.get(type(value))
    return value if kind is None else kind(value)


def unwrap(value: object) -> object:
    """Return what a view shows, not a copy; anything else as it is."""
    return value._value if isinstance(value, _View) else value


class JsonSequence(Sequence[Any]):
    """A sequence that compares its elements as JSON: a `True` in it does not make `1 in sequence` true."""

    __slots__ = ()

    def __contains__(self, value: object) -> bool:
        return any(json_equal(element, value) for element in self._shown())  # type: ignore[arg-type]

    def index(self, value: Any, start: SupportsIndex = 0, stop: SupportsIndex = sys.maxsize) -> int:
        """Return the first position of an element that equals `value`; as `list.index`."""
        elements = self._shown()
        for position in range(len(elements))[start:stop]:
            if json_equal(elements[position], value):
                return position
        raise ValueError(f"{value!r:.100} is not in the list")

    def count(self, value: Any) -> int:
        """Return how many elements equal `value`."""
        return sum(json_equal(element, value) for element in self._shown())

    def _shown(self) -> list[Any]:
        """Return the elements as plain JSON, not a copy."""
        raise NotImplementedError


class _View:
    """What both kinds of view do."""

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # it changes when the document does

    _value: Any

    def __init__(self, value: Any) -> None:
        self._value = value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        shown: Any = unwrap(other)
        return json_equal(self._value, shown)

    def __repr__(self) -> str:
        return repr(self._value)

    def copy(self) -> Any:
        """Return a plain copy that shares nothing with the document."""
        return copied(self._value)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.copy()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "this view of the document is read-only: change a channel's document inside `with channel.edit() as doc:`, "
            "or take normalize(view), a copy of your own"
        )

    # Every way to change a dict or a list, so that all of them name the remedy.
    __setitem__ = __delitem__ = __iadd__ = __imul__ = __ior__ = _refuse
    append = clear = extend = insert = pop = popitem = remove = reverse = setdefault = sort = update = _refuse


class ObjectView(_View, Mapping[str, Any]):
    """A read-only view of an object."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return read_only(self._value[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __contains__(self, key: object) -> bool:
        return key in self._value

    def __reversed__(self) -> Iterator[str]:
        yield from reversed(self._value)


class ListView(_View, JsonSequence):
    """A read-only view of a list."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "ListView": ...
    def __getitem__(self, index: int | slice) -> Any:
        return read_only(self._value[index])

    def __iter__(self) -> Iterator[Any]:
        return map(read_only, self._value)

    def __reversed__(self) -> Iterator[Any]:
        return map(read_only, reversed(self._value))

    def _shown(self) -> list[Any]:
        return self._value  # type: ignore[no-any-return]


_VIEWS: dict[type, type[ObjectView] | type[ListView]] = {dict: ObjectView, list: ListView}
