"""What was captured since the last frame, as one patch."""

from realtime_sync.document.compose import PatchComposer
from realtime_sync.document.target import copied
from realtime_sync.jsontypes import Patch


class PendingPatch:
    """A patch that others join.

    Most frames hold a single capture, and what is alone needs no composing: that begins with the second.

    Args:
        patch: What it begins with; applies to a document, which has been tried.
    """

    __slots__ = ("_composer", "_only")

    def __init__(self, patch: Patch | None = None) -> None:
        self._only: Patch = copied(patch) if patch else []
        self._composer: PatchComposer | None = None

    def __len__(self) -> int:
        """Return how many operations the patch has."""
        return len(self._only if self._composer is None else self._composer)

    @property
    def patch(self) -> Patch:
        """All that was added, as one patch; adding more does not change it."""
        return self._only if self._composer is None else self._composer.patch

    def add(self, patch: Patch) -> None:
        """Let `patch`, which was tried on a document too, follow. It is copied."""
        if self._composer is None and not self._only:
            self._only = copied(patch)
            return
        if self._composer is None:
            self._composer = PatchComposer(self._only)
        self._composer.add(patch)
