"""The workload's graph as a pycrdt (Yjs) document that is edited directly."""

from typing import Any

from benchmarks.cases import Edit
from benchmarks.rivals import load
from realtime_sync.jsontypes import Json

pycrdt: Any = load("pycrdt")


class Shared:
    """A pycrdt document, and the update that each transaction makes. Strings that grow are texts of its own."""

    def __init__(self, document: Any, growing: set[tuple[str | int, ...]]) -> None:
        self.doc = pycrdt.Doc()
        self.root = self.doc.get("root", type=pycrdt.Map)
        with self.doc.transaction():
            for key, value in document.items():
                self.root[key] = _shared(value, (key,), growing)
        self.update = b""
        self._subscription = self.doc.observe(self._keep)

    def _keep(self, event: Any) -> None:
        self.update = event.update

    def write(self, edits: list[Edit]) -> bytes:
        """Write in one transaction, and return the update that the others get."""
        with self.doc.transaction():
            for edit in edits:
                _write(self.root, edit)
        return self.update

    def replica(self) -> Any:
        """Return another document that holds the same."""
        other = pycrdt.Doc()
        other.apply_update(self.doc.get_update())
        return other


def content(doc: Any) -> Json:
    """Return what a document holds as JSON; its numbers are all floats."""
    value: Json = doc.get("root", type=pycrdt.Map).to_py()
    return value


def _write(holder: Any, edit: Edit) -> None:
    for token in edit.path:
        holder = holder[token]
    if edit.grows_text:
        text = holder[edit.key]
        text += edit.value
    elif isinstance(edit.key, int):
        holder.append(_shared(edit.value, (), set()))
    else:
        grows = isinstance(edit.value, str) and edit.key == "full_result"
        holder[edit.key] = _shared(edit.value, (), {()} if grows else set())


def _shared(value: Json, path: tuple[str | int, ...], growing: set[tuple[str | int, ...]]) -> Any:
    if isinstance(value, dict):
        return pycrdt.Map({key: _shared(member, (*path, key), growing) for key, member in value.items()})
    if isinstance(value, list):
        return pycrdt.Array([_shared(element, (*path, index), growing) for index, element in enumerate(value)])
    return pycrdt.Text(value) if path in growing and isinstance(value, str) else value
