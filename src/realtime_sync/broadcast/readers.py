"""Subscribers that do not keep up: parked until they have read, brought back, and let go when they never do."""

import itertools
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from realtime_sync.broadcast.answering import Answering
from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.entrance import Entrance, Return, Revoked, Unsendable
from realtime_sync.broadcast.flusher import RETRY, Flusher
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.ports import Job, Runtime
from realtime_sync.broadcast.refusals import FORBIDDEN
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Session
from realtime_sync.broadcast.stats import Counters
from realtime_sync.limits import ReaderLimits
from realtime_sync.position import Position
from realtime_sync.wire.messages import Ack, Answer, Outcome

LOOKS_PER_PATIENCE = 4
"""How often parked subscribers are looked at in the time after which one may be let go."""

KEEP_UP = "you did not keep up; subscribe again when you can"

logger = logging.getLogger("realtime_sync")

NOT_BROUGHT_BACK = "client %s could not be brought back to channel %r; it will be repeated"


class Readers:
    """Takes acknowledgements, and looks after those that were parked.

    One job of the shell runs while anybody is parked, and ends when nobody is.
    """

    def __init__(
        self,
        limits: ReaderLimits,
        runtime: Runtime,
        flusher: Flusher,
        channels: ChannelRegistry[Any],
        membership: Membership,
        entrance: Entrance,
        answering: Answering,
        counters: Counters,
        spawn: Callable[[Coroutine[Any, Any, None]], Job],
    ) -> None:
        self._limits, self._runtime, self._flusher, self._channels = limits, runtime, flusher, channels
        self._membership, self._entrance, self._answering = membership, entrance, answering
        self._counters, self._spawn = counters, spawn
        flusher.let_go, flusher.on_parked = self.let_go, self._watch_parked
        flusher.under_way_elsewhere = membership.under_way_elsewhere
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Watch nobody: jobs of a forked process's parent stay with the parent."""
        self._janitor: Job | None = None
        self._janitor_guard = threading.Lock()

    # ---- reading -----------------------------------------------------------------------------------------------------

    async def acknowledge(self, session: Session, ack: Ack) -> None:
        """Take note of what a subscriber has read; one that was parked and has read it all comes back."""
        self._counters.add(acks=1)
        channel, sid = session.channels.get(ack.channel), session.subscriber.sid
        if channel is None or ack.position.epoch != channel.position.epoch:
            return
        if not channel.window.acknowledge(sid, ack.position.offset, self._runtime.now()):
            return
        try:
            await self._bring_back(session, channel)
        except Exception:
            logger.exception(NOT_BROUGHT_BACK, sid, channel.name)
            self._spawn(self._bring_back_later(session, channel))

    async def _bring_back(self, session: Session, channel: SendingChannel) -> None:
        """Catch up with a parked subscriber that has read what was under way to it. Its session's lock is held."""
        sid = session.subscriber.sid
        admission = session.ask(channel.name)
        async with self._flusher.sending(channel):
            codec, offset = channel.subscribers.get(sid), channel.window.comes_back_at(sid)
            if codec is None or offset is None or not self._channels.holds(channel):
                return
            position = Position(channel.position.epoch, offset)
            try:
                await self._entrance.let_in(session, admission, channel, Return(channel.name, position), codec)
            except Unsendable as error:  # it did not ask, and would not ask again: it has to hear that it is behind
                self.let_go(channel, sid, str(error))
            except Revoked:
                await self._answering.refuse(session, channel.name, None, FORBIDDEN)

    async def _bring_back_later(self, session: Session, channel: SendingChannel) -> None:
        """It has acknowledged all, and would wait for ever: it asked for nothing that it could ask for again."""
        for failures in itertools.count():
            await self._runtime.sleep(RETRY.delay_s(failures))
            async with session.lock:
                try:
                    return await self._bring_back(session, channel)
                except Exception:
                    logger.exception(NOT_BROUGHT_BACK, session.subscriber.id, channel.name)
                finally:
                    self._membership.forget_if_departed(session)

    # ---- not reading -------------------------------------------------------------------------------------------------

    def have_too_much_waiting(self, session: Session, waiting: int | None) -> bool:
        """Whether more waits for a client than its windows and a plain client's allowance together could come to.

        One that asks and acknowledges without reading would have answers and frames pile up for it.
        """
        allowed = self._limits.max_plain_packets + len(session.channels) * self._limits.max_unacked_frames
        return waiting is not None and waiting > allowed

    def let_go(self, channel: SendingChannel, sid: str, message: str = KEEP_UP) -> None:
        """End the subscription of one that did not read for too long; it may come back."""
        session = self._membership.find(sid)
        if session is not None and self._membership.leave(session, channel.name):
            self._counters.add(let_go=1)
            logger.info(
                "client %s does not keep up with channel %r, and is let go", session.subscriber.id, channel.name
            )
            answer = Answer(Outcome.TOO_SLOW, message=message)
            self._spawn(self._answering.tell_ended([(sid, channel.name)], answer))

    def _watch_parked(self) -> None:
        """See that somebody looks after those who are parked. From any thread."""
        with self._janitor_guard:
            if self._janitor is None or self._janitor.done():
                self._janitor = self._spawn(self._let_go_overdue())

    async def _let_go_overdue(self) -> None:
        """Let go of those who do not read, also where nothing more is flushed; end when nobody is parked."""
        while self._somebody_is_parked():
            await self._runtime.sleep(self._limits.let_go_after_s / LOOKS_PER_PATIENCE)
            now = self._runtime.now()
            for channel in self._channels:
                for sid in channel.window.overdue(now):
                    self.let_go(channel, sid)

    def _somebody_is_parked(self) -> bool:
        with self._janitor_guard:  # who is parked after this look finds no janitor, and calls for one
            if any(channel.window.parked for channel in self._channels):
                return True
            self._janitor = None
            return False
