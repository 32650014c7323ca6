"""What waits to be sent to each client of a python-socketio server, and the end of one for whom too much does.

The asyncio server and the threaded one have this in common; neither is imported here.
"""

import contextlib
import time
import weakref
from typing import Any


class SendQueues:
    """Looks into the queue that python-engineio keeps for each connection, for which it knows no bound.

    A connection may carry several namespaces; they share its queue, and its end.

    Args:
        server: A `socketio.AsyncServer` or `socketio.Server`.
        namespace: The namespace in question.
    """

    def __init__(self, server: Any, namespace: str) -> None:
        self._server, self._namespace = server, namespace
        self._ending: weakref.WeakSet[Any] = weakref.WeakSet()  # connections that are about to end

    def queued(self, sid: str) -> int | None:
        """Return how many packets wait for a client; None when it is going, or its queue cannot be asked."""
        socket = self._socket(sid)
        if socket is None or socket in self._ending:
            return None
        size = getattr(getattr(socket, "queue", None), "qsize", None)
        return None if size is None else int(size())

    def is_overdue(self, eio_sid: str) -> bool:
        """Whether sending to a connection ends it: its answer to a ping did not come in time."""
        socket = self._server.eio.sockets.get(eio_sid)
        pinged_at: float | None = getattr(socket, "last_ping", None)
        return pinged_at is not None and time.time() - pinged_at > self._server.eio.ping_timeout

    def end(self, sid: str) -> Any:
        """Return the connection of a client that is to be ended, once; None when it is gone or going."""
        socket = self._socket(sid)
        if socket is None or socket in self._ending:
            return None
        self._ending.add(socket)
        return socket

    def empty(self, socket: Any) -> None:
        """Forget what waits for a connection that has ended: nobody reads it, and it was held until a timeout."""
        queue = socket.queue
        with contextlib.suppress(self._server.eio.get_queue_empty_exception()):  # its writer may take one meanwhile
            while not queue.empty():
                queue.get_nowait()
                queue.task_done()
        queue.put_nowait(None)  # wakes its writer, which then ends

    def _socket(self, sid: str) -> Any:
        eio_sid = self._server.manager.eio_sid_from_sid(sid, self._namespace)
        return None if eio_sid is None else self._server.eio.sockets.get(eio_sid)
