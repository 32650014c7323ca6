"""A channel on a server that runs on threads or greenlets."""

from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.sending_channel import SendingChannel


class ThreadedChannel(SendingChannel):
    """A `Channel` whose shell is threads: what waits, blocks the thread or greenlet that calls it."""

    def flush(self) -> None:
        """Append and send what was captured before this call; return when the transport has it.

        Raises:
            LogRefused: Somebody else writes to the log; what was captured is kept.
        """
        run_now(self._shell.flush(self))

    def close(self, reason: str = "closed") -> None:
        """Flush, tell every subscriber that the channel ended, and take it out of memory.

        The log keeps it: `hub.channel(name)` goes on from there. Later captures raise ChannelClosed. Idempotent. When
        it raises, the channel is open as before.
        """
        run_now(self._shell.end(self, reason, forget=False))

    def delete(self, reason: str) -> None:
        """Close, and forget the document for good; a channel created again under the name is a new epoch."""
        run_now(self._shell.end(self, reason, forget=True))
