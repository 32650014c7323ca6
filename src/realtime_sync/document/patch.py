"""Apply and undo JSON Patches: the six operations of RFC 6902, and `append`."""

from collections.abc import Callable
from reprlib import repr as short_repr

from realtime_sync.document.equality import json_equal
from realtime_sync.document.operation import member, pointer_member, text_member
from realtime_sync.document.pointer import format_pointer, json_name, walk
from realtime_sync.document.target import CopyOnWrite, InPlace, Tokens, copied, insertion_index
from realtime_sync.errors import InvalidPatch, PatchError, TestFailed
from realtime_sync.jsontypes import Json, Operation, Patch
from realtime_sync.limits import Limits

_DEFAULT_LIMITS = Limits()


def apply_patch(document: Json, patch: Patch, *, limits: Limits = _DEFAULT_LIMITS) -> Json:
    """Return `document` with every operation of `patch` applied in order.

    All or nothing: on an error the caller still holds an unchanged `document`. Only the containers on the way to a
    change are copied, each once; later changes of `patch` do not show in the result.

    Args:
        document: Any JSON value. Left untouched.
        patch: Operations in application order.
        limits: `max_elements` bounds what the `copy` operations of one patch may add together.

    Returns:
        A new document; branches that the patch does not reach are shared with `document`.

    Raises:
        InvalidPatch: An operation is not one of RFC 6902 or `append`, or lacks a member.
        InvalidPointer: A `path` or `from` is not an RFC 6901 pointer.
        PathNotFound: An operation names a location that does not exist.
        TestFailed: A `test` operation does not hold.

    Source: RFC 6902, sections 4 and 5.
    """
    target = CopyOnWrite(document, limits)
    _run(target, patch, _apply)
    return target.root


def apply_patch_in_place(document: Json, patch: Patch, *, limits: Limits = _DEFAULT_LIMITS) -> Json:
    """Change `document` itself by every operation of `patch`, at a cost that does not depend on the document's size.

    All or nothing: on an error what was done is undone, and `document` holds the values that it held before (a member
    that was removed and came back may stand last among its object's members).

    Args:
        document: Any JSON value.
        patch: Operations in application order.
        limits: As in `apply_patch`.

    Returns:
        `document`, or the new document when the patch replaces the root.

    Raises:
        PatchError: As `apply_patch`.

    Source: RFC 6902, sections 4 and 5.
    """
    target = InPlace(document, limits)
    try:
        _run(target, patch, _apply)
    except BaseException:
        target.roll_back()
        raise
    return target.root


def invert(document: Json, patch: Patch, *, limits: Limits = _DEFAULT_LIMITS) -> Patch:
    """Return the patch that undoes `patch`: applied to what `patch` makes of `document`, it gives `document` again.

    Args:
        document: The document that `patch` applies to. Left untouched.
        patch: Operations in application order.
        limits: As in `apply_patch`.

    Raises:
        PatchError: As `apply_patch`: what cannot be applied cannot be undone.
    """
    undo: list[Patch] = []

    _run(CopyOnWrite(document, limits), patch, lambda target, operation: undo.append(_applied(target, operation)))
    return [operation for operations in reversed(undo) for operation in operations]


def _run(target: InPlace, patch: Patch, step: Callable[[InPlace, Operation], None]) -> None:
    """Take each operation through `step`; an error says which one it was."""
    if not isinstance(patch, list):
        raise InvalidPatch(f"a patch is a list of operations, not {json_name(patch)}")
    for index, operation in enumerate(patch):
        try:
            step(target, operation)
        except PatchError as error:
            error.index, error.operation = index, operation
            raise
        except RecursionError as error:
            problem = "its value is nested more deeply than the call stack has room for"
            raise InvalidPatch(problem, index=index, operation=operation) from error


def _apply(target: InPlace, operation: Operation) -> None:
    _known(operation)(target, operation)


def _add(target: InPlace, operation: Operation) -> None:
    target.add(pointer_member(operation, "path"), copied(member(operation, "value")))


