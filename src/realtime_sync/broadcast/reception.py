"""Joining, recovering and leaving: what clients ask for, and what they get."""

import inspect
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeAlias

import attrs

from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.encoded_frames import Body
from realtime_sync.broadcast.flusher import RETRY, Flusher
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.pace import Pace
from realtime_sync.broadcast.ports import Load, Runtime, Subscriber, Transport
from realtime_sync.broadcast.rooms import room_of
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Admission, Session
from realtime_sync.broadcast.stats import Counters, Drop, ResyncCause
from realtime_sync.document.pointer import resolve
from realtime_sync.errors import ChannelClosed, MessageTooLarge, PatchError, PathNotFound, ProtocolError
from realtime_sync.limits import HIGHEST_DEPTH
from realtime_sync.position import Position
from realtime_sync.replication.primary import CatchUp
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

FORBIDDEN = Answer(Outcome.FORBIDDEN)

PACES_PER_CHANNEL = 2
"""A client that leaves all its channels for others is asked to wait for none of them."""

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
        transport: Transport,
        runtime: Runtime,
        flusher: Flusher,
        channels: ChannelRegistry[Any],
        counters: Counters,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._options, self._transport, self._runtime = options, transport, runtime
        self._flusher, self._channels, self._counters = flusher, channels, counters
        self._spawn = spawn
        self._sessions: dict[str, Session] = {}
        flusher.let_go = self._let_go

    def begin_in_child(self) -> None:
        """Forget all clients: those of a forked process's parent stay with the parent."""
        self._sessions = {}

    @property
    def sessions(self) -> int:
        """Connected clients that asked for something."""
        return len(self._sessions)

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        if not self._transport.is_connected(sid):
            return None  # it left before its message's turn came: there is nobody to be authorized
        session = self._session(sid)
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
                        self._leave(session, channel_of(message))
                    case messages.FETCH:
                        return await self._fetch(session, Fetch.from_wire(message))
        except ProtocolError as error:
            return await self._refuse_invalid(sid, event, message, error)
        except ChannelClosed as error:  # the broadcaster is closing: whoever comes next may serve
            return await self._refuse_unavailable(session, event, message, error)
        finally:
            if not self._transport.is_connected(sid):  # it left while it was being answered
                self.departed(sid)
                self._forget(session)
        return None

    def departed(self, sid: str) -> None:
        """Forget a client that is gone."""
        session = self._sessions.pop(sid, None)
        if session is not None:
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
        if not self._options.is_channel_name(wanted.channel):  # nothing is kept of it, not even that it was asked for
            return await self._refuse(session, wanted.channel, wanted.request, Outcome.FORBIDDEN)
        now = self._runtime.now()
        pace = session.pace(wanted.channel, now)
        wait_s = pace.wait_s(now)
        if pace.waiting is None and wait_s == 0:
            pace.take(now)
            return await self._serve(session, wanted)
        if pace.waiting is None:
            self._spawn(self._serve_later(session, pace, wait_s))
        pace.waiting = wanted
        self._counters.add(postponed=1)

    async def _serve_later(self, session: Session, pace: Pace, wait_s: float) -> None:
        await self._runtime.sleep(wait_s)
        async with session.lock:
            wanted, pace.waiting = pace.waiting, None
            pace.take(self._runtime.now())
            if self._sessions.get(session.subscriber.sid) is not session:
                return
            try:
                await self._serve(session, wanted)
            except ChannelClosed as error:
                await self._refuse(session, wanted.channel, wanted.request, Outcome.UNAVAILABLE, str(error))
            except Exception:
                logger.exception("%s could not be answered about channel %r", session.subscriber.id, wanted.channel)

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
        if not channel.window.acknowledge(sid, ack.position.offset):
            return
        admission = session.ask(channel.name)
        async with self._flusher.sending(channel):
            codec = channel.subscribers.get(sid)
            if codec is not None and sid in channel.window.parked and self._channels.holds(channel):
                await self._admit_locked(session, admission, channel, Return(channel.name, ack.position), codec)

    def _let_go(self, channel: SendingChannel, sid: str) -> None:
        """End the subscription of one that did not read for too long; it may come back."""
        session = self._sessions.get(sid)
        if session is not None and self._leave(session, channel.name):
            self._counters.add(let_go=1)
            logger.info("%s does not keep up with channel %r, and is let go", session.subscriber.id, channel.name)
            message = "you did not keep up; subscribe again when you can"
            self._spawn(self.tell_ended([(sid, channel.name)], Answer(Outcome.TOO_SLOW, message=message)))

    # ---- requests ------------------------------------------------------------------------------------------------

    async def _subscribe(self, session: Session, wanted: Subscribe) -> None:
        if wanted.version not in SPOKEN_VERSIONS:
            versions = ", ".join(str(version) for version in SPOKEN_VERSIONS)
            message = f"this server speaks version {versions} of the protocol, not {wanted.version}"
            return await self._refuse(session, wanted.channel, wanted.request, Outcome.UPGRADE_REQUIRED, message)
        admission = await self._may(session, wanted.channel, "subscribe", wanted.request)
        if admission is not None:
            if self._has_too_many(session, wanted.channel):
                limit = self._options.limits.max_channels_per_client
                message = f"one connection may watch {limit} channels"
                return await self._refuse(session, wanted.channel, wanted.request, Outcome.TOO_MANY_CHANNELS, message)
            codec = self._options.choose_codec(wanted.codecs)
            await self._admit(session, admission, wanted, codec)

    async def _resync(self, session: Session, wanted: Resync) -> None:
        self._count_resync(session, wanted)
        codec = self._codec_of(session, wanted.channel)
        if codec is None:
            return await self._refuse(session, wanted.channel, wanted.request, Outcome.FORBIDDEN)
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
        if not self._options.is_channel_name(wanted.channel):
            return {"error": "forbidden"}
        admission = session.ask(wanted.channel)
        if not await self.is_authorized(session.subscriber, wanted.channel, "fetch"):
            return {"error": "forbidden"}
        if wanted.pointer.count("/") > HIGHEST_DEPTH:
            return {"error": "not_found"}  # before it is cut into millions of tokens: no document is that deep
        channel = self._channels.open(wanted.channel)
        if not await self.load(channel):
            return {"error": "unavailable"}
        async with self._flusher.sending(channel):
            if not await self.flush_first_frame(channel):
                return {"error": "unavailable"}
            if channel.position.offset == 0:
                return {"error": "waiting"}
            keyframe = channel.primary.keyframe()
        if admission.revoked:  # only now is it sure that nothing of the document is younger
            return {"error": "forbidden"}
        try:
            value = resolve(keyframe.document, wanted.pointer)
        except PathNotFound:
            return {"error": "not_found"}
        except PatchError:
            return {"error": "invalid"}
        return {"value": value, "position": keyframe.position.to_wire()}

    def _leave(self, session: Session, name: str | None) -> bool:
        """End a subscription, from any thread; return whether there was one."""
        with session.guard:
            channel = None if name is None else session.channels.pop(name, None)
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
            if not await self.is_authorized(session.subscriber, channel, action):
                break
            if not admission.revoked:  # else: what was answered is older than the revocation; ask again
                return admission
        self._leave(session, channel)
        await self._refuse(session, channel, request, Outcome.FORBIDDEN)
        return None

    async def is_authorized(self, subscriber: Subscriber, channel: str, action: str) -> bool:
        """Whether the application says so; what it raises denies."""
        try:
            allowed = self._options.authorize(subscriber, channel, action)
            if inspect.isawaitable(allowed):
                allowed = await allowed
        except Exception:
            logger.exception("authorize raised for %s of channel %r by %s", action, channel, subscriber.id)
            return False
        return allowed is True

    def _has_too_many(self, session: Session, channel: str) -> bool:
        others = session.channels.keys() - {channel}
        return len(others) >= self._options.limits.max_channels_per_client

    # ---- admission -------------------------------------------------------------------------------------------------

    async def _admit(self, session: Session, admission: Admission, wanted: Subscribe | Resync, codec: str) -> None:
        name, request = wanted.channel, wanted.request
        while True:
            channel = self._channels.open(name)
            if not await self.load(channel):
                message = "the document could not be loaded"
                return await self._refuse(session, name, request, Outcome.UNAVAILABLE, message)
            async with self._flusher.sending(channel):
                if not self._channels.holds(channel):
                    continue  # it ended while we waited; another may have begun
                if not await self.flush_first_frame(channel):
                    message = "the log could not be read"
                    return await self._refuse(session, name, request, Outcome.UNAVAILABLE, message)
                return await self._admit_locked(session, admission, channel, wanted, codec)

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
        if not self._transport.is_connected(sid):
            return
        request: str | None = wanted.request
        if not admission.revoked:
            with channel.lock:
                cut = channel.primary.catch_up(wanted.position, self._runtime.now(), wanted.heard)
            if not await self._deliver_catch_up(channel, sid, wanted, cut, codec, admission):
                return  # who watched already stays: the next frame may be one that can be sent
            request = None  # it was answered just now; what may follow is said unasked
        if not self._join(session, admission, channel, codec):
            return await self._refuse(session, channel.name, request, Outcome.FORBIDDEN)
        room = room_of(channel.name, codec)
        await self._transport.enter(sid, room)
        if not session.watches(admission, channel):  # whoever revoked it from here on tells it
            self._transport.leave(sid, room)

    def _join(self, session: Session, admission: Admission, channel: SendingChannel, codec: str) -> bool:
        """Make it a subscriber, unless it was revoked; a thread that revokes comes before this or after it."""
        sid = session.subscriber.sid
        with session.guard:
            if admission.revoked:
                return False
            previous = channel.subscribers.get(sid)
            if previous is not None and previous != codec:
                self._transport.leave(sid, room_of(channel.name, previous))
            channel.subscribers[sid] = codec
            channel.window.join(sid, room_of(channel.name, codec), channel.position.offset)
            session.channels[channel.name] = channel
            channel.used_at = self._runtime.now()
            return True

    async def _deliver_catch_up(
        self, channel: SendingChannel, sid: str, wanted: Wanted, cut: CatchUp, codec: str, admission: Admission
    ) -> bool:
        """Send what brings a subscriber up to date; return False, and say so, when it cannot be encoded."""
        try:
            outcome, encoded = channel.encodings.smallest(cut, codec)
        except Exception as error:
            await self._refuse_unencodable(channel, sid, wanted.request, codec, error)
            return False
        await self._bring_dictionary(channel, sid, wanted, codec)
        at = None if encoded is not None else cut.position
        answer = Answer(outcome, wanted.request, codec, at, dropped=cut.dropped, serial=cut.serial).to_wire()
        for body in (NO_BODY,) if encoded is None else encoded.bodies:
            if admission.revoked:
                return True  # also between two parts; that it is forbidden now is told in the next step
            await self._transport.deliver_to(sid, BATCH_UPDATE, (channel.name, body.value, answer))
            self._counters.add(messages=int(encoded is not None), bytes_sent=body.size_bytes)
        self._counters.add(
            keyframes_sent=int(outcome is Outcome.KEYFRAME),
            patches_sent=int(outcome is Outcome.PATCH),
            up_to_date=int(outcome is Outcome.UP_TO_DATE),
        )
        frame = cut.delta if outcome is Outcome.PATCH else cut.keyframe
        self._counters.drop(Drop.CATCH_UP, cut.dropped + (0 if frame is None else frame.dropped))
        return True

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
        self._counters.add(refused=1)
        await self._answer(sid, channel.name, Answer(Outcome.UNAVAILABLE, request, message=message))

    async def flush_first_frame(self, channel: SendingChannel) -> bool:
        """Give a channel that was published to, but never flushed, its first position. Holds the send lock.

        Return False when its log cannot be read.
        """
        try:
            await self._flusher.recover(channel)
        except Exception:
            logger.exception("the log of channel %r could not be read", channel.name)
            return False
        try:
            if channel.position.offset == 0 and channel.primary.has_document:
                await self._flusher.flush_locked(channel)
        except Exception:
            # The subscriber waits, as for any channel without a document; the channel's worker tries again.
            logger.exception("the first frame of channel %r could not be flushed", channel.name)
        return True

    async def load(self, channel: SendingChannel) -> bool:
        """Bring a document that is not in memory, once for all who ask meanwhile; return False when that failed."""
        if self._options.load is None or channel.primary.has_document:
            return True
        ended = channel.loads.ended
        async with channel.load_lock:
            # Whoever waited for another's attempt shares its outcome: a database that is away is not asked N times.
            if channel.loads.ended == ended and not channel.primary.has_document:
                channel.loads.succeeded = await self._bring(channel, self._options.load)
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
            logger.exception("load(%r) failed", channel.name)
            return False

    # ---- answers ---------------------------------------------------------------------------------------------------

    async def _refuse(
        self, session: Session, channel: str, request: str | None, outcome: Outcome, message: str | None = None
    ) -> None:
        self._counters.add(refused=1)
        if self._transport.is_connected(session.subscriber.sid):
            await self._answer(session.subscriber.sid, channel, Answer(outcome, request, message=message))

    async def _refuse_invalid(self, sid: str, event: str, message: Any, error: ProtocolError) -> Any:
        self._counters.add(invalid_messages=1)
        logger.info("invalid %s from %s: %s", event, sid, error)
        if event == messages.FETCH:
            return {"error": "invalid"}
        if self._transport.is_connected(sid):
            answer = Answer(Outcome.INVALID, request_of(message), message=str(error))
            named = channel_of(message)
            await self._answer(sid, named if named and self._options.is_channel_name(named) else "", answer)
        return None

    async def _refuse_unavailable(self, session: Session, event: str, message: Any, error: ChannelClosed) -> Any:
        if event == messages.FETCH:
            return {"error": "unavailable"}
        channel, request = channel_of(message) or "", request_of(message) or ""
        await self._refuse(session, channel, request, Outcome.UNAVAILABLE, str(error))
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
