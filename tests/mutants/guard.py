"""A guard in the source, and how its absence is noticed."""

import attrs


@attrs.frozen
class Guard:
    """One line of defence.

    Attributes:
        name: What it keeps away.
        file: Where it stands, below `src/realtime_sync`.
        source: Its text, found there exactly once.
        without: What stands in its place once it is removed.
        shown_by: What fails then: paths for pytest; empty: the simulation.
    """

    name: str
    file: str
    source: str
    without: str
    shown_by: tuple[str, ...] = ()

    def remove_from(self, text: str) -> str:
        """Return the text of the file without the guard.

        Raises:
            ValueError: It is not there, or more than once: whoever changed the file names it anew.
        """
        found = text.count(self.source)
        if found != 1:
            raise ValueError(f"the guard {self.name!r} is found {found} times in {self.file}: {self.source!r}")
        return text.replace(self.source, self.without)
