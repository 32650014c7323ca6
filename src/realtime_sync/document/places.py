"""What a patch writes, by place: for finding the operation that a later one can join.

A tree of places is as deep as the pointers of the patch. An operation stays open at its place until something happens
that a later operation must not be moved across; then it is set aside, known only as lying somewhere below.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, TypeAlias

from realtime_sync.document.patch import apply_patch_in_place
from realtime_sync.document.pointer import format_pointer, walk
from realtime_sync.document.target import copied
from realtime_sync.errors import PatchError
from realtime_sync.jsontypes import Operation

Tokens: TypeAlias = tuple[str, ...]
"""A parsed pointer."""

_LONGEST_POSITION = 18  # digits, more than any list needs
_FIRST_CHARACTERS = frozenset("-0123456789")


def is_position(token: str) -> bool:
    """Return whether `token` may name an element of a list, or the place after the last one."""
    if token[:1] not in _FIRST_CHARACTERS:
        return False  # most tokens are keys of an application's own
    if token == "-":
        return True
    is_number = token.isdecimal() and token.isascii() and len(token) <= _LONGEST_POSITION
    return is_number and (token[0] != "0" or token == "0")


class Written:
    """One operation of a growing patch; others can be folded into the value that it writes.

    Text that is appended, to a place or inside a value, is kept in pieces until somebody looks: a thousand appends of
    ten characters copy ten thousand characters, not five million.

    Attributes:
        number: Its place in the order of the patch.
        added: For a `remove`, the `add` before it that wrote what it removes. It has to stay, with any value, because
            the place may have held something before; and together they can become an `add` again.
    """

    __slots__ = ("_grown", "_is_shared", "_operation", "added", "number")

    def __init__(self, operation: Operation, number: int) -> None:
        self.number = number
        self.added: Written | None = None
        self._operation = operation
        self._grown: dict[Tokens, list[str]] = {}  # what was appended, by the way from this place to its place
        self._is_shared = False

    @property
    def op(self) -> str:
        op: str = self._operation["op"]
        return op

    @property
    def has_value(self) -> bool:
        """Whether it puts a value at its place."""
        return self.op in ("add", "replace")

    def become(self, op: str, value: Any) -> None:
        """Write `value` at the same place."""
        self._operation = {"op": op, "path": self._operation["path"], "value": value}
        self._grown.clear()
        self._is_shared = False

    def grow(self, below: Tokens, text: str) -> bool:
        """Append `text` to the string `below` this place; return False when there is none."""
        pieces = self._grown.get(below)
        if pieces is None:
            if not self._holds_string(below):
                return False
            pieces = self._grown[below] = []
        pieces.append(text)
        return True

    def fold(self, operation: Operation, below: Tokens) -> bool:
        """Do inside the value what `operation`, whose pointers begin there, does `below`; return False if it fails."""
        if operation["op"] == "replace":
            self._forget_growth(below)
        else:
            self._join()
        self._own()
        try:
            self._operation["value"] = apply_patch_in_place(self._operation["value"], [operation])
        except PatchError:
            return False
        return True

    def to_operation(self) -> Operation:
        """Return it as it stands now; what is folded in later does not change what was returned."""
        self._join()
        self._is_shared = True
        return dict(self._operation)

    def _holds_string(self, below: Tokens) -> bool:
        if not self.has_value:
            return self.op == "append" and not below
        try:
            return isinstance(walk(self._operation["value"], below), str)
        except PatchError:
            return False

    def _forget_growth(self, below: Tokens) -> None:
        """Forget what was appended to a place, or inside it, that is about to be overwritten."""
        if self._grown.pop(below, None) is None:
            for place in [place for place in self._grown if place[: len(below)] == below]:
                del self._grown[place]

    def _join(self) -> None:
        if self._grown:
            self._own()
            growth = [
                {"op": "append", "path": format_pointer(below), "value": "".join(pieces)}
                for below, pieces in self._grown.items()
            ]
            self._operation["value"] = apply_patch_in_place(self._operation["value"], growth)
            self._grown.clear()

    def _own(self) -> None:
        if self._is_shared:
            self._operation = copied(self._operation)
            self._is_shared = False


class Place:
    """What is written at one place and below it.

    Attributes:
        written: The operation that is open here.
        last_touched: Number of the last operation that was written at or below something that may be an element.
    """

    __slots__ = ("_aside", "_children", "_positions", "last_touched", "written")

    def __init__(self) -> None:
        self.written: Written | None = None
        self.last_touched = 0
        self._children: dict[str, Place] = {}
        self._positions: list[int] = []  # those of the children that may be elements, in order
        self._aside: list[Place] = []

    def get(self, token: str) -> "Place | None":
        """Return the place at `token`, if it is known."""
        return self._children.get(token)

    def enter(self, token: str) -> "Place":
        """Return the place at `token`, new if it is not known."""
        place = self._children.get(token)
        if place is None:
            place = self._children[token] = Place()
            if _is_number(token):
                insort(self._positions, int(token))
        return place

    def written_at(self, token: str) -> Written | None:
        """Return the operation that is open at `token`."""
        place = self._children.get(token)
        return place.written if place else None

    def forget(self, token: str) -> "Place | None":
        """Forget the place at `token`, and return it."""
        place = self._children.pop(token, None)
        if place is not None and _is_number(token):
            del self._positions[bisect_left(self._positions, int(token))]
        return place

    def set_aside(self, token: str) -> None:
        """Let nothing join what was written at or below `token`; what overwrites this place still drops it."""
        place = self.forget(token)
        if place is not None:
            self._aside.append(place)

    def shift(self, token: str) -> None:
        """Set aside the elements at and after `token`: from now on they are elsewhere, if this is a list."""
        first = 0 if token == "-" else bisect_left(self._positions, int(token))
        for position in self._positions[first:]:
            self._aside.append(self._children.pop(str(position)))
        del self._positions[first:]

    def forget_elements(self) -> None:
        """Forget what was written at or below anything that may be an element, set aside or not."""
        for position in self._positions:
            del self._children[str(position)]
        self._positions.clear()
        self._children.pop("-", None)
        self._aside.clear()

    def take_below(self, token: str) -> Iterator[Written]:
        """Forget what was written below `token`, but not at it, and yield it."""
        place = self._children.get(token)
        if place is None:
            return
        pending = [*place._children.values(), *place._aside]
        place._children, place._positions, place._aside = {}, [], []
        for inner in pending:  # grows while it is walked
            pending += inner._children.values()
            pending += inner._aside
            if inner.written is not None:
                yield inner.written
                if inner.written.added is not None:
                    yield inner.written.added


def _is_number(token: str) -> bool:
    return token != "-" and is_position(token)
