"""What the library had to say for itself while it ran."""

import logging

from tests.simulation.outage import Outage

logger = logging.getLogger("realtime_sync")


class Complaints(logging.Handler):
    """Errors that were logged or raised where nobody would hear of them, but for those that the simulation caused.

    Args:
        failures: Whether the simulation makes things fail, so that the library may report losses.
    """

    def __init__(self, *, failures: bool) -> None:
        super().__init__(logging.ERROR)
        self._failures = failures
        self._heard: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take what was logged as an error."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self.add(error)
        elif not self._failures:
            self.add(AssertionError(f"the library logged: {record.getMessage()}"))

    def add(self, error: BaseException) -> None:
        """Take an error, unless the simulation made it happen."""
        if not isinstance(error, Outage):
            self._heard.append(error)

    def check(self) -> None:
        """Raise what was heard.

        Raises:
            AssertionError: Caused by the first error.
        """
        if self._heard:
            raise AssertionError(f"the library complained: {self._heard[0]!r}") from self._heard[0]

    def __enter__(self) -> "Complaints":
        self._propagated, logger.propagate = logger.propagate, False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger.removeHandler(self)
        logger.propagate = self._propagated
