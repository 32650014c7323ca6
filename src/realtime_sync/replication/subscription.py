"""One channel as a client sees it: a replica, and what is said to keep it right."""

import enum
from collections.abc import Sequence
from typing import Any

import attrs
import orjson

from realtime_sync.document.normalize import Normalizer
from realtime_sync.errors import (
    DecodeError,
    InvalidValue,
    ProtocolError,
    RemoteError,
    SubscriptionRefused,
    UnknownDictionary,
)
from realtime_sync.limits import Limits
from realtime_sync.position import MAX_EPOCH_CHARS, MAX_OFFSET, Position
from realtime_sync.replication.acknowledgements import Acknowledgements
from realtime_sync.replication.assembly import Assembly
from realtime_sync.replication.poll_schedule import PollSchedule
from realtime_sync.replication.replica import (
    Happening,
    PatchApplied,
    Replica,
    ResyncNeeded,
    SnapshotReplaced,
    State,
)
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import (
    Dictionary,
    dictionary_from_body,
    is_dictionary_body,
    uses_dictionary,
)
from realtime_sync.wire.encoding import decode_frame
from realtime_sync.wire.frames import Frame, frame_from_wire
from realtime_sync.wire.messages import (
    ACK,
    FETCH,
    MAX_REQUEST_CHARS,
    RESYNC,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Ack,
    Answer,
    Fetch,
    Heard,
    Outcome,
    Resync,
    Subscribe,
    unsubscribe_to_wire,
)
from realtime_sync.wire.parts import Part, is_part
from realtime_sync.wire.poll import POLL_CODEC, PollReply

DEFAULT_LIMITS = Limits()

TEXT_CODEC = "json"
"""What everybody speaks."""

DICTIONARIES_KEPT = 2
"""The one in use, and the one before: frames that need it may be on their way."""


class Status(enum.Enum):
    """What a client may tell its user about a channel."""

    EMPTY = "empty"
    LIVE = "live"
    STALE = "stale"
    OFFLINE = "offline"
    WAITING = "waiting"
    FORBIDDEN = "forbidden"
    CLOSED = "closed"


@attrs.frozen
class Outgoing:
    """A message to send.

    Attributes:
        event: The Socket.IO event.
        message: Its one argument.
    """

    event: str
    message: dict[str, Any]


@attrs.frozen
class _Text:
    """A frame of codec `json` that came in parts, in UTF-8."""

    utf8: bytes


