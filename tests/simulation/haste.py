"""The library's patience, shortened: what takes it hundreds of frames happens within a run of a hundred steps."""

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

SHORTENED: dict[str, dict[str, Any]] = {
    "realtime_sync.wire.training": {
        "ENOUGH_SAMPLES": 8,
        "TRIAL_DELTAS": 2,
        "PAYS_WITHIN_DELTAS": 10_000,  # a dictionary of eight samples pays for itself in no run
        "WATCHED_EVERY": 3,
        "WATCHED_DELTAS": 3,
        "LOST": 0.01,
        "FIRST_REST_DELTAS": 5,
    },
    "realtime_sync.broadcast.flusher": {"KEYFRAME_EVERY": 12},
    "realtime_sync.replication.acknowledgements": {"ACK_FRAMES": 2},
    "realtime_sync.replication.check_schedule": {"DELTAS_PER_CHECK": 3},
    "realtime_sync.replication.primary": {"COMPACT_AT_OPERATIONS": 20},
}
"""Shape: {module: {constant: value}}."""


def hurried() -> ExitStack:
    """Return a block in which the library is in haste."""
    block = ExitStack()
    for module, constants in SHORTENED.items():
        block.enter_context(patch.multiple(module, **constants))
    return block
