"""Joining, recovering and leaving: what clients ask for, and what they get."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from realtime_sync.broadcast.answering import Answering
from realtime_sync.broadcast.authority import Authority
from realtime_sync.broadcast.entrance import Entrance, Revoked, Unsendable
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.opening import Opening, Unavailable
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.pace import Pace
from realtime_sync.broadcast.ports import Job, Runtime, Transport
from realtime_sync.broadcast.readers import Readers
from realtime_sync.broadcast.refusals import FORBIDDEN, UPGRADE_REQUIRED, unavailable
from realtime_sync.broadcast.resync_reports import cause_of
from realtime_sync.broadcast.session import Admission, Session
from realtime_sync.broadcast.stats import Counters
from realtime_sync.document.json_size import json_size
from realtime_sync.document.pointer import resolve
from realtime_sync.errors import ChannelClosed, PatchError, PathNotFound, ProtocolError
from realtime_sync.limits import HIGHEST_DEPTH
from realtime_sync.wire import messages
from realtime_sync.wire.messages import (
    SPOKEN_VERSIONS,
    Ack,
    Answer,
    Fetch,
    Outcome,
    Resync,
    Subscribe,
    channel_of,
    request_of,
)

logger = logging.getLogger("realtime_sync")


class Reception:
    """Answers clients. Join, reconnect and recovery are one handshake.

    authorize -> still connected? -> under the channel's send lock, so that no delta is sent before its base: cut the
    catch-up, queue it to this subscriber, put it into the live room.
    """

    def __init__(
        self,
        options: Options,
        authority: Authority,
        transport: Transport,
        runtime: Runtime,
        opening: Opening,
        membership: Membership,
        entrance: Entrance,
        answering: Answering,
        readers: Readers,
        counters: Counters,
        spawn: Callable[[Coroutine[Any, Any, None]], Job],
    ) -> None:
        self._options, self._authority, self._transport, self._runtime = options, authority, transport, runtime
        self._opening, self._membership, self._entrance = opening, membership, entrance
        self._answering, self._readers, self._counters, self._spawn = answering, readers, counters, spawn

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        if not self._transport.is_connected(sid):
            return None  # it left before its message's turn came: there is nobody to be authorized
        session = self._membership.session(sid)
        if self._readers.have_too_much_waiting(session, self._transport.queued(sid)):
            self._counters.add(plain_let_go=1)
            logger.info("client %s asks for more while it does not read what it is sent, and is disconnected", sid)
            return self._transport.disconnect(sid)
        try:
            async with session.lock:
                match event:
                    case messages.SUBSCRIBE:
                        await self._serve_in_turn(session, Subscribe.from_wire(message))
                    case messages.RESYNC:
                        await self._serve_in_turn(session, Resync.from_wire(message))
                    case messages.ACK:
                        await self._readers.acknowledge(session, Ack.from_wire(message))
                    case messages.UNSUBSCRIBE:
                        self._unsubscribe(session, channel_of(message))
                    case messages.FETCH:
                        return await self._fetch(session, Fetch.from_wire(message))
        except ProtocolError as error:
            return await self._refuse_invalid(sid, event, message, error)
        except ChannelClosed as error:  # the broadcaster is closing: whoever comes next may serve
            return await self._refuse_unavailable(session, event, message, error)
        finally:
            self._membership.forget_if_departed(session)
        return None

    # ---- not too often ---------------------------------------------------------------------------------------------

    async def _serve_in_turn(self, session: Session, wanted: Subscribe | Resync) -> None:
        """Answer a request, unless its client asks too often: then the newest is answered after a while."""
        if not self._authority.is_channel_name(wanted.channel):  # nothing is kept of it, not even that it was asked for
            return await self._answering.refuse(session, wanted.channel, wanted.request, FORBIDDEN)
        now = self._runtime.now()
        pace = session.pace(wanted.channel, now)
        wait_s = pace.wait_s(now)
        if not pace.is_timed and wait_s == 0:
            pace.take(now)
            return await self._serve(session, wanted)
        if not pace.is_timed:
            self._spawn(self._serve_later(session, pace, wait_s))
            pace.is_timed = True
        pace.waiting = wanted
        self._counters.add(postponed=1)

    async def _serve_later(self, session: Session, pace: Pace, wait_s: float) -> None:
        await self._runtime.sleep(wait_s)
        async with session.lock:
            wanted, pace.waiting, pace.is_timed = pace.waiting, None, False
            if wanted is None or self._membership.find(session.subscriber.sid) is not session:
                return  # it no longer wants to know
            pace.take(self._runtime.now())
            try:
                await self._serve(session, wanted)
            except ChannelClosed as error:
                await self._answering.refuse(session, wanted.channel, wanted.request, unavailable(str(error)))
            except Exception:
                logger.exception(
                    "client %s could not be answered about channel %r", session.subscriber.id, wanted.channel
                )
            finally:
                self._membership.forget_if_departed(session)

    async def _serve(self, session: Session, wanted: Subscribe | Resync) -> None:
        if isinstance(wanted, Subscribe):
            await self._subscribe(session, wanted)
        else:
            await self._resync(session, wanted)

    # ---- requests ------------------------------------------------------------------------------------------------

    def _unsubscribe(self, session: Session, name: str | None) -> None:
        if name is not None:
            session.withdraw(name)  # else it would be let in again by what it asked before
            self._membership.leave(session, name)

    async def _subscribe(self, session: Session, wanted: Subscribe) -> None:
        if wanted.version not in SPOKEN_VERSIONS:
            return await self._answering.refuse(session, wanted.channel, wanted.request, UPGRADE_REQUIRED)
        admission = await self._may(session, wanted.channel, "subscribe", wanted.request)
        if admission is not None:
            if self._has_too_many(session, wanted.channel):
                limit = self._options.limits.max_channels_per_client
                answer = Answer(Outcome.TOO_MANY_CHANNELS, message=f"one connection may watch {limit} channels")
                return await self._answering.refuse(session, wanted.channel, wanted.request, answer)
            codec = self._options.choose_codec(wanted.codecs)
            await self._admit(session, admission, wanted, codec)

    async def _resync(self, session: Session, wanted: Resync) -> None:
        self._count_resync(session, wanted)
        channel = session.channels.get(wanted.channel)
        codec = None if channel is None else channel.subscribers.get(session.subscriber.sid)
        if codec is None:
            return await self._answering.refuse(session, wanted.channel, wanted.request, FORBIDDEN)
        admission = await self._may(session, wanted.channel, "resync", wanted.request)
        if admission is not None:
            await self._admit(session, admission, wanted, codec)

    def _count_resync(self, session: Session, wanted: Resync) -> None:
        channel = session.channels.get(wanted.channel)
        if channel is not None:
            self._counters.resync(cause_of(channel, wanted.position, self._runtime.now()))

    async def _fetch(self, session: Session, wanted: Fetch) -> dict[str, Any]:
        if not self._authority.is_channel_name(wanted.channel):
            return {"error": "forbidden"}
        admission = session.ask(wanted.channel)
        if not await self._authority.allows(session.subscriber, wanted.channel, "fetch"):
            return {"error": "forbidden"}
        if wanted.pointer.count("/") > HIGHEST_DEPTH:
            return {"error": "not_found"}  # before it is cut into millions of tokens: no document is that deep
        try:
            async with self._opening.opened(wanted.channel) as channel:
                if channel.position.offset == 0:
                    return {"error": "waiting"}
                keyframe = channel.primary.keyframe()
        except Unavailable:
            return {"error": "unavailable"}
        if admission.revoked:  # only now is it sure that nothing of the document is younger
            return {"error": "forbidden"}
        try:
            value = resolve(keyframe.document, wanted.pointer)
        except PathNotFound:
            return {"error": "not_found"}
        except PatchError:
            return {"error": "invalid"}
        allowed, found = self._options.limits.max_message_bytes, json_size(value)
        if found > allowed:  # an acknowledgement is one message: many a client's connection ends over a larger one
            return {"error": "too_large", "allowed": allowed, "found": found}
        return {"value": value, "position": keyframe.position.to_wire()}

    # ---- who may ---------------------------------------------------------------------------------------------------

    async def _may(self, session: Session, channel: str, action: str, request: str) -> Admission | None:
        """Return the admission of a client that may, and refuse one that may not."""
        while True:
            admission = session.ask(channel)
            if not await self._authority.allows(session.subscriber, channel, action):
                break
            if not admission.revoked:  # else: what was answered is older than the revocation; ask again
                return admission
        self._membership.leave(session, channel)
        await self._answering.refuse(session, channel, request, FORBIDDEN)
        return None

    def _has_too_many(self, session: Session, channel: str) -> bool:
        others = session.channels.keys() - {channel}
        return len(others) >= self._options.limits.max_channels_per_client

    # ---- admission -------------------------------------------------------------------------------------------------

    async def _admit(self, session: Session, admission: Admission, wanted: Subscribe | Resync, codec: str) -> None:
        try:
            async with self._opening.opened(wanted.channel) as channel:
                await self._entrance.let_in(session, admission, channel, wanted, codec)
        except (Unavailable, Unsendable) as error:
            await self._answering.refuse(session, wanted.channel, wanted.request, unavailable(str(error)))
        except Revoked as revoked:
            request = None if revoked.answered else wanted.request
            await self._answering.refuse(session, wanted.channel, request, FORBIDDEN)

    # ---- answers ---------------------------------------------------------------------------------------------------

    async def _refuse_invalid(self, sid: str, event: str, message: Any, error: ProtocolError) -> Any:
        self._counters.add(invalid_messages=1)
        logger.info("invalid %s from client %s: %s", event, sid, error)
        if event == messages.FETCH:
            return {"error": "invalid"}
        if self._transport.is_connected(sid):
            answer = Answer(Outcome.INVALID, request_of(message), message=str(error))
            named = channel_of(message)
            await self._answering.say(sid, named if named and self._authority.is_channel_name(named) else "", answer)
        return None

    async def _refuse_unavailable(self, session: Session, event: str, message: Any, error: ChannelClosed) -> Any:
        if event == messages.FETCH:
            return {"error": "unavailable"}
        channel, request = channel_of(message) or "", request_of(message) or ""
        await self._answering.refuse(session, channel, request, unavailable(str(error)))
        return None
