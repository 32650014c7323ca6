"""Whether C or Python is measured, where there are both."""

import os

from realtime_sync.document import diff, normalize, target
from realtime_sync.document.normalize import PLAIN_COPIES
from realtime_sync.document.unchanged import IMPLEMENTATIONS

SWITCH = "REALTIME_SYNC_BENCH_IMPLEMENTATION"
"""An environment variable: `C` or `Python`; without it, the one that an application gets on this machine."""


def choose() -> str:
    """Put the implementation that is asked for in place, and return its name."""
    name = os.environ.get(SWITCH, list(IMPLEMENTATIONS)[-1])
    chosen = IMPLEMENTATIONS[name]
    vars(diff).update(changes_in_object=chosen.changes_in_object, changes_in_list=chosen.changes_in_list)
    for module in (normalize, target):
        vars(module).update(plain_copy=PLAIN_COPIES[name])
    return name
