"""The libraries for Python that an application might use instead, each behind the same three functions.

All are optional. What is not installed, or cannot be, stands in `missing()` with the reason.
"""

import copy
import importlib
import json
import sys
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any

import attrs

from realtime_sync.jsontypes import Json

OLDEST_PYTHON: dict[str, tuple[int, int]] = {"fastjsonpatch": (3, 12)}


@attrs.frozen
class Rival:
    """Another library that says what changed.

    Attributes:
        name: On PyPI.
        diff: From the old and the new document to its own kind of patch.
        apply: From a document of ours, which it may change, and its patch to a document.
        size: Bytes of its patch.
        largest: The largest graph it is tried on, in nodes.
        is_slow: Whether a few calls have to do.
    """

    name: str
    diff: Callable[[Json, Json], Any]
    apply: Callable[[Any, Any], Json]
    size: Callable[[Any], int]
    largest: int = 10_000
    is_slow: bool = True

    @property
    def label(self) -> str:
        return f"{self.name} {metadata.version(self.name)}"

    def applied(self, old: Json, patch: Any) -> Json:
        """Return what its own `apply` makes of a copy of `old`."""
        return self.apply(copy.deepcopy(old), patch)


def _size(patch: Any) -> int:
    return len(json.dumps(patch, separators=(",", ":"), ensure_ascii=False).encode())


def _jsonpatch(library: Any) -> Rival:
    return Rival(
        "jsonpatch",
        lambda old, new: library.make_patch(old, new).patch,
        lambda old, patch: library.apply_patch(old, patch),
        _size,
    )


def _fastjsonpatch(library: Any) -> Rival:
    return Rival(
        "fastjsonpatch",
        lambda old, new: library.make_patch(old, new).patch,
        lambda old, patch: library.apply_patch(old, patch),
        _size,
        is_slow=False,
    )


def _jsonyx(library: Any) -> Rival:
    return Rival("jsonyx", library.make_patch, library.apply_patch, _size)


def _jsondiff(library: Any) -> Rival:
    differ = library.JsonDiffer(marshal=True)
    return Rival("jsondiff", differ.diff, differ.patch, _size)


def _dictdiffer(library: Any) -> Rival:
    return Rival(
        "dictdiffer",
        lambda old, new: list(library.diff(old, new)),
        lambda old, patch: library.patch(patch, old, in_place=True),
        _size,
    )


def _deepdiff(library: Any) -> Rival:
    return Rival(
        "deepdiff",
        lambda old, new: library.DeepDiff(old, new),
        lambda old, patch: old + library.Delta(patch, raise_errors=True),
        lambda patch: len(library.Delta(patch).dumps()),
        largest=1_000,
    )


_MAKERS: dict[str, Callable[[Any], Rival]] = {
    "jsonpatch": _jsonpatch,
    "fastjsonpatch": _fastjsonpatch,
    "jsonyx": _jsonyx,
    "jsondiff": _jsondiff,
    "dictdiffer": _dictdiffer,
    "deepdiff": _deepdiff,
}


def load(name: str) -> Any:
    """Return the library of that name, or None; what it warns of on import is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


RIVALS: dict[str, Rival] = {
    name: make(library) for name, make in _MAKERS.items() if (library := load(name)) is not None
}
"""Those that are installed."""


def missing() -> dict[str, str]:
    """Return the names of those that are not installed, each with the reason."""
    reasons = {}
    for name in (*_MAKERS, "pycrdt"):
        if load(name) is None:
            needed = OLDEST_PYTHON.get(name, (0, 0))
            too_old = sys.version_info[:2] < needed
            reasons[name] = f"needs Python {needed[0]}.{needed[1]}" if too_old else "not installed"
    return reasons
