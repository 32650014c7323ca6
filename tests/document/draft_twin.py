"""Do the same to a plain container and to a container inside a draft, and compare everything."""

import copy
from collections.abc import Callable
from typing import Any

from realtime_sync.document.draft import draft
from realtime_sync.document.draft_part import Part
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch


def plain(value: Any) -> Any:
    """Return `value` with plain containers in place of the parts of a draft that it holds."""
    if isinstance(value, Part):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return value


def outcome(operate: Callable[[Any], Any], target: Any) -> tuple[str, Any]:
    """Return what `operate` returned for `target`, or which kind of error it raised."""
    try:
        return "returned", plain(operate(target))
    except Exception as error:
        return "raised", type(error)


def check_alike(operate: Callable[[Any], Any], start: Any) -> None:
    """Check that `operate` does to a container in a draft what it does to a plain one, and that the patch says so."""
    document = {"twin": copy.deepcopy(start)}
    model = copy.deepcopy(start)
    expected = outcome(operate, model)
    with draft(document) as d:
        got = outcome(operate, d["twin"])
        assert json_equal(d["twin"].copy(), model)
        assert len(d["twin"]) == len(model)
        assert json_equal(plain(list(d["twin"])), list(model))
    assert got == expected
    assert document == {"twin": start}
    assert json_equal(d.result, {"twin": model})
    assert json_equal(apply_patch(document, d.patch), {"twin": model})
    if json_equal(model, start):
        assert d.patch == []
