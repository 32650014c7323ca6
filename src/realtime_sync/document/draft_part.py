"""What every container inside a draft does, whether it stands for an object or for a list."""

from collections.abc import Callable
from enum import Enum
from reprlib import repr as short_repr
from typing import Any, ClassVar, Final, NoReturn
from weakref import ref

from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import Normalizer
from realtime_sync.document.pointer import (
    escape_token,
    format_pointer,
    json_name,
    located,
    not_a_container,
    parse_pointer,
)
from realtime_sync.document.target import copied
from realtime_sync.document.view import unwrap
from realtime_sync.errors import DraftClosed, DraftDetached, InvalidPatch, InvalidValue, PathNotFound
from realtime_sync.jsontypes import Json, Patch


class Mark(Enum):
    """What an overlay says of a place that holds no value."""

    UNTOUCHED = "as in the base"
    REMOVED = "no longer there"


UNTOUCHED: Final = Mark.UNTOUCHED
REMOVED: Final = Mark.REMOVED

SCALARS: Final = frozenset({str, int, float, bool, type(None)})


class PendingText:
    """A string that grew: its pieces are joined when somebody reads it, or when the draft ends."""

    __slots__ = ("base", "pieces")

    def __init__(self, base: str, piece: str) -> None:
        self.base = base
        self.pieces = [piece]

    def growth(self) -> str:
        """Return what was appended."""
        return "".join(self.pieces)

    def joined(self) -> str:
        """Return the whole string."""
        return self.base + self.growth()


class Recording:
    """What all parts of one draft share.

    Attributes:
        document: What the draft began with; never changed.
        normalizer: What every value that is put in goes through.
        is_open: Whether the `with` block still runs.
        patch: What came of it; None while the block runs.
        result: The document after it, once somebody asked for it.
    """

    __slots__ = ("document", "is_open", "normalizer", "patch", "result")

    def __init__(self, document: Json, normalizer: Normalizer) -> None:
        self.document = document
        self.normalizer = normalizer
        self.is_open = True
        self.patch: Patch | None = None
        self.result: Any = UNTOUCHED


