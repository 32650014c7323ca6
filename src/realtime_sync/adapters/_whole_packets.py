"""On a threaded server no packet is torn: what belongs together is queued together."""

import re
import threading
from typing import Any

import attrs

from realtime_sync.adapters._connections import unshared

MESSAGE = 4
"""The type of an Engine.IO packet that carries Socket.IO."""

WITH_ATTACHMENTS = re.compile(r"[56](\d+)-")
"""How the text of a Socket.IO event or acknowledgement with bytes in it begins: its type, and how many follow."""


class WholePackets:
    """Sends the Engine.IO packets of a `socketio.Server`, one Socket.IO packet at a time for each client.

    A Socket.IO packet with bytes in it is several Engine.IO packets: its text, then every attachment. python-socketio
    queues them one by one, and leaves it to the application that no other thread queues its own between them; a client
    then takes the wrong packet for an attachment, or hangs up. Here every thread collects the parts, and one lock is
    held while they are queued. The application's emits, acknowledgements and what comes from a message queue go this
    way as well.

    Nothing of the application runs under the lock, so whoever waits for it may hold locks of its own: a packet is
    encoded before, and the handler of a disconnection that is found while sending runs afterwards, elsewhere.

    Args:
        server: Its sends go through this from now on.
        closed: What python-engineio raises for a client that has just gone.
    """

    def __init__(self, server: Any, closed: type[Exception]) -> None:
        self._server, self._closed = server, closed
        self._send = server.eio.send_packet
        self._lock = threading.RLock()  # looked up here: under gevent it is gevent's
        self._thread = threading.local()
        server.eio.send_packet = self
        server.eio.on("disconnect", self._disconnect)

    @classmethod
    def guard(cls, server: Any, closed: type[Exception]) -> None:
        """See that `server` sends this way, once."""
        if not isinstance(server.eio.send_packet, cls):
            cls(server, closed)

    def __call__(self, eio_sid: str, packet: Any) -> None:
        """Send a packet when it is the last one of its kin."""
        parts = self._collect(eio_sid, packet)
        if not parts:
            return
        with self._lock:
            self._thread.is_sending = True
            try:
                for part in parts:
                    self._send(eio_sid, unshared(part))
            except self._closed:
                # Its disconnection is under way and tells everybody; the others in the room must still get theirs.
                self._server.logger.info("client %s is gone; nothing more is sent to it", eio_sid)
            finally:
                self._thread.is_sending = False

    def _collect(self, eio_sid: str, packet: Any) -> list[Any]:
        """Return what may be sent now: a packet alone, or one with all its attachments; else nothing."""
        if packet.packet_type != MESSAGE or not self._server.packet_class.uses_binary_events:
            return [packet]
        if not packet.binary:
            # Attachments that are still missing from an earlier packet never come: its sender failed half-way.
            attachments = _attachments(packet.data)
            self._thread.packet = _Collected(eio_sid, attachments) if attachments else None
        collected: _Collected | None = getattr(self._thread, "packet", None)
        if collected is None or collected.eio_sid != eio_sid:
            return [packet]
        collected.parts.append(packet)
        if len(collected.parts) <= collected.attachments:
            return []
        self._thread.packet = None
        return collected.parts

    def _disconnect(self, *arguments: Any) -> None:
        if getattr(self._thread, "is_sending", False):
            self._server.eio._trigger_event("disconnect", *arguments, run_async=True)
        else:
            self._server._handle_eio_disconnect(*arguments)


@attrs.define
class _Collected:
    """The parts of a packet so far."""

    eio_sid: str
    attachments: int
    parts: list[Any] = attrs.field(factory=list)


def _attachments(text: object) -> int:
    """Return how many attachments follow a text."""
    found = WITH_ATTACHMENTS.match(text) if isinstance(text, str) else None
    return 0 if found is None else int(found[1])
