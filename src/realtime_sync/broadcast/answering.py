"""Saying to clients what became of their requests, and of their subscriptions."""

import logging

import attrs

from realtime_sync.broadcast.flusher import RETRY
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.ports import Runtime, Transport
from realtime_sync.broadcast.session import Session
from realtime_sync.broadcast.stats import Counters
from realtime_sync.wire.messages import BATCH_UPDATE, Answer

logger = logging.getLogger("realtime_sync")


class Answering:
    """Sends answers that carry no frame."""

    def __init__(self, transport: Transport, runtime: Runtime, membership: Membership, counters: Counters) -> None:
        self._transport, self._runtime, self._membership, self._counters = transport, runtime, membership, counters

    async def say(self, sid: str, channel: str, answer: Answer) -> None:
        """Send an answer."""
        await self._transport.deliver_to(sid, BATCH_UPDATE, (channel, None, answer.to_wire()))

    async def refuse(self, session: Session, channel: str, request: str | None, answer: Answer) -> None:
        """Send an answer that lets nobody in, to one who may have left meanwhile."""
        self._counters.add(refused=1)
        if self._transport.is_connected(session.subscriber.sid):
            await self.say(session.subscriber.sid, channel, attrs.evolve(answer, request=request))

    async def tell_ended(self, ended: list[tuple[str, str]], answer: Answer) -> None:
        """Tell clients (session id, channel) that their subscriptions ended; who could not be told is told again."""
        failures = 0
        while untold := [one for one in ended if not await self._told(*one, answer)]:
            ended = untold
            await self._runtime.sleep(RETRY.delay_s(failures))
            failures += 1

    async def _told(self, sid: str, channel: str, answer: Answer) -> bool:
        session = self._membership.find(sid)
        if session is None:
            return True
        try:
            async with session.lock:  # else it might hear of it after a later request that let it in again
                if channel not in session.channels and self._transport.is_connected(sid):
                    await self.say(sid, channel, answer)
                return True
        except Exception:
            logger.exception("client %s could not be told of the end of channel %r; it will be repeated", sid, channel)
            return False
