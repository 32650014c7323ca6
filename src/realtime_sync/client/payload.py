"""How large a message may be for the server that gets it."""

import json

from realtime_sync.errors import MessageTooLarge
from realtime_sync.replication.subscription import Outgoing

MAX_PAYLOAD_BYTES = 1_000_000
"""python-engineio's own `max_http_buffer_size`; its client keeps no record of the `maxPayload` of the handshake."""

PACKET_BYTES = 32
"""Engine.IO's and Socket.IO's types, the comma after the namespace and the id of an acknowledgement take less."""


def refuse_too_large(said: Outgoing, namespace: str, max_payload_bytes: int) -> None:
    """Refuse a message for which the server would cut the connection.

    Raises:
        MessageTooLarge: It is larger than `max_payload_bytes`.
    """
    # In ASCII, as python-socketio writes it.
    size_bytes = len(json.dumps([said.event, said.message], separators=(",", ":"))) + len(namespace) + PACKET_BYTES
    if size_bytes > max_payload_bytes:
        raise MessageTooLarge(f"a {said.event} message", "max_payload_bytes", max_payload_bytes, size_bytes)
