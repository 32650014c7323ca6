"""How many bytes a value takes as compact JSON, exactly or just enough to decide."""

from collections.abc import Iterator
from typing import Any

import orjson

from realtime_sync.jsontypes import Json, Operation


def json_size(value: Json) -> int:
    """Return the bytes of `value` as compact JSON in UTF-8."""
    return len(orjson.dumps(value))


def size_in_patch(operation: Operation) -> int:
    """Return the bytes that `operation` adds to a patch, the comma included."""
    return len(orjson.dumps(operation)) + 1


def takes_at_least(value: object, size: int) -> bool:
    """Return True when `value` surely takes `size` bytes or more; looks at no more of it than it needs to know.

    Why not serialise: a patch of six operations is smaller than a document of 37 MB, and the first few values of the
    document are enough to see it. What is not plain JSON counts as one byte.
    """
    missing = size
    pending: list[Iterator[Any]] = [iter((value,))]
    while pending:
        for child in pending[-1]:
            missing -= _least_size(child)
            if missing <= 0:
                return True
            if isinstance(child, (dict, list)):
                pending.append(iter(child.values() if isinstance(child, dict) else child))
                break
        else:
            pending.pop()
    return missing <= 0


def _least_size(value: object) -> int:
    """Return what `value` takes without the values inside it, and without what a comma or a closing bracket takes."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return 1 + 4 * len(value)  # `"":,` a member, the brackets for the last comma
    if isinstance(value, list):
        return 1 + len(value)
    return 1
