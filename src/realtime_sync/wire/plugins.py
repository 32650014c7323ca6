"""What other installed packages bring through entry points."""

import logging
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, TypeVar

T = TypeVar("T")

_log = logging.getLogger("realtime_sync")


def load_plugins(group: str, accept: Callable[[Any], T]) -> list[T]:
    """Return what the entry points of `group` lead to, in the order of their names.

    A plugin that cannot be imported, or that `accept` refuses, is logged and left out: a broken package must not take
    the others, or the program, with it.

    Args:
        group: Name of the entry-point group.
        accept: Called with each object; returns what to take for it, or raises.
    """
    plugins = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            plugins.append(accept(entry.load()))
        except Exception as error:  # a stranger's code may raise anything
            problem = f"{type(error).__name__}: {error}"
            _log.warning("%s: %s = %s is left out: %s", group, entry.name, entry.value, problem)
    return plugins
