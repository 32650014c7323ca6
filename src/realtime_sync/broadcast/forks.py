"""What a forked process inherits, and must not use.

A server may make its broadcaster, publish, and then fork its workers (gunicorn with `preload_app`). The child has its
parent's documents, but neither its threads nor its clients; locks may be held by threads that it does not have; and two
processes that went on in one epoch would show replicas frames of both.
"""

import os
import weakref
from typing import Protocol


class Inherited(Protocol):
    """What knows how to begin in a child."""

    def begin_in_child(self) -> None:
        """Keep the documents, and begin anew with everything else."""


_inherited: "weakref.WeakSet[Inherited]" = weakref.WeakSet()


def begin_in_every_child(inherited: Inherited) -> None:
    """Call its `begin_in_child` in every process that is forked from this one, as long as it is in memory."""
    _inherited.add(inherited)


def _begin_all() -> None:
    for inherited in list(_inherited):
        inherited.begin_in_child()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_begin_all)
