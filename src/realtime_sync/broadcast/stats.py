"""What a broadcaster counted, and how it counts: from any thread, without losing one."""

import enum
import threading
from collections import Counter
from collections.abc import Mapping
from typing import TypedDict, Unpack

import attrs

from realtime_sync.replication.primary import CatchUp
from realtime_sync.wire.messages import Outcome


class Drop(enum.Enum):
    """Why an event did not reach those who were subscribed."""

    QUEUE_FULL = "queue_full"
    """The queue of its channel was full, and it was the least important."""

    CATCH_UP = "catch_up"
    """A subscriber was away, and more happened than one catch-up replays."""


class ResyncCause(enum.Enum):
    """Where a subscriber stood that asked again."""

    NO_DOCUMENT = "no_document"
    """It holds none, or none that it trusts."""

    GAP = "gap"
    """It missed frames that history still has, or asks in doubt."""

    HISTORY_TOO_SHORT = "history_too_short"
    """It missed more frames than history has."""

    OTHER_EPOCH = "other_epoch"
    """It knows another life of the channel."""


def _none_of(causes: type[enum.Enum]) -> dict[enum.Enum, int]:
    return dict.fromkeys(causes, 0)


@attrs.frozen(kw_only=True)
class Stats:
    """Counters since the broadcaster was made, and gauges of this moment.

    Attributes:
        channels: Channels in memory (gauge).
        subscriptions: Subscriptions, one for each client and channel (gauge).
        queued_events: Events that wait for a frame (gauge).
        pending_operations: Operations that wait for a frame (gauge).
        parked: Subscribers that get nothing until they have read what is under way to them (gauge).
        batches: Flushes that had something to send: frames, and events of channels that have no document.
        frames: Frames appended to logs.
        diffs: Of these, deltas.
        keyframes: Of these, first documents of a channel.
        events: Events in frames, or sent to plain clients alone.
        encodings: Times a frame was encoded; one for each codec in use a frame, whatever the number of subscribers.
        encode_s: Seconds spent encoding.
        messages: Messages delivered, one for each recipient.
        bytes_sent: Bodies of messages times their recipients, without Socket.IO's own headers.
        bytes_saved: What whole documents would have taken beyond `bytes_sent`, had each delta been one: the size of the
            channel's last encoded keyframe in the same codec, less the delta's, times its recipients.
        dictionary_bytes: Of `bytes_sent`, dictionaries.
        keyframes_sent: Catch-ups that carried the whole document.
        patches_sent: Catch-ups by one composed patch.
        up_to_date: Catch-ups that had nothing to carry.
        resyncs: Requests of subscribers that lost the thread, by where they stood.
        refused: Requests answered with a refusal.
        polls: Requests over plain HTTP that brought a client up to date.
        dropped: Events that were left out, by cause.
        flush_failures: Flushes that the log or the transport failed; they are repeated.
        acks: Acknowledgements of subscribers.
        let_go: Subscriptions that ended because their client did not read what was under way to it.
        plain_let_go: Clients that were disconnected because too many packets waited for them: plain ones, and those
            that ask without reading.
        postponed: Requests that waited because their client asked too often; of those of one channel the newest counts.
        invalid_messages: Clients' messages that PROTOCOL.md does not know.
    """

    channels: int = 0
    subscriptions: int = 0
    queued_events: int = 0
    pending_operations: int = 0
    parked: int = 0
    batches: int = 0
    frames: int = 0
    diffs: int = 0
    keyframes: int = 0
    events: int = 0
    encodings: int = 0
    encode_s: float = 0.0
    messages: int = 0
    bytes_sent: int = 0
    bytes_saved: int = 0
    dictionary_bytes: int = 0
    keyframes_sent: int = 0
    patches_sent: int = 0
    up_to_date: int = 0
    resyncs: Mapping[ResyncCause, int] = attrs.field(factory=lambda: _none_of(ResyncCause))
    refused: int = 0
    polls: int = 0
    dropped: Mapping[Drop, int] = attrs.field(factory=lambda: _none_of(Drop))
    flush_failures: int = 0
    acks: int = 0
    let_go: int = 0
    plain_let_go: int = 0
    postponed: int = 0
    invalid_messages: int = 0

    @property
    def total_resyncs(self) -> int:
        """Requests of subscribers that lost the thread."""
        return sum(self.resyncs.values())

    @property
    def total_dropped(self) -> int:
        """Events that were left out."""
        return sum(self.dropped.values())


class Increments(TypedDict, total=False):
    """What can be added to: the counters of `Stats` that have no causes."""

    batches: int
    frames: int
    diffs: int
    keyframes: int
    events: int
    encodings: int
    encode_s: float
    messages: int
    bytes_sent: int
    bytes_saved: int
    dictionary_bytes: int
    keyframes_sent: int
    patches_sent: int
    up_to_date: int
    refused: int
    polls: int
    flush_failures: int
    acks: int
    let_go: int
    plain_let_go: int
    postponed: int
    invalid_messages: int


class Counters:
    """Where a broadcaster counts.

    `counter += 1` from two threads can lose one: reading and writing are two steps. So each call adds under a lock
    that is held for nothing else.
    """

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._dropped: Counter[Drop] = Counter()
        self._resyncs: Counter[ResyncCause] = Counter()
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Take a new lock: in a forked process nobody may be there to release the old one."""
        self._lock = threading.Lock()

    def add(self, **increments: Unpack[Increments]) -> None:
        """Add to some counters at once."""
        with self._lock:
            self._totals.update(increments)  # floats as well

    def drop(self, cause: Drop, count: int) -> None:
        """Count events that were left out."""
        if count:
            with self._lock:
                self._dropped[cause] += count

    def resync(self, cause: ResyncCause) -> None:
        """Count a subscriber that lost the thread."""
        with self._lock:
            self._resyncs[cause] += 1

    def catch_up(self, outcome: Outcome, cut: CatchUp) -> None:
        """Count somebody who was brought up to date, and the events that it was told to have missed."""
        self.add(
            keyframes_sent=int(outcome is Outcome.KEYFRAME),
            patches_sent=int(outcome is Outcome.PATCH),
            up_to_date=int(outcome is Outcome.UP_TO_DATE),
        )
        frame = cut.delta if outcome is Outcome.PATCH else cut.keyframe
        self.drop(Drop.CATCH_UP, cut.dropped + (0 if frame is None else frame.dropped))

    def stats(self) -> Stats:
        """Return what was counted; the gauges are left at 0."""
        with self._lock:
            return Stats(
                **self._totals,
                dropped={cause: self._dropped[cause] for cause in Drop},
                resyncs={cause: self._resyncs[cause] for cause in ResyncCause},
            )
