"""What both clients have in common in asking over plain HTTP, whatever library asks."""

from realtime_sync.errors import LimitExceeded, ProtocolError
from realtime_sync.wire.poll import POLL_CODEC

POLL_TIMEOUT_S = 10.0
"""For the whole of a reply: as long as other questions wait for an answer."""

CHUNK_BYTES = 64 * 2**10

REQUEST_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class BoundedReply:
    """The body of a response, as it comes.

    Args:
        status: The response's.
        max_bytes: Of the body, decompressed.

    Raises:
        ProtocolError: It is another status than 200.
    """

    def __init__(self, status: int, max_bytes: int) -> None:
        if status != 200:
            raise ProtocolError(f"a poll was answered with HTTP status {status}")
        self._max_bytes = max_bytes
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take some more of it.

        Raises:
            LimitExceeded: It is larger than allowed.
        """
        self._body += chunk
        if len(self._body) > self._max_bytes:
            raise LimitExceeded(POLL_CODEC, "max_decoded_bytes", self._max_bytes, len(self._body))

    @property
    def whole(self) -> bytes:
        """All that was added."""
        return bytes(self._body)
