"""Several patches as one, without looking at a document.

An operation can join an earlier one when nothing between the two depends on the place where they meet. Since a pointer
does not tell, `/a/0` is taken for an element of a list or for a member of an object, whichever allows less.
"""

from collections.abc import Iterable
from typing import Any

from realtime_sync.document.operation import member, pointer_member, text_member
from realtime_sync.document.places import Place, Tokens, Written, is_position
from realtime_sync.document.pointer import format_pointer
from realtime_sync.document.target import copied
from realtime_sync.errors import InvalidPatch
from realtime_sync.jsontypes import Operation, Patch

_DOCUMENT: Tokens = ("",)
"""The document is taken for the member of an object that nobody sees, so that its place is one like any other."""

_SMALLEST = 0
"""A value of one byte, for a place where something was added and removed again. It has to be added all the same: if the
place held something before, that is gone."""


def compose(*patches: Patch) -> Patch:
    """Return one patch with the effect of `patches` one after another, on any document that they can be applied to.

    Never larger, as compact JSON, than all of them together. What a later operation overwrites is left out, and what
    it changes inside a value of an earlier one is changed there: adding `{"b": 1}` at `/a` and then replacing `/a/b`
    by 2 is adding `{"b": 2}` at `/a`.

    Args:
        patches: Left untouched; the result shares no list and no dict with them.

    Raises:
        InvalidPatch: An operation is not one of RFC 6902 or `append`, or lacks a member.
        InvalidPointer: A `path` or `from` is not an RFC 6901 pointer.
    """
    composer = PatchComposer()
    for patch in patches:
        composer.add(patch)
    return composer.patch


