"""From a capture to the network: append to the log, encode once a codec, send."""

import functools
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

import attrs

from realtime_sync.broadcast.dictionaries import DictionaryBody
from realtime_sync.broadcast.log_line import LogLine
from realtime_sync.broadcast.ports import Runtime, Transport
from realtime_sync.broadcast.rooms import room_of
from realtime_sync.broadcast.sending_channel import Delivery, SendingChannel
from realtime_sync.broadcast.stats import Counters, Drop
from realtime_sync.errors import MessageTooLarge
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.primary import LooseEvents
from realtime_sync.wire.frames import Delta, Event, Frame, Keyframe
from realtime_sync.wire.messages import BATCH_UPDATE

RETRY = Backoff(base_s=0.1, factor=2.0, cap_s=10.0, jitter=0.3, attempts=None)
"""A log or transport that fails is tried again soon, then ever more rarely; captures go on meanwhile."""

KEYFRAME_EVERY = 100
"""Deltas between two keyframes in a log: what a restart has to replay at most."""

logger = logging.getLogger("realtime_sync")


class Flusher:
    """Takes frames from channels, one at a time a channel, and loses none.

    A frame leaves its primary only when the log has it, and a delivery leaves the outbox only when the transport has
    it; whatever fails or is cancelled between is repeated as it was. Replicas drop what they had already.

    Attributes:
        let_go: Called with a channel and the session id of a subscriber that has not read for too long.
        on_parked: Called when subscribers were parked: they have to be looked after when nothing more is flushed.
        under_way_elsewhere: Says how many bytes a client, by session id, did not acknowledge on other channels.
    """

    def __init__(self, transport: Transport, runtime: Runtime, log: LogLine | None, counters: Counters) -> None:
        self._transport, self._runtime, self._log = transport, runtime, log
        self._counters = counters
        self.let_go: Callable[[SendingChannel, str], None] = _not_set
        self.on_parked: Callable[[], None] = _not_set
        self.under_way_elsewhere: Callable[[SendingChannel, str], int] = _not_set

    # ---- the worker of a channel ---------------------------------------------------------------------------------

    async def work(self, channel: SendingChannel) -> None:
        """Flush until nothing is pending; then the channel is asleep until its next capture."""
        failures = 0
        while not channel.rest_if_idle():
            try:
                await self._wait_for_window(channel)
                await self.flush(channel)
                failures = 0
            except Exception:
                logger.exception("flush of channel %r failed; it will be repeated", channel.name)
                await self._runtime.sleep(RETRY.delay_s(failures))
                failures += 1

    async def _wait_for_window(self, channel: SendingChannel) -> None:
        """The first capture after a quiet time goes at once; under load a frame collects for a window."""
        remaining = channel.flushed_at + channel.window_s - self._runtime.now()
        if remaining > 0:
            await self._runtime.sleep(remaining, unless=channel.urgent)
        channel.urgent.clear()

    # ---- one flush -----------------------------------------------------------------------------------------------

    async def flush(self, channel: SendingChannel) -> None:
        """Append and send what is pending at this moment."""
        async with self.sending(channel):
            await self.flush_locked(channel)

    def sending(self, channel: SendingChannel) -> AbstractAsyncContextManager[object]:
        """Return the channel's send lock: whoever holds it decides what subscribers get next."""
        return channel.send_lock

    async def flush_locked(self, channel: SendingChannel) -> None:
        """`flush`, for a caller that holds the send lock."""
        if channel.ended:
            return
        try:
            await self.recover(channel)
            if channel.outbox:  # of an attempt that failed
                await self._send(channel)
                await self._save_keyframe_if_due(channel)
            repeated = channel.primary.under_way
            await self._append_and_send(channel)
            if repeated:  # an earlier attempt's frame went first; what is pending now is another
                await self._append_and_send(channel)
        except BaseException:
            self._counters.add(flush_failures=1)
            channel.wake(urgent=False)  # on threads its worker may have gone to rest meanwhile
            raise
        finally:
            channel.flushed_at = channel.used_at = self._runtime.now()

    async def _append_and_send(self, channel: SendingChannel) -> None:
        frame = channel.take_frame()
        if frame is None:
            return
        if self._log is not None and not isinstance(frame, LooseEvents):
            await self._log.call(self._log.log.append, channel.name, frame)
        with channel.lock:
            channel.commit_frame(frame, self._runtime.now())
            self._counters.drop(Drop.QUEUE_FULL, channel.primary.take_overflow())
        channel.deltas_since_keyframe += isinstance(frame, Delta)
        self._count(frame)
        deliveries = list(self._deliveries(channel, frame))
        channel.outbox.extend(deliveries)
        if not isinstance(frame, LooseEvents):
            channel.window.sent(frame.position.offset, _sizes(deliveries))
        await self._send(channel)
        self._look_after_readers(channel)
        await self._save_keyframe_if_due(channel)

    async def _send(self, channel: SendingChannel) -> None:
        while channel.outbox:
            await self._deliver(channel.outbox[0])
            channel.outbox.popleft()

    async def _deliver(self, delivery: Delivery) -> None:
        await self._transport.deliver(delivery.room, delivery.event, delivery.arguments, skip=delivery.skip)
        self._counters.add(
            messages=delivery.recipients,
            bytes_sent=delivery.size_bytes * delivery.recipients,
            bytes_saved=delivery.saved_bytes * delivery.recipients,
            dictionary_bytes=delivery.dictionary_bytes * delivery.recipients,
        )

    # ---- who gets what -------------------------------------------------------------------------------------------

    def _deliveries(self, channel: SendingChannel, frame: Keyframe | Delta | LooseEvents) -> Iterator[Delivery]:
        if isinstance(frame, LooseEvents):  # a subscriber that waits gets no frame: it is a plain client for now
            yield from self._plain(channel, frame.events, subscribed=())
        else:
            yield from self.encoded(channel, _for_those_who_waited(frame))
            yield from self._plain(channel, frame.events, subscribed=tuple(channel.subscribers))

    def encoded(self, channel: SendingChannel, frame: Frame) -> Iterator[Delivery]:
        """Yield the deliveries for each codec in use among the subscribers."""
        # What cannot be sent in one codec must not stop the others. Its subscribers see a gap next, and ask.
        live = Counter(codec for sid, codec in list(channel.subscribers.items()) if sid not in channel.window.parked)
        for codec, recipients in sorted(live.items()):
            try:
                encoded = channel.encodings.encode(frame, codec)
                saved_bytes = channel.encodings.saved_bytes(frame, codec)
                new = self._learned(channel, frame, codec, encoded.size_bytes)
            except MessageTooLarge:
                continue  # logged where it was found
            except Exception:
                logger.exception(
                    "codec %r cannot encode a frame of channel %r; its subscribers will miss it, and ask",
                    codec,
                    channel.name,
                )
                continue
            room = room_of(channel.name, codec)
            for body in encoded.bodies:
                yield Delivery(
                    room,
                    BATCH_UPDATE,
                    (channel.name, body.value),
                    size_bytes=body.size_bytes,
                    saved_bytes=saved_bytes if body is encoded.bodies[0] else 0,
                    recipients=recipients,
                )
            if new is not None:
                yield Delivery(
                    room,
                    BATCH_UPDATE,
                    (channel.name, new.value),
                    size_bytes=new.size_bytes,
                    dictionary_bytes=new.size_bytes,
                    recipients=recipients,
                )

    def _learned(self, channel: SendingChannel, frame: Frame, codec: str, encoded_bytes: int) -> DictionaryBody | None:
        """Return the dictionary that the next delta needs, when it is a new one."""
        if not isinstance(frame, Delta):
            return None
        return channel.encodings.dictionaries.learn(frame, codec, encoded_bytes)

    def _look_after_readers(self, channel: SendingChannel) -> None:
        """Send nothing more to those who do not read what was sent, and let go those who have not for long."""
        now = self._runtime.now()
        parked = channel.window.park_slow(now, functools.partial(self.under_way_elsewhere, channel))
        for sid in parked:
            codec = channel.subscribers.get(sid)
            if codec is not None:
                self._transport.leave(sid, room_of(channel.name, codec))
        for sid in channel.window.overdue(now):
            self.let_go(channel, sid)
        if parked:
            self.on_parked()

    def _plain(
        self, channel: SendingChannel, events: tuple[Event, ...], subscribed: tuple[str, ...]
    ) -> Iterator[Delivery]:
        """Events under their own names, for clients in the application's room that know nothing of frames."""
        if not events:
            return
        members = set(self._transport.members(channel.name))
        skip = tuple(sid for sid in subscribed if sid in members)
        outsiders = sum(not self._is_let_go(channel, sid) for sid in members.difference(skip))
        if outsiders:
            for event in events:
                yield Delivery(channel.name, event.name, (event.data,), skip, recipients=outsiders)

    def _is_let_go(self, channel: SendingChannel, sid: str) -> bool:
        """Disconnect a plain client for whom too much waits: it acknowledges nothing, so nothing else bounds that."""
        waiting = self._transport.queued(sid)
        if waiting is None or waiting <= channel.readers.max_plain_packets:
            return False
        self._counters.add(plain_let_go=1)
        logger.info("client %s does not read the events of channel %r, and is disconnected", sid, channel.name)
        self._transport.disconnect(sid)
        return True

    def _count(self, frame: Keyframe | Delta | LooseEvents) -> None:
        self._counters.add(
            batches=1,
            frames=int(not isinstance(frame, LooseEvents)),
            diffs=int(isinstance(frame, Delta)),
            keyframes=int(isinstance(frame, Keyframe)),
            events=len(frame.events),
        )

    # ---- the log -------------------------------------------------------------------------------------------------

    async def recover(self, channel: SendingChannel) -> None:
        """Once a channel: go on where its log ended. The caller holds the send lock."""
        if not channel.recovered and self._log is not None:
            await self._log.call(channel.recover, self._log.log)

    async def _save_keyframe_if_due(self, channel: SendingChannel) -> None:
        # Looked at after each sending that succeeded, be it at the second attempt: else a transport that fails now and
        # then would let the log grow.
        if self._log is None or channel.deltas_since_keyframe < KEYFRAME_EVERY:
            return
        try:
            await self._log.call(self._log.log.save_keyframe, channel.name, channel.primary.keyframe())
            channel.deltas_since_keyframe = 0
        except Exception:
            # Nothing is lost: the deltas are there. The next flush tries again.
            logger.exception(
                "the log could not save a keyframe of channel %r; the next flush tries again", channel.name
            )

    # ---- the end -------------------------------------------------------------------------------------------------

    async def end(self, channel: SendingChannel, reason: str, left: list[str], *, forget: bool) -> None:
        """Tell every subscriber that the channel ended, and empty its rooms.

        The caller holds the send lock. Without `forget`, what is pending is flushed first. What fails leaves the
        channel as it was, but for those who were told, and can be repeated.

        Args:
            channel: The channel.
            reason: What subscribers are told.
            left: Takes the session ids of those who are out.
            forget: Whether its log is deleted.
        """
        if not forget:
            await self.flush_locked(channel)
        for sid in list(channel.window.parked):  # they hear of it as the others do
            codec = channel.subscribers.get(sid)
            if codec is not None:
                room = room_of(channel.name, codec)
                await self._transport.enter(sid, room)
                # Should this fail half-way, it is a reader like the others, who sees a gap next and asks.
                channel.window.join(sid, room, channel.position.offset)
        for room, deliveries in itertools.groupby(self.encoded(channel, channel.primary.closing_frame(reason)), _room):
            for delivery in deliveries:
                await self._deliver(delivery)
            left += self._empty(channel, room)
        if forget and self._log is not None:
            await self._log.call(self._log.log.delete, channel.name)
        channel.ended = True
        channel.fail_receipts()
        channel.outbox.clear()
        left += self._empty(channel)  # whose codec could not say it

    def _empty(self, channel: SendingChannel, room: str | None = None) -> list[str]:
        """Take everybody out of the channel's rooms, or of one of them; return who they were."""
        left = []
        for sid, codec in list(channel.subscribers.items()):
            if room in (None, room_of(channel.name, codec)):
                channel.subscribers.pop(sid, None)
                channel.window.leave(sid)
                self._transport.leave(sid, room_of(channel.name, codec))
                left.append(sid)
        return left


def _not_set(*_: object) -> NoReturn:
    raise AssertionError("whoever looks after readers sets what is called")


def _for_those_who_waited(frame: Keyframe | Delta) -> Frame:
    """Return the first frame with the lossless events from before it: plain clients have had them already."""
    if isinstance(frame, Keyframe) and frame.lane:
        return attrs.evolve(frame, events=(*frame.lane, *frame.events))
    return frame


def _sizes(deliveries: list[Delivery]) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for delivery in deliveries:
        sizes[delivery.room] += delivery.size_bytes
    return sizes


def _room(delivery: Delivery) -> str:
    return delivery.room
