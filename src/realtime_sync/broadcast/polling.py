"""Catching up over plain HTTP: for clients whose socket is down, by the same positions, frames and rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from realtime_sync.broadcast.authority import Authority
from realtime_sync.broadcast.opening import Opening, Unavailable
from realtime_sync.broadcast.ports import Runtime, Subscriber
from realtime_sync.broadcast.refusals import FORBIDDEN, UPGRADE_REQUIRED, unavailable
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Admission
from realtime_sync.broadcast.stats import Counters
from realtime_sync.errors import ChannelClosed, MessageTooLarge, ProtocolError
from realtime_sync.position import Position
from realtime_sync.wire.messages import SPOKEN_VERSIONS, Answer, Outcome, Subscribe, request_of
from realtime_sync.wire.poll import POLL_CODEC, PollReply


class Polling:
    """Answers one request at a time, and keeps nothing of who asked."""

    def __init__(self, authority: Authority, opening: Opening, runtime: Runtime, counters: Counters) -> None:
        self._authority, self._opening, self._runtime, self._counters = authority, opening, runtime, counters
        self._asking: dict[Admission, str] = {}  # whose answer is under way, and their session ids

    def revoke(self, sid: str | None, channel: str | None) -> None:
        """See that no answer under way is older than this moment. From any thread."""
        for admission, asker in list(self._asking.items()):
            if sid in (None, asker) and channel in (None, admission.channel):
                admission.revoked = True

    async def answer(self, message: Any, subscriber: Subscriber) -> dict[str, Any]:
        """Return the reply to a `sync:subscribe` message that came over HTTP."""
        try:
            wanted = Subscribe.from_wire(message)
        except ProtocolError as error:
            self._counters.add(invalid_messages=1)
            return PollReply(Answer(Outcome.INVALID, request_of(message), message=str(error))).to_wire()
        if not self._authority.is_channel_name(wanted.channel):
            return self._refused(FORBIDDEN, wanted)
        if wanted.version not in SPOKEN_VERSIONS:
            return self._refused(UPGRADE_REQUIRED, wanted)
        try:
            return await self._authorized(wanted, subscriber)
        except (Unavailable, ChannelClosed) as error:
            return self._refused(unavailable(str(error)), wanted)

    async def _authorized(self, wanted: Subscribe, subscriber: Subscriber) -> dict[str, Any]:
        while True:
            with self._under_way(wanted.channel, subscriber.sid) as admission:
                if not await self._authority.allows(subscriber, wanted.channel, "subscribe"):
                    return self._refused(FORBIDDEN, wanted)
                async with self._opening.opened(wanted.channel) as channel:
                    reply = self._catch_up(channel, wanted)
            if not admission.revoked:  # else: what was allowed is older than the revocation; ask again
                return reply

    @contextmanager
    def _under_way(self, channel: str, sid: str) -> Iterator[Admission]:
        admission = Admission(channel)
        self._asking[admission] = sid
        try:
            yield admission
        finally:
            del self._asking[admission]

    def _catch_up(self, channel: SendingChannel, wanted: Subscribe) -> dict[str, Any]:
        with channel.lock:
            cut = channel.primary.catch_up(wanted.position, self._runtime.now(), wanted.heard)
        try:
            outcome, encoded = channel.encodings.smallest(cut, POLL_CODEC)
        except MessageTooLarge as error:
            return self._refused(unavailable(str(error)), wanted)
        self._counters.add(polls=1, bytes_sent=0 if encoded is None else encoded.size_bytes)
        self._counters.catch_up(outcome, cut)
        frame = None if encoded is None else cut.delta if outcome is Outcome.PATCH else cut.keyframe
        at = cut.position if frame is None else None
        answer = Answer(outcome, wanted.request, POLL_CODEC, at, dropped=cut.dropped, serial=cut.serial)
        return PollReply(answer, frame).to_wire()

    def _refused(self, answer: Answer, wanted: Subscribe) -> dict[str, Any]:
        self._counters.add(refused=1)
        return PollReply(attrs.evolve(answer, request=wanted.request)).to_wire()


def poll_message(channel: str, position: Position | None) -> dict[str, Any]:
    """Return the message of a client that says no more than where it stands."""
    return Subscribe(channel, "poll", (POLL_CODEC,), position).to_wire()
