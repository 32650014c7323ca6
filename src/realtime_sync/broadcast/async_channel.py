"""A channel on an event loop."""

import asyncio
from typing import Any

from realtime_sync.broadcast.sending_channel import SendingChannel

PUBLISH_ATTEMPTS = 3
"""Diffs made beside other writers before one is made while they wait."""


class AsyncChannel(SendingChannel):
    """A `Channel` whose shell is an event loop."""

    async def flush(self) -> None:
        """Append and send what was captured before this call; return when the transport has it.

        Cancelling it loses nothing. From any event loop.

        Raises:
            LogRefused: Somebody else writes to the log; what was captured is kept.
        """
        await self._shell.flush(self)

    async def close(self, reason: str = "closed") -> None:
        """Flush, tell every subscriber that the channel ended, and take it out of memory.

        The log keeps it: `hub.channel(name)` goes on from there. Later captures raise ChannelClosed. Idempotent.
        """
        await self._shell.end(self, reason, forget=False)

    async def delete(self, reason: str) -> None:
        """Close, and forget the document for good; a channel created again under the name is a new epoch."""
        await self._shell.end(self, reason, forget=True)

    async def publish_async(self, value: Any, at: str = "") -> None:
        """`publish`, with the comparison of a huge document in a thread beside the event loop.

        Until it returns, leave `value` alone.

        Raises:
            What `publish` raises.
        """
        await asyncio.to_thread(self._publish_beside, value, at)

    def _publish_beside(self, value: Any, at: str) -> None:
        for _ in range(PUBLISH_ATTEMPTS):
            if not self.primary.has_document:
                break
            with self.lock:
                self.check_open()
                base = self.primary.base()
            patch = self.primary.changes(base, value, at)
            with self._capture() as primary:
                if primary.commit_if_unchanged(base, patch):
                    return
        self.publish(value, at)

    async def publish_watched(self, value: Any) -> None:
        await self.publish_async(value)
