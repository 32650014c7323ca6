"""The JSON types that every floor speaks.

A `Json` inside the library is always *normal*: plain dicts with string keys, lists, finite floats, integers within
+-(2^53 - 1), strings without lone surrogates. `realtime_sync.normalize` makes one out of anything else.
"""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None
"""Any JSON value."""

Operation: TypeAlias = dict[str, Any]
"""One JSON Patch operation.

Shape: `{"op": "add" | "replace" | "test" | "append", "path": pointer, "value": Json}`,
`{"op": "remove", "path": pointer}` or `{"op": "move" | "copy", "from": pointer, "path": pointer}`.
Source: RFC 6902; `append` (a string that grew by `value`) follows jsonpatch 1.47.
"""

Patch: TypeAlias = list[Operation]
"""Operations in application order."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that a JavaScript number holds exactly."""
