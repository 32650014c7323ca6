"""What was captured since each of the edits under way began, as far as it decides whether they conflict."""

from realtime_sync.document.compose import compose
from realtime_sync.document.overlap import TouchedPlaces
from realtime_sync.document.target import count_values
from realtime_sync.jsontypes import Json, Patch
from realtime_sync.replication.pending_patch import PendingPatch

MAX_OPERATIONS = 300
"""Captures are composed, so few operations stay of many captures at the same places. Past this number only the places
are kept that they touch: an edit that waits for a human must not hold every value that went by."""

MIN_PLACES = 10_000
"""So many places are kept of whatever size the document is, and of a larger one two for each of its values."""


class OpenEdits:
    """The edits under way, by the version of the document that they began with.

    An edit that stays open for hours costs what the document does, not what was captured meanwhile: composed patches,
    then places, and in the end, where keys without number came and went, the places around them. None of these steps
    misses a conflict. The second takes an element that was removed and put back for a change of its list, which
    composing does not; the third takes a place for touched when one beside it was.
    """

    def __init__(self) -> None:
        self._since: dict[int, _CapturedSince] = {}

    def __len__(self) -> int:
        """Return how many versions there are that edits began with."""
        return len(self._since)

    def begin(self, version: int, document: Json) -> None:
        """An edit begins with that version of the document."""
        since = self._since.setdefault(version, _CapturedSince(document))
        since.edits += 1

    def end(self, version: int) -> None:
        """One of the edits that began with that version is over; one that is not known, of another process, too."""
        since = self._since.get(version)
        if since is not None:
            since.edits -= 1
            if since.edits == 0:
                del self._since[version]

    def captured(self, patch: Patch) -> None:
        """Take note of a patch of the newest document; it is copied."""
        for since in self._since.values():
            since.add(patch)

    def first_met(self, version: int, patch: Patch) -> str | None:
        """Return the first place of an edit's `patch` that was captured since it began; None when there is none."""
        since = self._since.get(version)
        return None if since is None or not patch else since.first_met(patch)


class _CapturedSince:
    """What was captured since a version of the document.

    Attributes:
        edits: How many edits that began with it are under way.
    """

    def __init__(self, document: Json) -> None:
        self.edits = 0
        self._document = document
        self._recent = PendingPatch()
        self._earlier: TouchedPlaces | None = None  # few edits stay open for so long
        self._max_places = MIN_PLACES

    def add(self, patch: Patch) -> None:
        self._recent.add(patch)
        if len(self._recent) > MAX_OPERATIONS:
            if self._earlier is None:
                self._earlier = TouchedPlaces(self._document)
            self._earlier.add(compose(self._recent.patch))
            self._recent = PendingPatch()
            self._bound_places()

    def _bound_places(self) -> None:
        assert self._earlier is not None, "some were added just now"
        if len(self._earlier) > self._max_places:
            self._max_places = max(MIN_PLACES, 2 * count_values(self._document))
        if len(self._earlier) > self._max_places:
            self._earlier.coarsen(self._max_places // 4)

    def first_met(self, patch: Patch) -> str | None:
        met = None if self._earlier is None else self._earlier.first_met(patch)
        if met is not None or not self._recent:
            return met
        recent = TouchedPlaces(self._document)
        recent.add(compose(self._recent.patch))
        return recent.first_met(patch)
