"""Joining, recovering and leaving: what clients ask for, and what they get."""

import inspect
import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs

from realtime_sync.broadcast.channel_registry import ChannelRegistry
from realtime_sync.broadcast.encoded_frames import Body
from realtime_sync.broadcast.flusher import Flusher, room_of
from realtime_sync.broadcast.options import Options
from realtime_sync.broadcast.ports import Load, Runtime, Subscriber, Transport
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.stats import Stats
from realtime_sync.document.pointer import resolve
from realtime_sync.errors import ChannelClosed, MessageTooLarge, PatchError, PathNotFound, ProtocolError
from realtime_sync.position import Position
from realtime_sync.replication.primary import CatchUp
from realtime_sync.wire import messages
from realtime_sync.wire.messages import (
    BATCH_UPDATE,
    SPOKEN_VERSIONS,
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

logger = logging.getLogger("realtime_sync")


@attrs.define(eq=False)
class Session:
    """What is known of one connected client."""

    subscriber: Subscriber
    lock: AbstractAsyncContextManager[Any]  # its requests are answered in the order in which they came
    channels: set[str] = attrs.field(factory=set)
    admitting: str | None = None  # the channel that it is being admitted to
    revoked: bool = False  # while it was being admitted


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
        counters: Stats,
    ) -> None:
        self._options, self._transport, self._runtime = options, transport, runtime
        self._flusher, self._channels, self._counters = flusher, channels, counters
        self._sessions: dict[str, Session] = {}

    @property
    def sessions(self) -> int:
        """Connected clients that asked for something."""
        return len(self._sessions)

    async def receive(self, sid: str, event: str, message: Any) -> Any:
        """Take one message of a client; what is returned acknowledges it."""
        session = self._session(sid)
        try:
            async with session.lock:
                match event:
                    case messages.SUBSCRIBE:
                        await self._subscribe(session, Subscribe.from_wire(message))
                    case messages.RESYNC:
                        await self._resync(session, Resync.from_wire(message))
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

    def forget_channel(self, name: str, subscribers: Iterable[str]) -> None:
        """Forget who watched a channel that ended."""
        for sid in subscribers:
            if sid in self._sessions:
                self._sessions[sid].channels.discard(name)

    def revoke(self, sid: str | None, channel: str | None) -> list[tuple[str, str]]:
        """End matching subscriptions, so that no frame goes to them; return (session id, channel) of each."""
        revoked = []
        for session in list(self._sessions.values()):
            if sid is not None and session.subscriber.sid != sid:
                continue
            if channel is None or session.admitting == channel:
                session.revoked = True  # an admission under way was authorised before
            for name in [name for name in session.channels if channel is None or name == channel]:
                self._leave(session, name)
                revoked.append((session.subscriber.sid, name))
        return revoked

    async def tell_revoked(self, sid: str, channel: str) -> None:
        """Tell a client that its subscription ended."""
        if self._transport.is_connected(sid):
            await self._answer(sid, channel, Answer(Outcome.FORBIDDEN))

    # ---- requests ------------------------------------------------------------------------------------------------

    async def _subscribe(self, session: Session, wanted: Subscribe) -> None:
        if wanted.version not in SPOKEN_VERSIONS:
            versions = ", ".join(str(version) for version in SPOKEN_VERSIONS)
            message = f"this server speaks version {versions} of the protocol, not {wanted.version}"
            return await self._refuse(session, wanted.channel, wanted.request, Outcome.UPGRADE_REQUIRED, message)
        if await self._may(session, wanted.channel, "subscribe", wanted.request):
            if self._has_too_many(session, wanted.channel):
                limit = self._options.limits.max_channels_per_client
                message = f"one connection may watch {limit} channels"
                return await self._refuse(session, wanted.channel, wanted.request, Outcome.TOO_MANY_CHANNELS, message)
            codec = self._options.choose_codec(wanted.codecs)
            await self._admit(session, wanted.channel, wanted.request, wanted.position, codec)

    async def _resync(self, session: Session, wanted: Resync) -> None:
        self._counters.resyncs += 1
        codec = self._codec_of(session, wanted.channel)
        if codec is None:
            return await self._refuse(session, wanted.channel, wanted.request, Outcome.FORBIDDEN)
        if await self._may(session, wanted.channel, "resync", wanted.request):
            await self._admit(session, wanted.channel, wanted.request, wanted.position, codec)

    async def _fetch(self, session: Session, wanted: Fetch) -> dict[str, Any]:
        if not await self._is_authorized(session, wanted.channel, "fetch"):
            return {"error": "forbidden"}
        channel = self._channels.open(wanted.channel)
        if not await self._load(channel):
            return {"error": "unavailable"}
        async with self._flusher.sending(channel):
            if not await self._flush_first_frame(channel):
                return {"error": "unavailable"}
            if channel.position.offset == 0:
                return {"error": "waiting"}
            keyframe = channel.primary.keyframe()
        try:
            value = resolve(keyframe.document, wanted.pointer)
        except PathNotFound:
            return {"error": "not_found"}
        except PatchError:
            return {"error": "invalid"}
        return {"value": value, "position": keyframe.position.to_wire()}

    def _leave(self, session: Session, name: str | None) -> None:
        if name is None or name not in session.channels:
            return
        session.channels.discard(name)
        channel = self._channels.find(name)
        if channel is None:
            return
        channel.used_at = self._runtime.now()
        codec = channel.subscribers.pop(session.subscriber.sid, None)
        if codec is not None:
            self._transport.leave(session.subscriber.sid, room_of(name, codec))

    # ---- who may ---------------------------------------------------------------------------------------------------

    async def _may(self, session: Session, channel: str, action: str, request: str) -> bool:
        session.admitting = channel
        while True:
            session.revoked = False
            if not await self._is_authorized(session, channel, action):
                break
            if not session.revoked:  # else: what was answered is older than the revocation; ask again
                return True
        self._leave(session, channel)
        await self._refuse(session, channel, request, Outcome.FORBIDDEN)
        return False

    async def _is_authorized(self, session: Session, channel: str, action: str) -> bool:
        if not self._options.is_channel_name(channel):
            return False
        try:
            allowed = self._options.authorize(session.subscriber, channel, action)
            if inspect.isawaitable(allowed):
                allowed = await allowed
        except Exception:
            logger.exception("authorize raised for %s of channel %r by %s", action, channel, session.subscriber.id)
            return False
        return allowed is True

    def _has_too_many(self, session: Session, channel: str) -> bool:
        others = session.channels - {channel}
        return len(others) >= self._options.limits.max_channels_per_client

    # ---- admission -------------------------------------------------------------------------------------------------

    async def _admit(self, session: Session, name: str, request: str, position: Position | None, codec: str) -> None:
        sid = session.subscriber.sid
        while True:
            channel = self._channels.open(name)
            if not await self._load(channel):
                message = "the document could not be loaded"
                return await self._refuse(session, name, request, Outcome.UNAVAILABLE, message)
            async with self._flusher.sending(channel):
                if not self._channels.holds(channel):
                    continue  # it ended while we waited; another may have begun
                if not await self._flush_first_frame(channel):
                    message = "the log could not be read"
                    return await self._refuse(session, name, request, Outcome.UNAVAILABLE, message)
                if self._transport.is_connected(sid):
                    await self._admit_locked(session, channel, request, position, codec)
                return

    async def _admit_locked(
        self, session: Session, channel: SendingChannel, request: str, position: Position | None, codec: str
    ) -> None:
        """Cut, queue and join. A revocation between two steps ends it: nobody slips through."""
        sid = session.subscriber.sid
        if not session.revoked:
            with channel.lock:
                cut = channel.primary.catch_up(position, self._runtime.now())
            if not await self._deliver_catch_up(channel, sid, request, cut, codec):
                return  # who watched already stays: the next frame may be one that can be sent
        if not session.revoked:
            self._join(session, channel, codec)
            await self._transport.enter(sid, room_of(channel.name, codec))
        if session.revoked:
            self._leave(session, channel.name)
            self._transport.leave(sid, room_of(channel.name, codec))
            await self._refuse(session, channel.name, request, Outcome.FORBIDDEN)

    def _join(self, session: Session, channel: SendingChannel, codec: str) -> None:
        previous = channel.subscribers.get(session.subscriber.sid)
        if previous is not None and previous != codec:
            self._transport.leave(session.subscriber.sid, room_of(channel.name, previous))
        channel.subscribers[session.subscriber.sid] = codec
        session.channels.add(channel.name)
        channel.used_at = self._runtime.now()

    async def _deliver_catch_up(
        self, channel: SendingChannel, sid: str, request: str, cut: CatchUp, codec: str
    ) -> bool:
        """Send what brings a subscriber up to date; return False, and say so, when it cannot be encoded."""
        try:
            outcome, encoded = channel.encodings.smallest(cut, codec)
        except Exception as error:
            await self._refuse_unencodable(channel, sid, request, codec, error)
            return False
        at = None if encoded is not None else cut.position
        answer = Answer(outcome, request, codec, at).to_wire()
        for body in (NO_BODY,) if encoded is None else encoded.bodies:
            await self._transport.deliver_to(sid, BATCH_UPDATE, (channel.name, body.value, answer))
            self._counters.messages += encoded is not None
            self._counters.bytes_sent += body.size_bytes
        self._counters.keyframes_sent += outcome is Outcome.KEYFRAME
        self._counters.patches_sent += outcome is Outcome.PATCH
        self._counters.up_to_date += outcome is Outcome.UP_TO_DATE
        return True

    async def _refuse_unencodable(
        self, channel: SendingChannel, sid: str, request: str, codec: str, error: Exception
    ) -> None:
        message = str(error)
        if not isinstance(error, MessageTooLarge):  # that one was logged where it was found
            logger.error("codec %r cannot encode a catch-up of channel %r", codec, channel.name, exc_info=error)
            message = f"codec {codec} failed"  # what a codec says may tell too much
        self._counters.refused += 1
        await self._answer(sid, channel.name, Answer(Outcome.UNAVAILABLE, request, message=message))

    async def _flush_first_frame(self, channel: SendingChannel) -> bool:
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

    async def _load(self, channel: SendingChannel) -> bool:
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
        self, session: Session, channel: str, request: str, outcome: Outcome, message: str | None = None
    ) -> None:
        self._counters.refused += 1
        if self._transport.is_connected(session.subscriber.sid):
            await self._answer(session.subscriber.sid, channel, Answer(outcome, request, message=message))

    async def _refuse_invalid(self, sid: str, event: str, message: Any, error: ProtocolError) -> Any:
        self._counters.invalid_messages += 1
        logger.info("invalid %s from %s: %s", event, sid, error)
        if event == messages.FETCH:
            return {"error": "invalid"}
        if self._transport.is_connected(sid):
            answer = Answer(Outcome.INVALID, request_of(message), message=str(error))
            await self._answer(sid, channel_of(message) or "", answer)
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
        if session is None:
            session = self._sessions[sid] = Session(self._transport.subscriber(sid), self._runtime.lock())
        return session

    def _codec_of(self, session: Session, channel: str) -> str | None:
        found = self._channels.find(channel) if channel in session.channels else None
        return None if found is None else found.subscribers.get(session.subscriber.sid)