class Part:
    """A container as a draft shows it: a base, which never changes, under an overlay of what was touched.

    The base belongs to the document, or is the owned copy of a value that was put in. So a part was edited where it
    stood if its base is, by identity, what the document holds at that place; otherwise it is new there. Nothing else
    has to be recorded.
    """

    # The slots of all kinds of part: a root that is replaced by a value of another kind changes its class, which Python
    # allows between classes of one layout.
    __slots__ = (
        "__weakref__",
        "_base",
        "_depth",
        "_elements",
        "_is_attached",
        "_is_dirty",
        "_overlay",
        "_parent",
        "_recording",
        "_size",
        "_version",
    )
    __hash__ = None  # type: ignore[assignment]  # a part changes with every edit

    _base: Any
    _depth: int  # containers around this one
    _is_attached: bool  # False once it was removed or replaced
    _is_dirty: bool  # it, or something below it, was written to
    _overlay: dict[Any, Any]  # key or index -> Part, scalar, PendingText or REMOVED
    _parent: "Callable[[], Part | None]"  # a weak reference, so that a draft is gone with the last name for it
    _recording: Recording
    _version: int  # grows when keys come or go: an iteration over them has to stop then

    _kinds: ClassVar[dict[type, type["Part"]]] = {}
    """Which class shows a container of which type."""

    def __init__(self, recording: Recording, parent: "Part | None", base: Any) -> None:
        self._recording = recording
        if parent is None:
            self._parent = _no_parent
            self._depth = 0
            self._is_attached = True
        else:
            self._parent = ref(parent)
            self._depth = parent._depth + 1
            self._is_attached = parent._is_attached
        self._is_dirty = False
        self._version = 0
        self._begin(base)

    def __eq__(self, other: object) -> bool:
        shown: Any = other._shown() if isinstance(other, Part) else unwrap(other)
        return json_equal(self._shown(), shown)

    def __repr__(self) -> str:
        if not self._recording.is_open:
            return "<closed draft>"
        if not self._is_attached:
            return f"<detached part of a draft: {short_repr(self._snapshot())}>"
        name = f"draft at {self._pointer()!r}" if self._depth else "draft"
        return f"<{name}: {short_repr(self._snapshot())}>"

    def copy(self) -> Any:
        """Return a plain, deep copy of what this part holds now; the caller owns it."""
        return copied(self._shown())

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.copy()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a part of a draft cannot be pickled: pickle part.copy(), a plain value")

    def append_text(self, pointer: str, text: str) -> None:
        """Let the string at `pointer` grow by `text`, at a cost that does not depend on how long the string is.

        Args:
            pointer: From this part on; on the draft itself, from the root of the document.
            text: What is appended.

        Raises:
            InvalidPointer: `pointer` is not an RFC 6901 pointer.
            PathNotFound: There is nothing at that place.
            InvalidPatch: There is something, and it is no string.
            InvalidValue: `text` is no string, or has a lone surrogate.
        """
        part, place = self._locate(parse_pointer(pointer))
        part._touch()
        held = part._held(place)
        if not isinstance(held, str | PendingText):
            raise InvalidPatch(f"'{pointer}' is {json_name(plain(held))}, and only a string can be appended to")
        piece = self._recording.normalizer(text, pointer)
        if type(piece) is not str:
            raise InvalidValue(pointer, f"{json_name(piece)} cannot be appended to a string", "pass a string")
        if isinstance(held, PendingText):
            held.pieces.append(piece)
        elif piece:
            part._hold(place, PendingText(held, piece))

    def _locate(self, tokens: tuple[str, ...]) -> "tuple[Part, Any]":
        """Return the part that holds what `tokens` name, and the place inside it."""
        part: Any = self
        for depth, token in enumerate(tokens, 1):
            try:
                if not isinstance(part, Part):
                    raise not_a_container(part)
                place = part._existing(token)
            except PathNotFound as error:
                raise located(error, tokens[:depth]) from None
            if depth == len(tokens):
                return part, place
            part = part[place]  # type: ignore[index]  # both kinds of container have it
        raise InvalidPatch(f"'' is {json_name(self._snapshot())}, and only a string can be appended to")

    # What each kind of part does in its own way.

    def _begin(self, base: Any) -> None:
        """Start anew: `base`, of which nothing was touched."""
        raise NotImplementedError

    def _snapshot(self) -> Any:
        """Return what this part holds now as plain JSON that shares with the base what was not touched."""
        raise NotImplementedError

    def _changes(self, path: str, patch: Patch) -> None:
        """Append to `patch` what makes the base, at `path`, into what this part holds now."""
        raise NotImplementedError

    def _existing(self, token: str) -> Any:
        """Return the place that `token` of a pointer names, or raise PathNotFound."""
        raise NotImplementedError

    def _held(self, place: Any) -> Any:
        """Return what `place`, which exists, holds: a Part, a PendingText or what stands in the base."""
        raise NotImplementedError

    def _hold(self, place: Any, held: Any) -> None:
        """Let `place`, which exists, hold something else."""
        raise NotImplementedError

    def _children(self) -> "list[tuple[Any, Part]]":
        """Return the parts below this one that were handed out, and their places."""
        return [(place, held) for place, held in self._overlay.items() if isinstance(held, Part)]

    # What all of them do alike.

    def _pointer(self) -> str:
        """Return where in the document this part stands, which has to be searched for; "" when it left it."""
        tokens: list[str | int] = []
        part = self
        while part._is_attached and (parent := part._parent()) is not None:
            tokens.append(next(place for place, child in parent._children() if child is part))
            part = parent
        return format_pointer(reversed(tokens))

    def _check_open(self) -> None:
        if not self._recording.is_open:
            raise DraftClosed

    def _shown(self) -> Any:
        """Return what this part holds for a caller who asks now; it must not be changed."""
        self._check_open()
        return self._snapshot()

    def _touch(self) -> None:
        """Get ready for a write: the parts above learn that there is something to find below them."""
        if not self._recording.is_open:
            raise DraftClosed
        if not self._is_attached:
            raise DraftDetached
        part: Part | None = self
        while part is not None and not part._is_dirty:
            part._is_dirty = True
            part = part._parent()

    def _rebase(self, base: Any) -> None:
        """Let this part hold `base`, an owned container, and nothing of what it held."""
        self._touch()
        self._detach_children()
        self._begin(base)

    def _detach_children(self) -> None:
        for _, child in self._children():
            detach(child)

    def _take(self, value: object, place: str | int) -> Any:
        """Return an owned copy of `value`, to stand at `place` in this part: a part if it is a container.

        Raises:
            InvalidValue: It is no JSON; the error's path begins at the root of the document.
        """
        try:
            owned = self._owned(value, self._depth + 1)
        except InvalidValue as error:
            path = f"{self._pointer()}/{escape_token(str(place))}{error.path}"
            raise InvalidValue(path, error.problem, error.remedy) from None
        return owned if type(owned) in SCALARS else self._part(owned, place)

    def _owned(self, value: object, depth: int) -> Json:
        return self._recording.normalizer(value._shown() if isinstance(value, Part) else value, "", depth)

    def _part(self, container: Any, place: str | int) -> "Part":
        """Return the part that shows `container`, which stands at `place`."""
        kind = Part._kinds.get(type(container))
        if kind is None:
            raise not_normal(container, f"{self._pointer()}/{escape_token(str(place))}")
        return kind(self._recording, self, container)


def _no_parent() -> None:
    """Return what a reference to the parent of the root gives."""


def not_normal(value: object, path: str) -> InvalidValue:
    """Return the error of a draft whose document holds `value`, which is none of the six JSON types."""
    return InvalidValue(path, f"{json_name(value)} in the document", "make the draft of normalize(document)")


def plain(held: Any) -> Any:
    """Return what a place holds as plain JSON."""
    if isinstance(held, Part):
        return held._snapshot()
    return held.joined() if type(held) is PendingText else held


def detach(held: object) -> None:
    """Cut what a place held off the document; if somebody kept it as a part, it can be read and not be written."""
    if isinstance(held, Part):
        held._is_attached = False
        held._detach_children()