class PatchComposer:
    """`compose`, one patch at a time: adding one costs as much as it is large, whatever went before.

    Args:
        patch: What it begins with.
    """

    __slots__ = ("_last_number", "_top", "_written")

    def __init__(self, patch: Patch | None = None) -> None:
        self._forget_all()
        self.add(patch or [])

    def __len__(self) -> int:
        """Return how many operations the patch has."""
        return len(self._written)

    @property
    def patch(self) -> Patch:
        """All that was added, as one patch; adding more does not change it."""
        return [written.to_operation() for written in self._written.values()]

    def add(self, patch: Patch) -> None:
        """Let `patch` follow.

        Raises:
            InvalidPatch: An operation is not one of RFC 6902 or `append`, or lacks a member; those before it are added.
            InvalidPointer: A `path` or `from` is not an RFC 6901 pointer.
        """
        for operation in patch:
            match text_member(operation, "op"):
                case "add" | "replace" as op:
                    self._write(op, _place(operation, "path"), copied(member(operation, "value")))
                case "remove":
                    self._write("remove", _place(operation, "path"), None)
                case "append":
                    self._append(_place(operation, "path"), text_member(operation, "value"))
                case "test":
                    self._test(_place(operation, "path"), copied(member(operation, "value")))
                case "move":
                    self._move(_place(operation, "from"), _place(operation, "path"))
                case "copy":
                    self._copy(_place(operation, "from"), _place(operation, "path"))
                case op:
                    raise InvalidPatch(f"there is no operation {op!r:.50}")

    def prepend(self, patch: Patch) -> None:
        """Let all that was added follow `patch`."""
        later = self.patch
        self._forget_all()
        self.add(patch)
        self.add(later)

    def _forget_all(self) -> None:
        self._written: dict[int, Written] = {}  # by number, in the order in which they apply
        self._last_number = 0
        self._top = Place()

    # ---- the operations --------------------------------------------------------------------------------------------

    def _write(self, op: str, place: Tokens, value: Any) -> None:
        """Let an `add`, `replace` or `remove` follow."""
        if place == _DOCUMENT and op != "remove":
            self._forget_all()  # whatever came before is overwritten, and every `test` among it holds
        above, token = place[:-1], place[-1]
        if self._is_folded(op, above, (token,), value):
            return
        holder = self._enter(above)
        if op == "add" and is_position(token):
            self._add_element(holder, place, value)
        else:
            self._overwrite(op, holder, place, value)

    def _add_element(self, holder: Place, place: Tokens, value: Any) -> None:
        token = place[-1]
        written = holder.written_at(token)
        if written is not None and written.op == "remove" and written.number == holder.last_touched:
            self._undo_remove(holder, token, written, value)
            return
        holder.shift(token)
        self._open("add", place, value)

    def _overwrite(self, op: str, holder: Place, place: Tokens, value: Any) -> None:
        token = place[-1]
        written = holder.written_at(token)
        if written is not None and written.op == "remove":
            if op == "add":
                self._undo_remove(holder, token, written, value)
                return
            holder.set_aside(token)  # this is the element after the one that was removed
            written = None
        self._drop(holder.take_below(token))
        if written is not None and written.has_value and op != "remove":
            written.become(written.op, value)
            return
        holder.forget(token)
        added = written if written is not None and written.op == "add" else None
        if added is not None:
            added.become("add", _SMALLEST)
        elif written is not None:
            self._drop([written])
        if op == "remove" and is_position(token):
            holder.shift(token)
        self._open(op, place, value, added)

    def _undo_remove(self, holder: Place, token: str, removed: Written, value: Any) -> None:
        """Let `value` come where something was removed."""
        if removed.added is None:
            removed.become("replace", value)
        else:
            self._drop([removed])
            removed.added.become("add", value)
            holder.enter(token).written = removed.added

    def _append(self, place: Tokens, text: str) -> None:
        found = self._find_value(place)
        if found is not None:
            written, below = found
            if written.grow(below, text):
                return
            self._close(place)
        open_append = self._enter(place[:-1]).written_at(place[-1])
        if open_append is None or not open_append.grow((), text):
            self._open("append", place, text)

    def _test(self, place: Tokens, value: Any) -> None:
        if not self._is_folded("test", place, (), value):
            self._close(place)
            self._log({"op": "test", "path": _pointer(place), "value": value})

    def _move(self, source: Tokens, place: Tokens) -> None:
        found, target = self._find_value(source[:-1]), self._find_value(place[:-1])
        if found is not None and target is not None and found[0] is target[0]:
            below_source, below = (*found[1], source[-1]), (*target[1], place[-1])
            inside = {"op": "move", "from": format_pointer(below_source), "path": format_pointer(below)}
            if found[0].fold(inside, below):
                return
        self._close(source)
        self._close(place)
        self._log({"op": "move", "from": _pointer(source), "path": _pointer(place)})

    def _copy(self, source: Tokens, place: Tokens) -> None:
        # Never folded into a value: there, what is copied takes its own size, and here only that of a pointer.
        self._close(source)
        self._close(place)
        self._log({"op": "copy", "from": _pointer(source), "path": _pointer(place)})

    # ---- the places ------------------------------------------------------------------------------------------------

    def _is_folded(self, op: str, above: Tokens, token: Tokens, value: Any) -> bool:
        """Do an operation on `above` + `token` inside a value that was written at `above` or over it, if one was."""
        found = self._find_value(above)
        if found is None:
            return False
        written, below = found
        below += token
        operation: Operation = {"op": op, "path": format_pointer(below)}
        if op != "remove":
            operation["value"] = value
        if written.fold(operation, below):
            return True
        self._close(above)  # there is no document to which all of this applies; let it stay in order
        return False

    def _find_value(self, place: Tokens) -> tuple[Written, Tokens] | None:
        """Return what wrote a value at `place` or over it, and the way from there to `place`."""
        here = self._top
        for depth, token in enumerate(place):
            following = here.get(token)
            if following is None:
                return None
            written = following.written
            if written is not None and written.has_value:
                return written, place[depth + 1 :]
            here = following
        return None

    def _enter(self, place: Tokens) -> Place:
        here = self._top
        for token in place:
            following = here.get(token)
            if following is None or (following.written is not None and following.written.op == "remove"):
                here.set_aside(token)  # if something was removed, this is the element after it
                following = here.enter(token)
            here = following
        return here

    def _open(self, op: str, place: Tokens, value: Any, added: Written | None = None) -> None:
        """Let an operation follow, and be open for others to join it."""
        operation: Operation = {"op": op, "path": _pointer(place)}
        if op != "remove":
            operation["value"] = value
        written = self._log(operation)
        written.added = added
        here = holder = self._top
        for token in place:
            if is_position(token):
                here.last_touched = written.number
            holder, here = here, here.enter(token)
        if here.written is not None:
            holder.set_aside(place[-1])
        holder.enter(place[-1]).written = written

    def _close(self, place: Tokens) -> None:
        """Let nothing join, or overwrite, what `place` depends on: what was written at it, below it and over it.

        Which element a pointer names depends on all that was written to elements of the same list.
        """
        here = self._top
        for token in place:
            if is_position(token):
                here.forget_elements()
                return
            following = here.get(token)
            if following is None:
                return
            following.written = None
            holder, here = here, following
        holder.forget(place[-1])

    def _log(self, operation: Operation) -> Written:
        self._last_number += 1
        written = self._written[self._last_number] = Written(operation, self._last_number)
        return written

    def _drop(self, dropped: Iterable[Written]) -> None:
        for written in dropped:
            self._written.pop(written.number, None)


def _place(operation: Operation, name: str) -> Tokens:
    return _DOCUMENT + pointer_member(operation, name)


def _pointer(place: Tokens) -> str:
    return format_pointer(place[1:])
