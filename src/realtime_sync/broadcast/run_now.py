"""Coroutines without an event loop."""

from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_now(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return what `coroutine` returns, having run it to its end in this thread.

    Flusher, Reception and their like are written once, as coroutines. On threads everything that they await blocks and
    then returns, so that they never suspend: one step is the whole run.

    Raises:
        RuntimeError: It suspended: something in it waits for an event loop, and there is none.
    """
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    coroutine.close()
    name = getattr(coroutine, "__qualname__", repr(coroutine))
    raise RuntimeError(
        f"{name} waits for an event loop, and this server runs on threads: what it calls "
        "(authorize, load, a watched function, a transport) must block instead"
    )
