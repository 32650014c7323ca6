"""Edit a document as if it were plain dicts and lists, and get the patch of what was done."""

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from realtime_sync.document.draft_change import add_change
from realtime_sync.document.draft_list import DraftList
from realtime_sync.document.draft_object import DraftObject
from realtime_sync.document.draft_part import SCALARS, UNTOUCHED, Part, Recording, not_normal, plain
from realtime_sync.document.normalize import NORMALIZE, Normalizer
from realtime_sync.document.patch import apply_patch
from realtime_sync.document.pointer import located, not_a_container
from realtime_sync.errors import LocalError
from realtime_sync.jsontypes import Json, Patch


def draft(document: Json, *, normalizer: Normalizer = NORMALIZE) -> "Draft":
    """Return a draft of `document`: edit it in a `with` block, then take its `patch` and its `result`.

        with draft({"nodes": {"n7": {"status": "RUNNING", "text": "Hello"}}}) as d:
            d["nodes"]["n7"]["status"] = "DONE"
            d["nodes"]["n7"]["text"] += ", world"
        d.patch   # [{"op": "replace", "path": "/nodes/n7/status", "value": "DONE"},
                  #  {"op": "append", "path": "/nodes/n7/text", "value": ", world"}]

    The draft behaves as the root of the document does: as a dict, or as a list. What is inside comes as parts, which do
    so too: `d["nodes"] is d["nodes"]`. Values that are put in are normalised and copied at once. `document` is never
    changed; it must not be changed by others either until `result` was read. Only what is touched is visited: a draft
    costs what its changes cost, however large the document is.

    An exception that leaves the block takes back everything: `patch` is empty then, `result` is `document`. Parts
    must not be used after the block; those that were removed or replaced can be read until then, not written to.

    Args:
        document: Normal JSON; `normalize` makes it out of anything else.
        normalizer: What takes values over.

    Raises:
        InvalidValue: `document` is a container that is no dict and no list.
    """
    kind = _ROOTS.get(type(document), _ScalarRoot)
    if kind is _ScalarRoot and type(document) not in SCALARS:
        raise not_normal(document, "")
    return kind(Recording(document, normalizer), None, document)


class Draft(Part):
    """The root of a draft, and what came of it.

    To the type checker the members and methods of the root are `Any`, as it depends on the document whether it is an
    object, a list or a scalar.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __getitem__(self, place: Any, /) -> Any: ...
        def __setitem__(self, place: Any, value: Any, /) -> None: ...
        def __delitem__(self, place: Any, /) -> None: ...
        def __contains__(self, value: object, /) -> bool: ...
        def __iter__(self) -> Iterator[Any]: ...
        def __len__(self) -> int: ...
        def __getattr__(self, name: str) -> Any: ...

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        recording = self._recording
        recording.patch = []  # unless all goes well
        try:
            if kind is None:
                recording.patch = self._outcome()
        finally:
            recording.is_open = False

    @property
    def patch(self) -> Patch:
        """What was done, as operations that turn the document into `result`; empty if the block raised.

        Two writes to one place are one operation, and a write that restores what was there is none. A string that grew
        is an `append`. Operations come in the order in which their places were first touched.
        """
        patch = self._recording.patch
        if patch is None:
            raise LocalError("the patch of a draft, and its result, are ready when its `with` block has ended")
        return patch

    @property
    def result(self) -> Json:
        """The document after the edits; it shares with the document before what they did not touch.

        Made when it is first asked for.
        """
        recording = self._recording
        if recording.result is UNTOUCHED:
            recording.result = apply_patch(recording.document, self.patch)
        return recording.result  # type: ignore[no-any-return]

    def replace(self, value: object) -> None:
        """Let `value` be the whole document, of whatever kind it is; the draft then behaves as that kind does.

        Raises:
            InvalidValue: `value` is no JSON.
        """
        self._touch()
        base = self._owned(value, 0)
        self._detach_children()
        self.__class__ = _ROOTS.get(type(base), _ScalarRoot)
        self._begin(base)

    def _outcome(self) -> Patch:
        patch: Patch = []
        recording = self._recording
        add_change(patch, "", recording.document, self._root(), recording.normalizer)
        return patch

    def _root(self) -> Any:
        """Return what holds the document: this part itself, unless it is a scalar."""
        return self


class _ObjectRoot(DraftObject, Draft):
    __slots__ = ()


class _ListRoot(DraftList, Draft):
    __slots__ = ()


class _ScalarRoot(Draft):
    """A document that is a scalar: the one place, `""`, of a container that is not there."""

    __slots__ = ()

    def _begin(self, base: Json) -> None:
        self._base = {"": base}
        self._overlay = {}

    def _root(self) -> Any:
        return self._overlay.get("", self._base[""])

    def _snapshot(self) -> Any:
        return plain(self._root())

    def _children(self) -> list[tuple[Any, Part]]:
        return []

    def _locate(self, tokens: tuple[str, ...]) -> tuple[Part, Any]:
        if tokens:
            raise located(not_a_container(self._snapshot()), tokens[:1])
        return self, ""

    def _held(self, place: str) -> Any:
        return self._root()

    def _hold(self, place: str, held: Any) -> None:
        self._overlay[place] = held


_ROOTS: dict[type, type[Draft]] = {dict: _ObjectRoot, list: _ListRoot}
