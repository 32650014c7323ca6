"""Who may what: the application's `authorize`, and nothing that it could be talked into."""

import inspect
import logging

from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.ports import Subscriber

logger = logging.getLogger("realtime_sync")


class Authority:
    """Asks the application. Only `True` lets in: what it raises, and what is merely truthy, denies."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def is_channel_name(self, name: object) -> bool:
        """Whether there can be such a channel: of another nothing is kept, and nobody is asked about it."""
        return self._options.is_channel_name(name)

    async def allows(self, subscriber: Subscriber, channel: str, action: str) -> bool:
        """Whether a client may `subscribe` to, `resync` or `fetch` from a channel."""
        try:
            allowed = self._options.authorize(subscriber, channel, action)
            if inspect.isawaitable(allowed):
                allowed = await allowed
        except Exception:
            logger.exception(
                "authorize raised for %s of channel %r by %s, who is refused", action, channel, subscriber.id
            )
            return False
        return allowed is True
