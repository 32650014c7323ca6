"""Each way to find what may have changed, or to copy what is plain, put in the place where it is looked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from realtime_sync.document import diff, normalize, target
from realtime_sync.document.normalize import PlainCopy
from realtime_sync.document.unchanged import Implementation


@contextmanager
def in_use(implementation: Implementation) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(diff, "changes_in_object", implementation.changes_in_object)
        patcher.setattr(diff, "changes_in_list", implementation.changes_in_list)
        yield


@contextmanager
def plain_copy_in_use(plain_copy: PlainCopy) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(normalize, "plain_copy", plain_copy)
        patcher.setattr(target, "plain_copy", plain_copy)
        yield
