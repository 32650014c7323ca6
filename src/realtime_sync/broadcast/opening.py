"""Bringing a channel to where somebody can be told of it: its document loaded, its log read, its position known."""

import inspect
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.flusher import Flusher
from realtime_sync.broadcast.ports import Load
from realtime_sync.broadcast.sending_channel import SendingChannel

logger = logging.getLogger("realtime_sync")


class Unavailable(Exception):
    """A channel could not be opened now; the message is for the client."""


class Opening:
    """Opens channels for those who ask, whatever they ask for."""

    def __init__(self, load: Load | None, channels: ChannelRegistry[Any], flusher: Flusher) -> None:
        self._load, self._channels, self._flusher = load, channels, flusher

    @asynccontextmanager
    async def opened(self, name: str) -> AsyncIterator[SendingChannel]:
        """Hold the send lock of a channel that is as ready as it gets: nothing is sent to its room meanwhile.

        Raises:
            Unavailable: Its document or its log could not be read.
            ChannelClosed: The broadcaster is closing.
        """
        while True:
            channel: SendingChannel = self._channels.open(name)
            if not await self._is_loaded(channel):
                raise Unavailable("the document could not be loaded")
            async with self._flusher.sending(channel):
                if not self._channels.holds(channel):
                    continue  # it ended while we waited; another may have begun
                await self._flush_first_frame(channel)
                yield channel
                return

    async def _flush_first_frame(self, channel: SendingChannel) -> None:
        """Give a channel that was published to, but never flushed, its first position."""
        try:
            await self._flusher.recover(channel)
        except Exception as error:
            logger.exception("the log of channel %r could not be read; who asked is told `unavailable`", channel.name)
            raise Unavailable("the log could not be read") from error
        try:
            if channel.position.offset == 0 and channel.primary.has_document:
                await self._flusher.flush_locked(channel)
        except Exception:
            # Who asked waits, as for any channel without a document; the channel's worker tries again.
            logger.exception("the first frame of channel %r could not be flushed; it will be repeated", channel.name)

    async def _is_loaded(self, channel: SendingChannel) -> bool:
        """Bring a document that is not in memory, once for all who ask meanwhile; return False when that failed."""
        if self._load is None or channel.primary.has_document:
            return True
        ended = channel.loads.ended
        async with channel.load_lock:
            # Whoever waited for another's attempt shares its outcome: a database that is away is not asked N times.
            if channel.loads.ended == ended and not channel.primary.has_document:
                channel.loads.succeeded = await self._bring(channel, self._load)
                channel.loads.ended += 1
            return channel.loads.succeeded or channel.primary.has_document

    async def _bring(self, channel: SendingChannel, load: Load) -> bool:
        try:
            document = load(channel.name)
            if inspect.isawaitable(document):
                document = await document
            if document is not None:
                channel.initialize(document)
            return True
        except Exception:
            logger.exception("load(%r) raised; who asked is told `unavailable`", channel.name)
            return False
