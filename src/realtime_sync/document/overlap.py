"""Whether two patches of one document get in each other's way."""

from typing import TypeAlias

from realtime_sync.document.pointer import child, format_pointer, parse_pointer
from realtime_sync.errors import PathNotFound
from realtime_sync.jsontypes import Json, Operation, Patch

Tokens: TypeAlias = tuple[str, ...]


def first_overlap(document: Json, earlier: Patch, later: Patch) -> str | None:
    """Return the place that both patches touch; None when applying one after the other means what both authors meant.

    A place is touched by what writes it, or reads it with `test` or `copy`, at it, above it or below it; two that only
    read do not meet. Adding, removing and moving elements touches the whole list, because indexes change. Two appends
    to one string meet, since the order of the texts is part of what was meant.

    Args:
        document: What both patches were computed against.
        earlier: The one that is applied first.
        later: The one that is applied to what `earlier` leaves.

    Returns:
        A JSON Pointer, into `document` unless a patch wrote there; of the places where they meet the first in the order
        of `later`, and of the two patches' places there the deeper one.
    """
    touched = TouchedPlaces(document)
    touched.add(earlier)
    return touched.first_met(later)


class TouchedPlaces:
    """What patches, one after the other, touch of the document that the first of them applies to.

    Args:
        document: That document; indexes mean what they mean in it.
    """

    def __init__(self, document: Json) -> None:
        self._document = document
        self._written, self._read = _Places(), _Places()

    def __len__(self) -> int:
        return len(self._written) + len(self._read)

    def add(self, patch: Patch) -> None:
        """Let `patch` follow."""
        for place, is_read in _touched(self._document, patch):
            (self._read if is_read else self._written).add(place)

    def first_met(self, later: Patch) -> str | None:
        """Return the first place that `later`, a patch of the document too, touches as well; see `first_overlap`."""
        for place, is_read in _touched(self._document, later):
            met = self._written.meeting(place)
            if met is None and not is_read:
                met = self._read.meeting(place)
            if met is not None:
                return format_pointer(met)
        return None

    def coarsen(self, max_places: int) -> None:
        """Keep at most twice so many places, by taking the ones that lie deepest for all of what is around them.

        Whatever met before still does, and more.
        """
        self._written.coarsen(max_places)
        self._read.coarsen(max_places)


class _Places:
    """A set of places that knows which of them lie at, over or under another one."""

    def __init__(self) -> None:
        self._places: set[Tokens] = set()
        self._first_below: dict[Tokens, Tokens] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, place: Tokens) -> None:
        self._places.add(place)
        for length in range(len(place) + 1):
            self._first_below.setdefault(place[:length], place)

    def meeting(self, place: Tokens) -> Tokens | None:
        """Return the deeper of `place` and the first place that lies at, over or under it."""
        if place in self._first_below:
            return self._first_below[place]
        is_under = any(place[:length] in self._places for length in range(len(place)))
        return place if is_under else None

    def coarsen(self, max_places: int) -> None:
        places = self._places
        depth = max(map(len, places), default=0)
        while len(places) > max(max_places, 1):
            depth -= 1
            places = {place[:depth] for place in places}
        self._places, self._first_below = set(), {}
        for place in places:
            self.add(place)


def _touched(document: Json, patch: Patch) -> list[tuple[Tokens, bool]]:
    """Return the places that `patch` touches, in `document`'s own indexes, and whether it only reads them.

    An index means what it means in `document` until the patch adds or removes elements of that list; from then on the
    whole list is touched, whatever the index. So no operation has to be applied.
    """
    return [touched for operation in patch for touched in _touched_by(document, operation)]


def _touched_by(document: Json, operation: Operation) -> list[tuple[Tokens, bool]]:
    place = parse_pointer(operation["path"])
    match operation["op"]:
        case "test":
            return [(place, True)]
        case "add" | "remove":
            return [(_list_or_member(document, place), False)]
        case "copy":
            return [(parse_pointer(operation["from"]), True), (_list_or_member(document, place), False)]
        case "move":
            source = parse_pointer(operation["from"])
            return [(_list_or_member(document, source), False), (_list_or_member(document, place), False)]
        case _:
            return [(place, False)]


def _list_or_member(document: Json, place: Tokens) -> Tokens:
    """Return what adding or removing `place` touches: the list around it, or the member alone."""
    holder = document
    try:
        for token in place[:-1]:
            holder = child(holder, token)
    except PathNotFound:  # the patch itself wrote it, and an operation before this one touches all of it
        return place[:-1]
    return place[:-1] if isinstance(holder, list) else place