class Subscription:
    """A client's side of one channel, without I/O: what came in goes to `receive`, what `outgoing` returns is sent.

    Args:
        channel: Its name.
        codecs: Names in order of preference.
        replica: The state machine that holds the document.
        limits: Bounds on what is decoded.
        polls: When to ask over plain HTTP while there is no connection; None: never.

    Attributes:
        replica: See above.
        last_error: Why the document is not live: what could not be read or did not fit, or that the server cannot
            serve it now; None once it is again.
    """

    def __init__(
        self,
        channel: str,
        codecs: Sequence[str],
        replica: Replica,
        *,
        limits: Limits = DEFAULT_LIMITS,
        polls: PollSchedule | None = None,
    ) -> None:
        self.channel = channel
        self.codecs = tuple(codecs)
        self.replica = replica
        self.last_error: RemoteError | None = None
        self._limits = limits
        self._polls = polls
        self._check = Normalizer(limits=limits)
        self._codec = TEXT_CODEC
        self._dictionaries: dict[str, Dictionary] = {}  # by their ids, the newest last
        self._assembly = Assembly(limits.max_encoded_bytes)
        self._acks = Acknowledgements()
        self._received_bytes = 0  # of the frame that is being received
        self._connected = False
        self._admitted = False  # on this connection: the server knows us
        self._outgoing: list[Outgoing] = []

    @property
    def status(self) -> Status:
        """What may be said about the document."""
        if self.replica.state is State.CLOSED:
            return Status.CLOSED
        if self.replica.refusal is not None:
            return Status.FORBIDDEN
        if not self._connected and not self.is_polled:
            return Status.OFFLINE
        if self.replica.state is State.LIVE and (self._admitted or self.is_polled):  # confirmed, and not long ago
            return Status.LIVE
        if self.replica.has_document:
            return Status.STALE
        return Status.WAITING if self.replica.is_waiting else Status.EMPTY

    def outgoing(self) -> list[Outgoing]:
        """Return what to send now, oldest first, and forget it."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    @property
    def dictionaries(self) -> tuple[str, ...]:
        """Ids of the dictionaries that are held, the newest first: they outlive connections and epochs."""
        return tuple(reversed(self._dictionaries))

    # ---- the connection ------------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """A connection is there: subscribe on it, with the position held."""
        self.end_polling()  # a reply that is still on its way answers nothing any more
        self._connected, self._admitted = True, False
        self._say(self.replica.request(now))

    def disconnected(self) -> None:
        """The connection is gone."""
        self._connected = self._admitted = False
        self._outgoing.clear()
        self._assembly.drop()
        self._acks.reset()
        if self._polls is None or not self._polls.is_on:  # else: an attempt to connect failed while a poll is under way
            self.replica.disconnected()

    def unsubscribe(self) -> None:
        """No more frames, please."""
        if self._connected:
            self._outgoing.append(Outgoing(UNSUBSCRIBE, unsubscribe_to_wire(self.channel)))
        self.end_polling()
        self._assembly.drop()
        self._dictionaries.clear()
        self._acks.reset()
        self.replica.disconnected()

    @property
    def largest(self) -> Outgoing:
        """The largest message that it may have to send, but for a fetch."""
        position = Position("e" * MAX_EPOCH_CHARS, MAX_OFFSET)
        dictionaries = ("00000000",) * DICTIONARIES_KEPT
        heard = Heard(position.epoch, position.offset)
        subscribe = Subscribe(
            self.channel, "r" * MAX_REQUEST_CHARS, self.codecs, position, dictionaries=dictionaries, heard=heard
        )
        return Outgoing(SUBSCRIBE, subscribe.to_wire())

    def fetch(self, pointer: str) -> Outgoing:
        """Return the message whose acknowledgement is the value at `pointer`."""
        return Outgoing(FETCH, Fetch(self.channel, pointer).to_wire())

    # ---- time and messages -----------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When to call `tick`; None: not before the next message."""
        if not self._connected:
            return None if self._polls is None else self._polls.deadline
        deadlines = [at for at in (self.replica.deadline, self._acks.deadline) if at is not None]
        return min(deadlines, default=None)

    def tick(self, now: float) -> list[Happening]:
        """Ask again when an answer is overdue, acknowledge when nothing came for a while. `poll` says what to post."""
        if not self._connected:
            if self._polls is not None:
                self._polls.look(now)
            return []
        if self._acks.is_due(now):
            self._acknowledge()
        return self._say_what_is_asked(self.replica.tick(now))

    def receive(self, body: Any, answer: Any, now: float) -> list[Happening]:
        """Take the arguments of one `batch_update` after the channel's name; return what happened."""
        happened = self._receive(body, answer, now)
        applied = any(isinstance(happening, SnapshotReplaced | PatchApplied) for happening in happened)
        if applied and self._acks.applied(self._received_bytes, now):
            self._acknowledge()
        return self._say_what_is_asked(happened)

    def _receive(self, body: Any, answer: Any, now: float) -> list[Happening]:
        read: Answer | None = None
        try:
            read = None if answer is None else Answer.from_wire(answer)
            if is_part(body):
                whole = self._join(Part.from_wire(body), read)
                if whole is None:
                    return self.replica.receive_part(read, now)
                body = whole
            else:
                self._assembly.drop()
            if is_dictionary_body(body):
                self._keep_dictionary(body)
                return []
            return self._receive_whole(body, read, now)
        except UnknownDictionary as error:
            return self.replica.receive_unknown_dictionary(error, read, now)
        except RemoteError as error:
            self._assembly.drop()
            self.last_error = error
            return self.replica.receive_garbage(error, read, now)

    def _receive_whole(self, body: Any, answer: Answer | None, now: float) -> list[Happening]:
        if answer is not None:
            self._take_answer(answer)
        if body is not None:
            return self.replica.receive_frame(self._read(body), answer, now)
        if answer is None:
            raise ProtocolError("neither a frame nor an answer")
        if answer.outcome in (Outcome.UNAVAILABLE, Outcome.TOO_SLOW):
            self.last_error = SubscriptionRefused(self.channel, answer.outcome.value, answer.message or "")
        return self.replica.receive_answer(answer, now)

    def _join(self, part: Part, answer: Answer | None) -> "_Text | bytes | None":
        codec = (answer and answer.codec) or self._codec
        joined = self._assembly.add(part, codec=codec)
        return joined if joined is None or isinstance(part.data, bytes) else _Text(joined)

    def _take_answer(self, answer: Answer) -> None:
        if answer.outcome.subscribed:
            if answer.codec not in (None, TEXT_CODEC, *self.codecs):
                raise ProtocolError(f"codec {answer.codec!r:.100} was not offered")
            self._admitted = True
            self._codec = answer.codec or TEXT_CODEC
        elif answer.outcome is Outcome.TOO_SLOW:
            self._admitted = False
            self._acks.reset()

    def _read(self, body: Any) -> Frame:
        codec = self._codec
        if isinstance(body, _Text):
            self._received_bytes = len(body.utf8)
            return decode_frame(body.utf8, get_codec(TEXT_CODEC), limits=self._limits)
        if isinstance(body, (bytes, bytearray)):
            self._received_bytes = len(body)
            return decode_frame(bytes(body), get_codec(codec), self._dictionaries, limits=self._limits)
        # Socket.IO parsed it already, by a parser that knows NaN and no limits.
        try:
            checked = self._check(body)
            self._received_bytes = len(orjson.dumps(checked))
            return frame_from_wire(checked, limits=self._limits)
        except InvalidValue as error:
            raise DecodeError(codec, str(error)) from None

    def _keep_dictionary(self, body: dict[str, Any]) -> None:
        name = body.get("codec")
        codec = get_codec(name) if isinstance(name, str) and name in self.codecs else None
        if not uses_dictionary(codec):
            raise ProtocolError(f"a dictionary for codec {name!r:.100}, which was not offered")
        dictionary = dictionary_from_body(body, codec, limits=self._limits)
        self._dictionaries.pop(dictionary.id, None)
        self._dictionaries[dictionary.id] = dictionary
        if len(self._dictionaries) > DICTIONARIES_KEPT:
            del self._dictionaries[next(iter(self._dictionaries))]

    def _acknowledge(self) -> None:
        """Say what is held; a server that hears nothing stops sending."""
        self._acks.reset()
        position = self.replica.position
        if self._connected and self._admitted and self.replica.state is State.LIVE and position is not None:
            self._outgoing.append(Outgoing(ACK, Ack(self.channel, position).to_wire()))

    # ---- over plain HTTP, while there is no connection ---------------------------------------------------------------

    def poll_meanwhile(self, now: float, *, at_once: bool) -> None:
        """There is no connection: `poll` returns what to post, when it is due.

        Args:
            now: The time.
            at_once: Whether the first is due now, and not after an interval.
        """
        if self._polls is not None and self._is_worth_asking and not self._connected:
            self._polls.begin(now, at_once=at_once)

    @property
    def is_polled(self) -> bool:
        """Whether a reply over HTTP came that still counts."""
        return self._polls is not None and self._polls.is_confirmed

    def end_polling(self) -> None:
        """Do not ask any more before there was a connection."""
        if self._polls is not None:
            self._polls.end()
            self.replica.disconnected()

    @property
    def _is_worth_asking(self) -> bool:
        return self.replica.refusal is None and self.replica.state is not State.CLOSED

    def poll(self, now: float) -> dict[str, Any] | None:
        """Return the message to post; None: none now. One at a time: the next one comes after this one's reply."""
        if self._polls is None or not self._polls.look(now):
            return None
        asked = self.replica.request(now)
        self._polls.asked(asked.request)
        message = Subscribe(self.channel, asked.request, (POLL_CODEC,), asked.position, heard=asked.heard)
        return message.to_wire()

    def receive_reply(self, request: str, data: bytes, now: float) -> list[Happening]:
        """Take the response to a message that was posted; return what happened.

        Args:
            request: The message's.
            data: The response's body.
            now: The time.
        """
        if self._polls is None or not self._polls.settle(request):
            return []  # the connection is back
        try:
            reply = PollReply.from_bytes(data, limits=self._limits)
        except RemoteError as error:
            self.last_error = error
            return self._schedule_poll(self.replica.receive_garbage(error, None, now), None, now)
        answer = reply.answer
        if reply.frame is not None:
            happened = self.replica.receive_frame(reply.frame, answer, now)
        else:
            if answer.outcome is Outcome.UNAVAILABLE:
                self.last_error = SubscriptionRefused(self.channel, answer.outcome.value, answer.message or "")
            happened = self.replica.receive_answer(answer, now)
        return self._schedule_poll(happened, answer, now)

    def poll_failed(self, request: str, error: RemoteError | None, now: float) -> int:
        """No reply came, or something that is none: `error`. Return how often in a row."""
        if self._polls is None or not self._polls.settle(request):
            return 0
        self._polls.failed(now)
        if self.status is not Status.LIVE:
            self.last_error = error or self.last_error
        return self._polls.failures

    def _schedule_poll(self, happened: list[Happening], answer: Answer | None, now: float) -> list[Happening]:
        assert self._polls is not None, "only a poll is answered so"
        is_helped = self.replica.state is State.LIVE or self.replica.is_waiting
        if not self._is_worth_asking:
            self._polls.end()
        elif any(isinstance(happening, ResyncNeeded) for happening in happened):
            self._polls.ask_again(now)  # the replica sees to it that this does not go round in circles
        elif is_helped and answer is not None and answer.outcome.subscribed:
            self._polls.helped(now)
        else:
            self._polls.failed(now)
        return self._say_what_is_asked(happened)

    # ---- what the replica asks for -----------------------------------------------------------------------------------

    def _say_what_is_asked(self, happened: list[Happening]) -> list[Happening]:
        for happening in happened:
            if isinstance(happening, ResyncNeeded):
                self._say(happening)
                self.last_error = self.last_error or ProtocolError(happening.reason)
        if self.status is Status.LIVE:
            self.last_error = None
        return happened

    def _say(self, asked: ResyncNeeded) -> None:
        if not self._connected:
            return
        if self._admitted:
            resync = Resync(self.channel, asked.request, asked.position, self.dictionaries, asked.heard)
            self._outgoing.append(Outgoing(RESYNC, resync.to_wire()))
        else:
            self._outgoing.append(Outgoing(SUBSCRIBE, self._subscribe(asked)))

    def _subscribe(self, asked: ResyncNeeded) -> dict[str, Any]:
        return Subscribe(
            self.channel,
            asked.request,
            self.codecs,
            asked.position,
            dictionaries=self.dictionaries,
            heard=asked.heard,
        ).to_wire()
