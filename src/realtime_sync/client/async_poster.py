"""Asking over plain HTTP in an event loop."""

from collections.abc import Mapping

from realtime_sync.client.http_reply import CHUNK_BYTES, POLL_TIMEOUT_S, REQUEST_HEADERS, BoundedReply
from realtime_sync.errors import MissingExtra

try:
    import aiohttp
except ImportError as error:
    raise MissingExtra("aiohttp", "client") from error


class AsyncPoster:
    """Posts to one address, over connections that are kept.

    Args:
        url: The address.
        headers: Of every request.
        max_bytes: Of a reply.
    """

    def __init__(self, url: str, headers: Mapping[str, str], max_bytes: int) -> None:
        self._url, self._headers, self._max_bytes = url, {**REQUEST_HEADERS, **headers}, max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> bytes:
        """Return the body of the response.

        Raises:
            RemoteError: It is no reply, or too large.
            aiohttp.ClientError, TimeoutError: None came.
        """
        if self._session is None:  # not earlier: it belongs to the running loop
            timeout = aiohttp.ClientTimeout(total=POLL_TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout, headers=self._headers)
        async with self._session.post(self._url, data=body) as response:
            reply = BoundedReply(response.status, self._max_bytes)
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                reply.add(chunk)
            return reply.whole

    async def close(self) -> None:
        """Close the connections that were kept."""
        if self._session is not None:
            await self._session.close()
