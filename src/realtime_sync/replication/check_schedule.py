"""Which deltas carry a checksum, and over what: a little now and then, and in time all of the document."""

from collections.abc import Iterator
from itertools import chain, islice

from realtime_sync.document.checksum import MOST_WEIGHT, SHAPE, Checksum
from realtime_sync.document.pointer import escape_token, resolve
from realtime_sync.errors import PathNotFound
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.wire.frames import Check

DELTAS_PER_CHECK = 32
"""One delta in so many carries a check, so a delta costs a thirty-second of what a check costs."""

TOUCHED_WEIGHT = 512
"""What the entries that a patch touched may weigh together: three nodes of a task graph, 0.1 ms."""

MAX_TOUCHED = 4
"""Pointers to what a patch touched."""

OPERATIONS_LOOKED_AT = 32
"""Operations of a patch among which touched entries are found; a patch may have a hundred thousand."""

TURN_WEIGHT = 512
"""What one check covers in turn, on average."""

PART_WEIGHT = 1_024
"""A part that weighs more is replaced by what it holds. Above `TURN_WEIGHT`, so that an object with a long text is one
part under one pointer; the following checks cover less, until that is made up for."""

TEXT_WEIGHT = MOST_WEIGHT // 2
"""Texts that weigh more (64 MiB) are never covered, as a whole check may weigh no more than `MOST_WEIGHT`."""

POINTER_CHARACTERS = 128
"""Pointers travel with the check: when those of one turn are this long together, the turn is over."""


class CheckSchedule:
    """Decides for each delta whether it carries a check, and over what. No I/O, no clock.

    First what the patch touched; then parts of the document in turn, so that a difference of any age is found where
    nobody writes any more. A round through the document takes at most

        1 + (weight of the document + PART_WEIGHT for each container that weighs over PART_WEIGHT) / TURN_WEIGHT
          + characters of the pointers of all parts / POINTER_CHARACTERS

    checks, and what stays in its place is covered once a round. What a check costs does not depend on the size of the
    document, with one exception: text cannot be divided. A megabyte of it is covered at once, in 1.5 ms, and for it the
    next sixteen checks cover nothing in turn.
    """

    def __init__(self) -> None:
        self._deltas = 0
        self._round = _Round()
        self._credit = 0  # weight that may be covered in turn; below 0 after a part that weighed more

    def check(self, patch: Patch, document: Json) -> Check | None:
        """Return the check of the next delta; None when it carries none.

        Args:
            patch: The delta's.
            document: What it leads to.
        """
        self._deltas += 1
        if self._deltas % DELTAS_PER_CHECK:
            return None
        coverage = _Coverage(document)
        _cover_touched(patch, coverage)
        self._cover_in_turn(coverage)
        return coverage.check

    def _cover_in_turn(self, coverage: "_Coverage") -> None:
        self._credit = min(self._credit, 0) + TURN_WEIGHT
        longest = coverage.characters + POINTER_CHARACTERS
        while self._credit > 0 and coverage.characters < longest:
            pointer = self._round.next_pointer()
            if pointer is None:
                return  # another round in the same check would cover the same again
            self._credit -= self._cover_part(pointer, coverage)

    def _cover_part(self, pointer: str, coverage: "_Coverage") -> int:
        """Cover what is at `pointer`, or let what it holds come next; return what that cost."""
        if coverage.includes(pointer):
            return 1
        try:
            part = resolve(coverage.document, pointer.removeprefix(SHAPE))
        except PathNotFound:
            return 1  # removed since the round came to what held it
        is_divisible = isinstance(part, (dict, list)) and len(part) > 0
        weight = coverage.add(pointer, part, PART_WEIGHT if is_divisible else TEXT_WEIGHT)
        if weight is not None:
            return weight
        if isinstance(part, (dict, list)):
            self._round.divide(pointer, part)
        return PART_WEIGHT  # to find out that it weighs more has its price


class _Round:
    """A walk over a document that changes meanwhile.

    It keeps the names of what is still to come, never a value, so no old document is kept from being freed.
    """

    def __init__(self) -> None:
        self._levels: list[Iterator[str]] = []

    def next_pointer(self) -> str | None:
        """Return the pointer of the next part; None once at the end of the round, after which the next one begins."""
        if not self._levels:
            self._levels.append(iter(("",)))
        while self._levels:
            for pointer in self._levels[-1]:
                return pointer
            self._levels.pop()
        return None

    def divide(self, pointer: str, container: dict[str, Json] | list[Json]) -> None:
        """Let what is inside the container at `pointer` come next, instead of the whole of it.

        Before it comes its shape: a replica that holds a member too many is wrong as well.
        """
        names = [*container] if isinstance(container, dict) else map(str, range(len(container)))
        inside = (f"{pointer}/{escape_token(name)}" for name in names)
        self._levels.append(chain((SHAPE + pointer,), inside))


class _Coverage:
    """What one check covers so far.

    Attributes:
        document: What is covered of.
        characters: Length of all pointers.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self.characters = 0
        self._checksum = Checksum()
        self._pointers: list[str] = []

    @property
    def check(self) -> Check | None:
        """The check, unless it would be one of nothing."""
        return Check(self._checksum.crc32, tuple(self._pointers)) if self._pointers else None

    def includes(self, pointer: str) -> bool:
        """Return whether what is at `pointer` is covered."""
        place = pointer.removeprefix(SHAPE)
        return any(place == covered or place.startswith(f"{covered}/") for covered in self._pointers)

    def add(self, pointer: str, value: Json, room: int) -> int | None:
        """Cover `value`, which is at `pointer`, and return its weight; None when it weighs more than `room`."""
        if pointer.startswith(SHAPE):
            weight: int | None = self._checksum.add_shape(value)
        else:
            weight = self._checksum.add(value, room)
        if weight is not None:
            self._note(pointer)
        return weight

    def add_absent(self, pointer: str) -> int:
        """Cover that there is nothing at `pointer`."""
        self._note(pointer)
        return self._checksum.add_absent()

    def _note(self, pointer: str) -> None:
        self._pointers.append(pointer)
        self.characters += len(pointer)


def _cover_touched(patch: Patch, coverage: _Coverage) -> None:
    """Cover the containers that `patch` wrote into; of one that weighs too much, what was written into it."""
    room, pointers_left = TOUCHED_WEIGHT, MAX_TOUCHED
    for path in islice(_paths(patch), OPERATIONS_LOOKED_AT):
        if pointers_left == 0 or coverage.characters >= POINTER_CHARACTERS:
            return
        if coverage.includes(path):
            continue
        weight = _cover_one_of((path.rpartition("/")[0], path), coverage, room)
        if weight is not None:
            room -= weight
            pointers_left -= 1


def _cover_one_of(pointers: tuple[str, ...], coverage: _Coverage, room: int) -> int | None:
    """Cover the first of `pointers` that fits, and return its weight; None when none does."""
    for pointer in pointers:
        try:
            weight = coverage.add(pointer, resolve(coverage.document, pointer), room)
        except PathNotFound:
            weight = coverage.add_absent(pointer)
        if weight is not None:
            return weight
    return None


def _paths(patch: Patch) -> Iterator[str]:
    for operation in patch:
        yield operation["path"]
        if "from" in operation:
            yield operation["from"]
