"""Each way to find what may have changed, put in the place where `diff` looks for it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from realtime_sync.document import diff
from realtime_sync.document.unchanged import Implementation


@contextmanager
def in_use(implementation: Implementation) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(diff, "changes_in_object", implementation.changes_in_object)
        patcher.setattr(diff, "changes_in_list", implementation.changes_in_list)
        yield
