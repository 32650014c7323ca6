"""From what a draft recorded to the operations of a patch."""

from typing import Any

from realtime_sync.document.diff import diff_into
from realtime_sync.document.draft_part import Part, PendingText, plain
from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import Normalizer
from realtime_sync.jsontypes import Json, Patch


def add_change(patch: Patch, path: str, was: Json, held: Any, normalizer: Normalizer) -> None:
    """Append to `patch` what makes `was`, which stands at `path`, into what a draft holds there now."""
    if not is_edited(was, held):
        _add_difference(patch, path, was, plain(held), normalizer)
    elif isinstance(held, PendingText):
        patch.append({"op": "append", "path": path, "value": held.growth()})
    elif held._is_dirty:
        held._changes(path, patch)


def _add_difference(patch: Patch, path: str, was: Json, now: Json, normalizer: Normalizer) -> None:
    """Append to `patch` what makes `was` into another value, `now`, which nobody else holds."""
    if isinstance(was, (dict, list)) and type(was) is type(now):
        diff_into(was, now, path, patch, text_append=True, normalizer=normalizer)
    elif isinstance(was, str) and isinstance(now, str) and now.startswith(was):
        if len(now) > len(was):
            patch.append({"op": "append", "path": path, "value": now[len(was) :]})
    elif not json_equal(was, now):
        patch.append({"op": "replace", "path": path, "value": now})


def is_edited(was: Json, held: Any) -> bool:
    """Return whether a draft holds `was` itself, edited where it stood, and no other value in its place."""
    if isinstance(held, Part):
        return held._base is was
    return isinstance(held, PendingText) and held.base is was