def _remove(target: InPlace, operation: Operation) -> None:
    target.remove(pointer_member(operation, "path"))


def _replace(target: InPlace, operation: Operation) -> None:
    target.replace(pointer_member(operation, "path"), copied(member(operation, "value")))


def _move(target: InPlace, operation: Operation) -> None:
    source, tokens = _move_pointers(operation)
    if source == tokens:
        walk(target.root, source)
    else:
        target.add(tokens, target.remove(source))


def _copy(target: InPlace, operation: Operation) -> None:
    target.add(pointer_member(operation, "path"), target.copy(pointer_member(operation, "from")))


def _test(target: InPlace, operation: Operation) -> None:
    tokens, expected = pointer_member(operation, "path"), member(operation, "value")
    found = walk(target.root, tokens)
    if not json_equal(found, expected):
        raise TestFailed(f"'{format_pointer(tokens)}' holds {short_repr(found)}, not {short_repr(expected)}")


def _append(target: InPlace, operation: Operation) -> None:
    target.append(pointer_member(operation, "path"), text_member(operation, "value"))


_OPERATIONS: dict[str, Callable[[InPlace, Operation], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
    "append": _append,
}


def _applied(target: InPlace, operation: Operation) -> Patch:
    """Apply `operation` and return what undoes it."""
    apply = _known(operation)
    if apply is _move:
        return _moved(target, operation)
    undo = _inverse(target.root, operation)
    apply(target, operation)
    return undo


def _inverse(root: Json, operation: Operation) -> Patch:
    """Return what undoes `operation` if it is applied to `root`."""
    match operation["op"]:
        case "test":
            return []
        case "add" | "copy":
            return [_inverse_of_add(root, pointer_member(operation, "path"))]
        case "remove":
            return [_restore("add", root, pointer_member(operation, "path"))]
        case _:
            return [_restore("replace", root, pointer_member(operation, "path"))]


def _moved(target: InPlace, operation: Operation) -> Patch:
    """Apply a move and return what undoes it; its second half is undone on what its first half leaves."""
    source, tokens = _move_pointers(operation)
    if source == tokens:
        walk(target.root, source)
        return []
    value = target.remove(source)
    undo_add = _inverse_of_add(target.root, tokens)
    target.add(tokens, value)
    if undo_add["op"] == "remove":
        return [{"op": "move", "from": undo_add["path"], "path": format_pointer(source)}]
    return [undo_add, {"op": "add", "path": format_pointer(source), "value": copied(value)}]


def _inverse_of_add(root: Json, tokens: Tokens) -> Operation:
    holder = walk(root, tokens[:-1]) if tokens else None
    if isinstance(holder, list):
        index = insertion_index(holder, tokens)
        return {"op": "remove", "path": format_pointer((*tokens[:-1], index))}
    if isinstance(holder, dict) and tokens[-1] not in holder:
        return {"op": "remove", "path": format_pointer(tokens)}
    return _restore("replace", root, tokens)


def _restore(op: str, root: Json, tokens: Tokens) -> Operation:
    return {"op": op, "path": format_pointer(tokens), "value": copied(walk(root, tokens))}


def _known(operation: Operation) -> Callable[[InPlace, Operation], None]:
    """Return what applies `operation`, whose other members are still unchecked."""
    op = text_member(operation, "op")
    apply = _OPERATIONS.get(op)
    if apply is None:
        raise InvalidPatch(f"there is no operation {op!r:.50}, only {', '.join(_OPERATIONS)}")
    return apply


def _move_pointers(operation: Operation) -> tuple[Tokens, Tokens]:
    """Return where a move comes from and where it goes to."""
    source, tokens = pointer_member(operation, "from"), pointer_member(operation, "path")
    if len(source) < len(tokens) and source == tokens[: len(source)]:
        raise InvalidPatch(f"'{format_pointer(source)}' cannot be moved into itself, to '{format_pointer(tokens)}'")
    return source, tokens
