"""Reading one operation of a patch that may be anything."""

from typing import Any

from realtime_sync.document.pointer import json_name, parse_pointer
from realtime_sync.errors import InvalidPatch
from realtime_sync.jsontypes import Operation


def member(operation: Operation, name: str) -> Any:
    """Return a member of an operation.

    Raises:
        InvalidPatch: There is none, or `operation` is no object.
    """
    if not isinstance(operation, dict):
        raise InvalidPatch(f"an operation is an object, not {json_name(operation)}")
    if name not in operation:
        raise InvalidPatch(f"the member {name!r} is missing")
    return operation[name]


def text_member(operation: Operation, name: str) -> str:
    """Return a member that has to be a string.

    Raises:
        InvalidPatch: It is missing, or something else.
    """
    if type(operation) is dict and type(text := operation.get(name)) is str:
        return text
    text = member(operation, name)
    if not isinstance(text, str):
        raise InvalidPatch(f"the member {name!r} must be a string, not {json_name(text)}")
    return text


def pointer_member(operation: Operation, name: str) -> tuple[str, ...]:
    """Return the tokens of a member that has to be a pointer.

    Raises:
        InvalidPatch: It is missing, or no string.
        InvalidPointer: It is no RFC 6901 pointer.
    """
    return parse_pointer(text_member(operation, name))
