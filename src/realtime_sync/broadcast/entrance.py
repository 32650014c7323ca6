"""The way into a channel's live room: bring a client to where the channel is, and let it in, in one step."""

import logging
from typing import TypeAlias

import attrs

from realtime_sync.broadcast.encoded_frames import Body
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.ports import Runtime, Transport
from realtime_sync.broadcast.resync_reports import ResyncReports, cause_of
from realtime_sync.broadcast.rooms import room_of
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Admission, Session
from realtime_sync.broadcast.stats import Counters
from realtime_sync.errors import MessageTooLarge
from realtime_sync.position import Position
from realtime_sync.replication.primary import CatchUp
from realtime_sync.replication.send_window import CatchUpSent
from realtime_sync.wire.messages import BATCH_UPDATE, Answer, Resync, Subscribe

NO_BODY = Body(None, 0)
"""What comes with an answer that is enough."""

logger = logging.getLogger("realtime_sync")


class Unsendable(Exception):
    """A catch-up could not be encoded; the message is for the client. Who watched already stays as it was."""


class Revoked(Exception):
    """Who asked may no longer; it was not let in.

    Args:
        answered: Whether its request was answered before that.
    """

    def __init__(self, *, answered: bool) -> None:
        super().__init__()
        self.answered = answered


@attrs.frozen
class Return:
    """A parked subscriber has read what was under way to it: it asked for nothing, and is brought back."""

    channel: str
    position: Position
    request: None = None
    dictionaries: tuple[str, ...] = ()
    heard: None = None  # all up to its position


Wanted: TypeAlias = Subscribe | Resync | Return
"""Why somebody is let in."""


def is_return(wanted: Wanted, reached: Position) -> bool:
    """Whether somebody was brought up to date who had been there before: who comes anew asks with nothing."""
    if isinstance(wanted, Return):
        return wanted.position != reached  # parked, it may have missed nothing
    return isinstance(wanted, Resync) or wanted.position is not None or wanted.heard is not None


class Entrance:
    """Cuts the catch-up, queues it to one subscriber, and puts that one into the live room.

    All of it under the channel's send lock: live frames take the same one, so no delta is sent before its base.
    """

    def __init__(
        self,
        transport: Transport,
        runtime: Runtime,
        membership: Membership,
        counters: Counters,
        resync_reports: ResyncReports,
    ) -> None:
        self._transport, self._runtime, self._membership, self._counters = transport, runtime, membership, counters
        self._resync_reports = resync_reports

    async def let_in(
        self, session: Session, admission: Admission, channel: SendingChannel, wanted: Wanted, codec: str
    ) -> None:
        """Bring a client that may watch up to date, and let it in. The channel's send lock is held.

        A revocation between two steps ends it: nobody slips through.

        Raises:
            Unsendable: Nothing was sent.
            Revoked: What was sent is older than the revocation.
        """
        sid = session.subscriber.sid
        room = room_of(channel.name, codec)
        if not self._transport.is_connected(sid):
            return
        if wanted.request is not None and channel.window.is_on_its_way(sid, room, wanted.position, self._runtime.now()):
            return  # a slow link: asked again, and sent again, a large document would never end arriving
        catch_up: CatchUpSent | None = None
        if not admission.revoked:
            with channel.lock:
                cut = channel.primary.catch_up(wanted.position, self._runtime.now(), wanted.heard)
            catch_up = await self._deliver(channel, sid, wanted, cut, codec, admission)
        again = isinstance(wanted, Return)
        if not self._membership.join(session, admission, channel, codec, catch_up, again=again):
            raise Revoked(answered=catch_up is not None)
        await self._transport.enter(sid, room)
        if not session.watches(admission, channel):  # whoever revoked it from here on tells it
            self._transport.leave(sid, room)
        elif is_return(wanted, channel.position):
            cause = cause_of(channel, wanted.position, self._runtime.now())
            self._resync_reports.add((channel.name, session.subscriber, cause, wanted.position, channel.position))

    async def _deliver(
        self, channel: SendingChannel, sid: str, wanted: Wanted, cut: CatchUp, codec: str, admission: Admission
    ) -> CatchUpSent:
        try:
            outcome, encoded = channel.encodings.smallest(cut, codec)
        except MessageTooLarge as error:  # logged where it was found
            raise Unsendable(str(error)) from error
        except Exception as error:
            logger.error("codec %r cannot encode a catch-up of channel %r", codec, channel.name, exc_info=error)
            raise Unsendable(f"codec {codec} failed") from error  # what a codec says may tell too much
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
