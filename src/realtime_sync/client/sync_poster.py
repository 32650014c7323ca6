"""Asking over plain HTTP in a thread."""

import time
from collections.abc import Mapping

from realtime_sync.client.http_reply import CHUNK_BYTES, POLL_TIMEOUT_S, REQUEST_HEADERS, BoundedReply
from realtime_sync.errors import MissingExtra

try:
    import requests
except ImportError as error:
    raise MissingExtra("requests", "client") from error


class SyncPoster:
    """Posts to one address, from any thread, over a connection for each request: no library shares one between threads.

    Args:
        url: The address.
        headers: Of every request.
        max_bytes: Of a reply.
    """

    def __init__(self, url: str, headers: Mapping[str, str], max_bytes: int) -> None:
        self._url, self._headers, self._max_bytes = url, {**REQUEST_HEADERS, **headers}, max_bytes

    def post(self, body: bytes) -> bytes:
        """Return the body of the response.

        Raises:
            RemoteError: It is no reply, or too large.
            requests.RequestException, TimeoutError: None came.
        """
        until = time.monotonic() + POLL_TIMEOUT_S
        with requests.post(
            self._url, data=body, headers=self._headers, timeout=POLL_TIMEOUT_S, stream=True
        ) as response:
            reply = BoundedReply(response.status_code, self._max_bytes)
            for chunk in response.iter_content(CHUNK_BYTES):
                reply.add(chunk)
                if time.monotonic() > until:  # the timeout of `requests` is that of each read
                    raise TimeoutError(f"a poll took longer than {POLL_TIMEOUT_S} s")
            return reply.whole
