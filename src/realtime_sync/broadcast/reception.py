"""Joining, recovering and leaving: what clients ask for, and what they get."""

import itertools
import logging
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeAlias

import attrs

from realtime_sync.broadcast.authority import Authority
from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.encoded_frames import Body
from realtime_sync.broadcast.flusher import RETRY, Flusher
from realtime_sync.broadcast.opening import Opening, Unavailable
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.pace import Pace
from realtime_sync.broadcast.ports import Job, Runtime, Transport
from realtime_sync.broadcast.refusals import FORBIDDEN, UPGRADE_REQUIRED, unavailable
from realtime_sync.broadcast.rooms import room_of
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Admission, Session
from realtime_sync.broadcast.stats import Counters, ResyncCause
from realtime_sync.document.pointer import resolve
from realtime_sync.errors import ChannelClosed, MessageTooLarge, PatchError, PathNotFound, ProtocolError
from realtime_sync.limits import HIGHEST_DEPTH
from realtime_sync.position import Position
from realtime_sync.replication.primary import CatchUp
from realtime_sync.replication.send_window import CatchUpSent
from realtime_sync.wire import messages
from realtime_sync.wire.messages import (
    BATCH_UPDATE,
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

NO_BODY = Body(None, 0)
"""What comes with an answer that is enough."""

PACES_PER_CHANNEL = 2
"""A client that leaves all its channels for others is asked to wait for none of them."""

LOOKS_PER_PATIENCE = 4
"""How often parked subscribers are looked at in the time after which one may be let go."""

KEEP_UP = "you did not keep up; subscribe again when you can"

logger = logging.getLogger("realtime_sync")


@attrs.frozen
class Return:
    """A parked subscriber has read what was under way to it: it asked for nothing, and is brought back."""

    channel: str
    position: Position
    request: None = None
    dictionaries: tuple[str, ...] = ()
    heard: None = None  # all up to its position


Wanted: TypeAlias = Subscribe | Resync | Return
"""Why somebody is admitted."""


class Reception:
    """Answers clients. Join, reconnect and recovery are one handshake.

    authorize -> still connected? -> under the channel's send lock: cut the catch-up, queue it to this subscriber, put
    it into the live room. Live frames take the same lock, so no delta is sent before its base.
    """

    def __init__(
        self,
        options: Options,
        authority: Authority,
        transport: Transport,
        runtime: Runtime,
        flusher: Flusher,
        channels: ChannelRegistry[Any],
        opening: Opening,
        counters: Counters,
        spawn: Callable[[Coroutine[Any, Any, None]], Job],
    ) -> None:
        self._options, self._authority, self._transport, self._runtime = options, authority, transport, runtime
        self._flusher, self._channels, self._opening, self._counters = flusher, channels, opening, counters
        self._spawn = spawn
        flusher.let_go, flusher.on_parked = self._let_go, self._watch_parked
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Forget all clients: those of a forked process's parent stay with the parent."""
        self._sessions: dict[str, Session] = {}
        self._janitor: Job | None = None
        self._janitor_guard = threading.Lock()

    @property
    def sessions(self) -> int:
        """Connected clients that asked for something."""
        return len(self._sessions)

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        if not self._transport.is_connected(sid):
            return None  # it left before its message's turn came: there is nobody to be authorized
        session = self._session(sid)
        if self._does_not_read(session):
            self._counters.add(plain_let_go=1)
            logger.info("%s asks for more while it does not read what it is sent, and is disconnected", sid)
            return self._transport.disconnect(sid)
        try:
            async with session.lock:
                match event:
                    case messages.SUBSCRIBE:
                        await self._serve_in_turn(session, Subscribe.from_wire(message))
                    case messages.RESYNC:
                        await self._serve_in_turn(session, Resync.from_wire(message))
                    case messages.ACK:
                        await self._acknowledge(session, Ack.from_wire(message))
                    case messages.UNSUBSCRIBE:
                        self._unsubscribe(session, channel_of(message))
                    case messages.FETCH:
                        return await self._fetch(session, Fetch.from_wire(message))
        except ProtocolError as error:
            return await self._refuse_invalid(sid, event, message, error)
        except ChannelClosed as error:  # the broadcaster is closing: whoever comes next may serve
            return await self._refuse_unavailable(session, event, message, error)
        finally:
            self._forget_if_departed(session)
        return None

    def departed(self, sid: str) -> None:
        """Forget a client that is gone."""
        session = self._sessions.pop(sid, None)
        if session is not None:
            self._forget(session)

    def _forget_if_departed(self, session: Session) -> None:
        """Keep nothing of one that left while it was being answered."""
        if not self._transport.is_connected(session.subscriber.sid):
            self.departed(session.subscriber.sid)
            self._forget(session)

    def _forget(self, session: Session) -> None:
        for name in list(session.channels):
            self._leave(session, name)

    def forget_channel(self, channel: SendingChannel, subscribers: Iterable[str]) -> None:
        """Forget who watched a channel that ended."""
        for sid in subscribers:
            session = self._sessions.get(sid)
            if session is not None:
                with session.guard:
                    session.channels.pop(channel.name, None)

    def revoke(self, sid: str | None, channel: str | None) -> list[tuple[str, str]]:
        """End matching subscriptions; return (session id, channel) of each. From any thread."""
        sessions = [self._sessions.get(sid)] if sid is not None else list(self._sessions.values())
        return [
            (session.subscriber.sid, name)
            for session in sessions
            if session is not None
            for name in session.revoke(channel)
            if self._leave(session, name)
        ]

    async def tell_ended(self, ended: list[tuple[str, str]], answer: Answer = FORBIDDEN) -> None:
        """Tell clients that their subscriptions ended; one who could not be told is told again."""
        failures = 0
        while untold := [one for one in ended if not await self._told(*one, answer)]:
            ended = untold
            await self._runtime.sleep(RETRY.delay_s(failures))
            failures += 1

    async def _told(self, sid: str, channel: str, answer: Answer) -> bool:
        session = self._sessions.get(sid)
        if session is None:
            return True
        try:
            async with session.lock:  # else it might hear of it after a later request that let it in again
                if channel not in session.channels and self._transport.is_connected(sid):
                    await self._answer(sid, channel, answer)
                return True
        except Exception:
            logger.exception("%s could not be told of the end of channel %r; it will be repeated", sid, channel)
            return False

    # ---- not too often ---------------------------------------------------------------------------------------------

    async def _serve_in_turn(self, session: Session, wanted: Subscribe | Resync) -> None:
        """Answer a request, unless its client asks too often: then the newest is answered after a while."""
        if not self._authority.is_channel_name(wanted.channel):  # nothing is kept of it, not even that it was asked for
            return await self._refuse(session, wanted.channel, wanted.request, FORBIDDEN)
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
            if wanted is None or self._sessions.get(session.subscriber.sid) is not session:
                return  # it no longer wants to know
            pace.take(self._runtime.now())
            try:
                await self._serve(session, wanted)
            except ChannelClosed as error:
                await self._refuse(session, wanted.channel, wanted.request, unavailable(str(error)))
            except Exception:
                logger.exception("%s could not be answered about channel %r", session.subscriber.id, wanted.channel)
            finally:
                self._forget_if_departed(session)

    async def _serve(self, session: Session, wanted: Subscribe | Resync) -> None:
        if isinstance(wanted, Subscribe):
            await self._subscribe(session, wanted)
        else:
            await self._resync(session, wanted)

    # ---- readers -----------------------------------------------------------------------------------------------------

    async def _acknowledge(self, session: Session, ack: Ack) -> None:
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
            logger.exception("%s could not be brought back to channel %r; it will be repeated", sid, channel.name)
            self._spawn(self._bring_back_later(session, channel))

    async def _bring_back(self, session: Session, channel: SendingChannel) -> None:
        """Catch up with a parked subscriber that has read what was under way to it. Its session's lock is held."""
        sid = session.subscriber.sid
        admission = session.ask(channel.name)
        async with self._flusher.sending(channel):
            codec = channel.subscribers.get(sid)
            if codec is not None and channel.window.has_read_all(sid) and self._channels.holds(channel):
                position = Position(channel.position.epoch, channel.window.acked_offset(sid))
                await self._admit_locked(session, admission, channel, Return(channel.name, position), codec)

    async def _bring_back_later(self, session: Session, channel: SendingChannel) -> None:
        """It has acknowledged all, and would wait for ever: it asked for nothing that it could ask for again."""
        for failures in itertools.count():
            await self._runtime.sleep(RETRY.delay_s(failures))
            async with session.lock:
                try:
                    return await self._bring_back(session, channel)
                except Exception:
                    logger.exception("%s could not be brought back", session.subscriber.id)
                finally:
                    self._forget_if_departed(session)

    def _watch_parked(self) -> None:
        """See that somebody looks after those who are parked. From any thread."""
        with self._janitor_guard:
            if self._janitor is None or self._janitor.done():
                self._janitor = self._spawn(self._let_go_overdue())

    async def _let_go_overdue(self) -> None:
        """Let go of those who do not read, also where nothing more is flushed; end when nobody is parked."""
        while self._somebody_is_parked():
            await self._runtime.sleep(self._options.readers.let_go_after_s / LOOKS_PER_PATIENCE)
            now = self._runtime.now()
            for channel in self._channels:
                for sid in channel.window.overdue(now):
                    self._let_go(channel, sid)

    def _somebody_is_parked(self) -> bool:
        with self._janitor_guard:  # who is parked after this look finds no janitor, and calls for one
            if any(channel.window.parked for channel in self._channels):
                return True
            self._janitor = None
            return False

    def _does_not_read(self, session: Session) -> bool:
        """Whether more waits for a client than its windows and a plain client's allowance together could come to.

        One that asks and acknowledges without reading would have answers and frames pile up for it.
        """
        waiting = self._transport.queued(session.subscriber.sid)
        readers = self._options.readers
        allowed = readers.max_plain_packets + len(session.channels) * readers.max_unacked_frames
        return waiting is not None and waiting > allowed

    def _let_go(self, channel: SendingChannel, sid: str, message: str = KEEP_UP) -> None:
        """End the subscription of one that did not read for too long; it may come back."""
        session = self._sessions.get(sid)
        if session is not None and self._leave(session, channel.name):
            self._counters.add(let_go=1)
            logger.info("%s does not keep up with channel %r, and is let go", session.subscriber.id, channel.name)
            self._spawn(self.tell_ended([(sid, channel.name)], Answer(Outcome.TOO_SLOW, message=message)))

    # ---- requests ------------------------------------------------------------------------------------------------

    def _unsubscribe(self, session: Session, name: str | None) -> None:
        if name is not None:
            session.withdraw(name)  # else it would be let in again by what it asked before
            self._leave(session, name)

    async def _subscribe(self, session: Session, wanted: Subscribe) -> None:
        if wanted.version not in SPOKEN_VERSIONS:
            return await self._refuse(session, wanted.channel, wanted.request, UPGRADE_REQUIRED)
        admission = await self._may(session, wanted.channel, "subscribe", wanted.request)
        if admission is not None:
            if self._has_too_many(session, wanted.channel):
                limit = self._options.limits.max_channels_per_client
                answer = Answer(Outcome.TOO_MANY_CHANNELS, message=f"one connection may watch {limit} channels")
                return await self._refuse(session, wanted.channel, wanted.request, answer)
            codec = self._options.choose_codec(wanted.codecs)
            await self._admit(session, admission, wanted, codec)

    async def _resync(self, session: Session, wanted: Resync) -> None:
        self._count_resync(session, wanted)
        codec = self._codec_of(session, wanted.channel)
        if codec is None:
            return await self._refuse(session, wanted.channel, wanted.request, FORBIDDEN)
        admission = await self._may(session, wanted.channel, "resync", wanted.request)
        if admission is not None:
            await self._admit(session, admission, wanted, codec)

    def _count_resync(self, session: Session, wanted: Resync) -> None:
        channel = session.channels.get(wanted.channel)
        if channel is None:
            return
        cause = ResyncCause.NO_DOCUMENT
        if wanted.position is not None:
            with channel.lock:
                reached = channel.primary.reaches(wanted.position, self._runtime.now())
            same_epoch = wanted.position.epoch == channel.position.epoch
            behind = ResyncCause.GAP if reached else ResyncCause.HISTORY_TOO_SHORT
            cause = behind if same_epoch else ResyncCause.OTHER_EPOCH
        self._counters.resync(cause)

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
        return {"value": value, "position": keyframe.position.to_wire()}

    def _leave(self, session: Session, name: str) -> bool:
        """End a subscription, from any thread; return whether there was one."""
        with session.guard:
            channel = session.channels.pop(name, None)
            if channel is None:
                return False
            channel.used_at = self._runtime.now()
            codec = channel.subscribers.pop(session.subscriber.sid, None)
            channel.window.leave(session.subscriber.sid)
            if codec is not None:
                self._transport.leave(session.subscriber.sid, room_of(channel.name, codec))
            return True

    # ---- who may ---------------------------------------------------------------------------------------------------

    async def _may(self, session: Session, channel: str, action: str, request: str) -> Admission | None:
        """Return the admission of a client that may, and refuse one that may not."""
        while True:
            admission = session.ask(channel)
            if not await self._authority.allows(session.subscriber, channel, action):
                break
            if not admission.revoked:  # else: what was answered is older than the revocation; ask again
                return admission
        self._leave(session, channel)
        await self._refuse(session, channel, request, FORBIDDEN)
        return None

    def _has_too_many(self, session: Session, channel: str) -> bool:
        others = session.channels.keys() - {channel}
        return len(others) >= self._options.limits.max_channels_per_client

    # ---- admission -------------------------------------------------------------------------------------------------

    async def _admit(self, session: Session, admission: Admission, wanted: Subscribe | Resync, codec: str) -> None:
        try:
            async with self._opening.opened(wanted.channel) as channel:
                await self._admit_locked(session, admission, channel, wanted, codec)
        except Unavailable as error:
            await self._refuse(session, wanted.channel, wanted.request, unavailable(str(error)))

    async def _admit_locked(
        self,
        session: Session,
        admission: Admission,
        channel: SendingChannel,
        wanted: Wanted,
        codec: str,
    ) -> None:
        """Cut, queue and join. A revocation between two steps ends it: nobody slips through."""
        sid = session.subscriber.sid
        room = room_of(channel.name, codec)
        if not self._transport.is_connected(sid):
            return
        if wanted.request is not None and channel.window.is_on_its_way(sid, room, wanted.position, self._runtime.now()):
            return  # a slow link: asked again, and sent again, a large document would never end arriving
        request: str | None = wanted.request
        catch_up: CatchUpSent | None = None
        if not admission.revoked:
            with channel.lock:
                cut = channel.primary.catch_up(wanted.position, self._runtime.now(), wanted.heard)
            catch_up = await self._deliver_catch_up(channel, sid, wanted, cut, codec, admission)
            if catch_up is None:
                return  # who watched already stays: the next frame may be one that can be sent
            request = None  # it was answered just now; what may follow is said unasked
        if not self._join(session, admission, channel, codec, wanted, catch_up):
            return await self._refuse(session, channel.name, request, FORBIDDEN)
        await self._transport.enter(sid, room)
        if not session.watches(admission, channel):  # whoever revoked it from here on tells it
            self._transport.leave(sid, room)

    def _join(
        self,
        session: Session,
        admission: Admission,
        channel: SendingChannel,
        codec: str,
        wanted: Wanted,
        catch_up: CatchUpSent | None,
    ) -> bool:
        """Make it a subscriber, unless it was revoked; a thread that revokes comes before this or after it."""
        sid = session.subscriber.sid
        with session.guard:
            if admission.revoked:
                return False
            if isinstance(wanted, Return) and session.channels.get(channel.name) is not channel:
                return False  # nobody was asked whether it still may: it must have been in all the time
            previous = channel.subscribers.get(sid)
            if previous is not None and previous != codec:
                self._transport.leave(sid, room_of(channel.name, previous))
            channel.subscribers[sid] = codec
            channel.window.join(sid, room_of(channel.name, codec), channel.position.offset, catch_up)
            session.channels[channel.name] = channel
            channel.used_at = self._runtime.now()
            return True

    async def _deliver_catch_up(
        self, channel: SendingChannel, sid: str, wanted: Wanted, cut: CatchUp, codec: str, admission: Admission
    ) -> CatchUpSent | None:
        """Send what brings a subscriber up to date; return None, and say so, when it cannot be encoded."""
        try:
            outcome, encoded = channel.encodings.smallest(cut, codec)
        except Exception as error:
            await self._refuse_unencodable(channel, sid, wanted.request, codec, error)
            return None
        sent = CatchUpSent(wanted.position, 0 if encoded is None else encoded.size_bytes, self._runtime.now())
        await self._bring_dictionary(channel, sid, wanted, codec)
        at = None if encoded is not None else cut.position
        answer = Answer(outcome, wanted.request, codec, at, dropped=cut.dropped, serial=cut.serial).to_wire()
        for body in (NO_BODY,) if encoded is None else encoded.bodies:
            if admission.revoked:
                return sent  # also between two parts; that it is forbidden now is told in the next step
            await self._transport.deliver_to(sid, BATCH_UPDATE, (channel.name, body.value, answer))
            self._counters.add(messages=int(encoded is not None), bytes_sent=body.size_bytes)
        self._counters.catch_up(outcome, cut)
        return sent

    async def _bring_dictionary(self, channel: SendingChannel, sid: str, wanted: Wanted, codec: str) -> None:
        """Send what deltas are compressed with, first of all: the catch-up may need it, and the next frame will."""
        body = channel.encodings.dictionaries.unless_held(codec, wanted.dictionaries)
        if body is not None:
            await self._transport.deliver_to(sid, BATCH_UPDATE, (channel.name, body.value))
            self._counters.add(messages=1, bytes_sent=body.size_bytes, dictionary_bytes=body.size_bytes)

    async def _refuse_unencodable(
        self, channel: SendingChannel, sid: str, request: str | None, codec: str, error: Exception
    ) -> None:
        message = str(error)
        if not isinstance(error, MessageTooLarge):  # that one was logged where it was found
            logger.error("codec %r cannot encode a catch-up of channel %r", codec, channel.name, exc_info=error)
            message = f"codec {codec} failed"  # what a codec says may tell too much
        if request is None:  # it did not ask, and would not ask again: it has to hear that it is behind
            return self._let_go(channel, sid, message)
        self._counters.add(refused=1)
        await self._answer(sid, channel.name, Answer(Outcome.UNAVAILABLE, request, message=message))

    # ---- answers ---------------------------------------------------------------------------------------------------

    async def _refuse(self, session: Session, channel: str, request: str | None, answer: Answer) -> None:
        self._counters.add(refused=1)
        if self._transport.is_connected(session.subscriber.sid):
            await self._answer(session.subscriber.sid, channel, attrs.evolve(answer, request=request))

    async def _refuse_invalid(self, sid: str, event: str, message: Any, error: ProtocolError) -> Any:
        self._counters.add(invalid_messages=1)
        logger.info("invalid %s from %s: %s", event, sid, error)
        if event == messages.FETCH:
            return {"error": "invalid"}
        if self._transport.is_connected(sid):
            answer = Answer(Outcome.INVALID, request_of(message), message=str(error))
            named = channel_of(message)
            await self._answer(sid, named if named and self._authority.is_channel_name(named) else "", answer)
        return None

    async def _refuse_unavailable(self, session: Session, event: str, message: Any, error: ChannelClosed) -> Any:
        if event == messages.FETCH:
            return {"error": "unavailable"}
        channel, request = channel_of(message) or "", request_of(message) or ""
        await self._refuse(session, channel, request, unavailable(str(error)))
        return None

    async def _answer(self, sid: str, channel: str, answer: Answer) -> None:
        await self._transport.deliver_to(sid, BATCH_UPDATE, (channel, None, answer.to_wire()))

    # ---- sessions --------------------------------------------------------------------------------------------------

    def _session(self, sid: str) -> Session:
        session = self._sessions.get(sid)
        if session is None:  # of two threads that come here at once both get the one that was first
            max_paces = PACES_PER_CHANNEL * self._options.limits.max_channels_per_client
            new = Session(self._transport.subscriber(sid), self._runtime.lock(), max_paces)
            session = self._sessions.setdefault(sid, new)
        return session

    def _codec_of(self, session: Session, name: str) -> str | None:
        channel = session.channels.get(name)
        return None if channel is None else channel.subscribers.get(session.subscriber.sid)
