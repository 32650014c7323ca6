"""What holds for the diff of any two documents, whoever applies it."""

import copy
import json

import jsonpatch

from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json, Patch


def assert_right(old: Json, new: Json, *, text_append: bool) -> Patch:
    """Check everything that holds for the diff of any two documents, and return it."""
    before = repr(old), repr(new)
    patch = diff(old, new, text_append=text_append)
    assert exact(apply_patch(old, patch)) == exact(new)
    assert exact(applied_by_jsonpatch(old, patch, text_append=text_append)) == exact(new)
    assert (repr(old), repr(new)) == before
    assert not (containers(old) | containers(new)) & containers([operation.get("value") for operation in patch])
    assert compact(patch) <= compact([{"op": "replace", "path": "", "value": new}])
    assert bool(patch) != json_equal(old, new)
    assert text_append or all(operation["op"] != "append" for operation in patch)
    return patch


def applied_by_jsonpatch(old: Json, patch: Patch, *, text_append: bool) -> Json:
    """Return what PyPI's jsonpatch makes of `old`: by its extension `append`, or by RFC 6902 alone."""
    document = copy.deepcopy(old)
    result: Json = (
        jsonpatch.JsonPatchWithAppend(patch).apply(document) if text_append else jsonpatch.apply_patch(document, patch)
    )
    return result


def exact(value: Json) -> Json:
    """Return `value` in a form that Python's `==` compares as JSON does."""
    if isinstance(value, dict):
        return {key: exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [exact(element) for element in value]
    return ["boolean", value] if isinstance(value, bool) else value


def compact(value: object) -> int:
    """Return how many bytes `value` is as JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def containers(value: Json) -> set[int]:
    """Return the ids of all dicts and lists in `value`."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(containers(child) for child in children))
