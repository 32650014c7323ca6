"""A list inside a draft."""

from collections.abc import Callable, Iterable, Iterator, MutableSequence
from operator import index as as_index
from typing import Any, SupportsIndex, overload

from realtime_sync.document.diff import diff_into
from realtime_sync.document.draft_change import add_change, is_edited
from realtime_sync.document.draft_part import SCALARS, UNTOUCHED, Part, PendingText, detach, plain
from realtime_sync.document.pointer import array_index
from realtime_sync.document.view import JsonSequence
from realtime_sync.jsontypes import Patch


class DraftList(Part, JsonSequence, MutableSequence[Any]):
    """A list inside a draft: behaves as a list, and records what happens to it.

    Elements are compared as JSON: `remove(1)` does not remove a `True`. A slice is a plain list of the elements; `pop`,
    `copy`, `+` and `*` give plain values, which the caller owns. A part that a slice assignment puts back into the same
    list, as in `nodes[:] = [node for node in nodes if wanted(node)]`, stays the part that it was.

    While elements are only edited, set, or appended and removed at the end, the overlay maps positions to what they
    hold, and the base is not copied. Any other change makes `_elements`, the list of what all its places hold.
    """

    __slots__ = ()

    _base: list[Any]
    _elements: list[Any] | None
    _size: int  # while there are no `_elements`

    @overload
    def __getitem__(self, index: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            return [self._read(position) for position in range(len(self))[index]]
        return self._read(self._position(index))

    @overload
    def __setitem__(self, index: SupportsIndex, value: Any) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Any]) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any) -> None:
        self._touch()
        if isinstance(index, slice):
            self._set_slice(index, list(value))
            return
        position = self._position(index)
        held = self._held(position)
        if value is held and isinstance(value, Part):
            return  # `draft["rows"][0] += [...]` ends by putting the row where it is
        self._hold(position, self._take(value, position))
        detach(held)

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        self._touch()
        if isinstance(index, slice):
            self._delete_slice(index)
            return
        position = self._position(index)
        detach(self._held(position))
        if self._elements is None and position == self._size - 1:
            self._overlay.pop(position, None)
            self._size = position
        else:
            del self._all()[position]

    def __len__(self) -> int:
        self._check_open()
        return self._size if self._elements is None else len(self._elements)

    def __iter__(self) -> Iterator[Any]:
        position = 0
        while position < len(self):  # as a list's own iterator: it sees what is added on the way
            yield self._read(position)
            position += 1

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        if not isinstance(other, list | DraftList):
            return NotImplemented
        result: list[Any] = self.copy()
        return result + (other.copy() if isinstance(other, DraftList) else other)

    def __radd__(self, other: object) -> list[Any]:
        return other + list(self.copy()) if isinstance(other, list) else NotImplemented

    def __mul__(self, count: SupportsIndex) -> list[Any]:
        return [copy for _ in range(as_index(count)) for copy in self.copy()]

    __rmul__ = __mul__

    def __imul__(self, count: SupportsIndex) -> "DraftList":
        if (times := as_index(count)) > 0:
            self.extend(self * (times - 1))
        else:
            self.clear()
        return self

    def insert(self, index: SupportsIndex, value: Any) -> None:
        """Put `value` before the element at `index`; as `list.insert`."""
        self._touch()
        size = len(self)
        position = as_index(index)
        position = min(position, size) if position >= 0 else max(position + size, 0)
        taken = self._take(value, position)
        if position == size:
            self._add(taken)
        else:
            self._all().insert(position, taken)

    def append(self, value: Any) -> None:
        """Put `value` at the end."""
        self._touch()
        self._add(self._take(value, len(self)))

    def extend(self, values: Iterable[Any]) -> None:
        """Put all of `values` at the end, or, on an error, none of them."""
        self._touch()
        size = len(self)
        for taken in [self._take(value, size + offset) for offset, value in enumerate(list(values))]:
            self._add(taken)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Remove the element at `index` and return it as a plain value."""
        self._touch()
        if not len(self):
            raise IndexError("pop from empty list")
        value = self[index]
        value = value.copy() if isinstance(value, Part) else value
        del self[index]
        return value

    def remove(self, value: Any) -> None:
        """Remove the first element that equals `value`, as JSON."""
        del self[self.index(value)]

    def clear(self) -> None:
        """Remove all elements, at a cost that does not depend on how many there are."""
        self._rebase([])

    def reverse(self) -> None:
        """Reverse the order of the elements."""
        self._touch()
        self._all().reverse()

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        """Sort as `list.sort`, but not at all when that fails; lists among the elements are compared as lists."""
        self._touch()
        self._elements = sorted(self, key=key or plain, reverse=reverse)

    # How the elements are held.

    def _begin(self, base: list[Any]) -> None:
        self._base = base
        self._overlay = {}
        self._elements = None
        self._size = len(base)

    def _position(self, index: SupportsIndex) -> int:
        size = len(self)
        position = as_index(index)
        if -size <= position < size:
            return position % size
        raise IndexError("list index out of range")

    def _read(self, position: int) -> Any:
        """Return the element at `position` as a caller sees it."""
        held = self._held(position)
        if type(held) in SCALARS or isinstance(held, Part):
            return held
        if type(held) is PendingText:
            return held.joined()
        part = self._part(held, position)
        self._hold(position, part)
        return part

    def _held(self, position: int) -> Any:
        if self._elements is not None:
            return self._elements[position]
        held = self._overlay.get(position, UNTOUCHED)
        return self._base[position] if held is UNTOUCHED else held

    def _hold(self, position: int, held: Any) -> None:
        places: Any = self._overlay if self._elements is None else self._elements
        places[position] = held

    def _add(self, held: Any) -> None:
        """Let the list grow at its end."""
        if self._elements is not None:
            self._elements.append(held)
        else:
            self._overlay[self._size] = held
            self._size += 1

    def _places(self) -> list[Any]:
        """Return what all places hold."""
        if self._elements is not None:
            return self._elements
        places: list[Any] = self._base[: self._size]
        places += [None] * (self._size - len(places))  # these were appended, so the overlay holds them
        for position, held in self._overlay.items():
            places[position] = held
        return places

    def _all(self) -> list[Any]:
        """Return what all places hold, as a list to change."""
        self._elements = self._places()
        return self._elements

    def _delete_slice(self, where: slice) -> None:
        leaving = self._all()[where]
        del self._all()[where]
        for held in leaving:
            detach(held)

    def _set_slice(self, where: slice, values: list[Any]) -> None:
        elements = self._all()
        positions = range(len(elements))[where]
        leaving = {id(held): held for held in elements[where] if isinstance(held, Part)}
        taken = []
        for offset, value in enumerate(values):
            stays = leaving.pop(id(value), None) is not None
            taken.append(value if stays else self._take(value, positions.start + offset * positions.step))
        elements[where] = taken
        for held in leaving.values():
            detach(held)

    # What makes a patch.

    def _snapshot(self) -> list[Any]:
        if not self._is_dirty:
            return self._base
        return [plain(held) for held in self._places()]

    def _changes(self, path: str, patch: Patch) -> None:
        if not self._keeps_places():
            normalizer = self._recording.normalizer
            diff_into(self._base, self._snapshot(), path, patch, text_append=True, normalizer=normalizer)
            return
        for position, held in self._overlay.items():
            if position < len(self._base):
                add_change(patch, f"{path}/{position}", self._base[position], held, self._recording.normalizer)
        for position in range(len(self._base), self._size):
            patch.append({"op": "add", "path": f"{path}/{position}", "value": plain(self._overlay[position])})

    def _keeps_places(self) -> bool:
        """Return whether going element by element, which spares reading the whole list, gives as good a patch."""
        added = self._size - len(self._base)
        if self._elements is not None or not 0 <= added <= max(1, len(self._base)):
            return False
        replaced = [
            held
            for position, held in self._overlay.items()
            if position < len(self._base) and not is_edited(self._base[position], held)
        ]
        if not replaced:
            return True
        return added == 0 and (len(replaced) == 1 or not any(isinstance(held, Part) for held in replaced))

    def _existing(self, token: str) -> int:
        return array_index(token, len(self), allow_end=False)

    def _children(self) -> list[tuple[Any, Part]]:
        if self._elements is None:
            return super()._children()
        return [(place, held) for place, held in enumerate(self._elements) if isinstance(held, Part)]


Part._kinds[list] = DraftList
