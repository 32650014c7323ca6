"""On a threaded server clients come, go and change rooms at the same time; its bookkeeping is not made for that."""

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

BOOKKEEPING = (
    "pre_connect",
    "connect",
    "is_connected",
    "is_pre_connected",
    "pre_disconnect",
    "basic_disconnect",
    "basic_enter_room",
    "basic_leave_room",
    "basic_close_room",
    "sid_from_eio_sid",
    "eio_sid_from_sid",
    "get_rooms",
    "get_participants",
)
"""The methods of python-socketio's managers that read and write rooms: in memory, without a word to the application.
Older releases do not have all of them."""


class _Locked:
    """A method that is called under a lock."""

    def __init__(self, method: Callable[..., Any], lock: Any) -> None:
        self._method, self.lock = method, lock

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        with self.lock:
            result = self._method(*arguments, **named)
            return iter(list(result)) if isinstance(result, Iterator) else result


def rooms_lock(manager: Any) -> Any:
    """Put one lock around what `manager` knows of rooms, and return it; the same one every time.

    Without it one who enters a room in the moment in which the last other one leaves is in a room that was forgotten:
    nothing is ever sent to it, and nobody knows. Such are also the first clients of a namespace.
    """
    if isinstance(manager.basic_enter_room, _Locked):
        return manager.basic_enter_room.lock
    lock = threading.RLock()  # looked up here: under gevent it is gevent's
    for name in filter(functools.partial(hasattr, manager), BOOKKEEPING):
        setattr(manager, name, _Locked(getattr(manager, name), lock))
    return lock
