"""Which of the two implementations of the comparison is measured."""

import os

from realtime_sync.document import diff
from realtime_sync.document.unchanged import IMPLEMENTATIONS

SWITCH = "REALTIME_SYNC_BENCH_IMPLEMENTATION"
"""An environment variable: `C` or `Python`; without it, the one that an application gets on this machine."""


def choose() -> str:
    """Put the implementation that is asked for in place, and return its name."""
    name = os.environ.get(SWITCH, list(IMPLEMENTATIONS)[-1])
    chosen = IMPLEMENTATIONS[name]
    vars(diff).update(changes_in_object=chosen.changes_in_object, changes_in_list=chosen.changes_in_list)
    return name
