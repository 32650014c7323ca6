"""Which dictionary a channel's next deltas would be smallest with."""

import enum
from collections.abc import Callable
from typing import Any

import attrs

from realtime_sync.jsontypes import Json
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.dictionary import Dictionary, DictionaryCodec
from realtime_sync.wire.frames import Delta, Event
from realtime_sync.wire.samples import DICTIONARY_BYTES

ENOUGH_SAMPLES = 100
ENOUGH_SAMPLE_BYTES = 3 * DICTIONARY_BYTES
"""Whichever is reached first: about 55 deltas of a task graph."""

LARGEST_SAMPLE_BYTES = DICTIONARY_BYTES // 2
"""A larger delta has its own content to compress with, and would fill the dictionary alone."""

LONGEST_TEXT = 64
"""Longer strings are content, which is not said twice. Blanked, they make room for what is; and what one subscriber's
dictionary holds of a document that changed since is its scaffolding. (Of 118 bytes a frame this costs 2.)"""

TRIAL_DELTAS = 8
PAYS_WITHIN_DELTAS = 100
"""A dictionary costs each subscriber about 2 kB; it has to save them within as many deltas."""

WATCHED_EVERY = 17
"""Of these one is encoded without the dictionary, too. Not 16: every 32nd delta carries a checksum."""

WATCHED_DELTAS = 16
LOST = 0.25
"""The part of what the dictionary saved at first that may be lost before another one is tried."""

FIRST_REST_DELTAS = 500
LONGEST_REST_DELTAS = 8_000
"""After a dictionary that did not pay; each rest is twice as long as the one before."""


class Phase(enum.Enum):
    """What a trainer does with the next delta."""

    COLLECTING = "collecting"
    TRYING = "trying"
    WATCHING = "watching"
    RESTING = "resting"


@attrs.define
class _Comparison:
    """The size of the same deltas, as they were sent and in another way."""

    deltas: int = 0
    sent_bytes: int = 0
    other_bytes: int = 0

    def add(self, sent_bytes: int, other_bytes: int) -> None:
        self.deltas += 1
        self.sent_bytes += sent_bytes
        self.other_bytes += other_bytes


class DictionaryTrainer:
    """Finds the dictionary of one channel in one codec, and another one when it no longer pays.

    Samples are collected from live deltas, a dictionary is made of them (by zstd in 10 ms, by deflate at once), and it
    is tried on deltas that it has not seen: it is adopted when these would have become so much smaller that it soon
    pays for itself. While it is in use, one delta in 17 is measured without it.

    No clock, no thread, no lock: calls must not overlap. At most 28 KiB of samples are held.

    Args:
        codec: What encodes the deltas.

    Attributes:
        current: What to encode the next delta with; None until a dictionary was adopted.
        phase: What happens with the next delta.
    """

    def __init__(self, codec: DictionaryCodec) -> None:
        self.current: Dictionary | None = None
        self.phase = Phase.COLLECTING
        self._codec = codec
        self._samples: list[bytes] = []
        self._candidate: Dictionary | None = None
        self._comparison = _Comparison()
        self._saved_at_first: float | None = None
        self._unwatched = 0
        self._rest = 0
        self._next_rest = FIRST_REST_DELTAS
        self._observers: dict[Phase, Callable[[Delta, int], Dictionary | None]] = {
            Phase.COLLECTING: self._collect,
            Phase.TRYING: self._try,
            Phase.WATCHING: self._watch,
            Phase.RESTING: self._wait,
        }

    def observe(self, delta: Delta, encoded_bytes: int) -> Dictionary | None:
        """Take note of a live delta that was encoded with `current`.

        Args:
            delta: It is not kept, nor is any of its values.
            encoded_bytes: How large it became.

        Returns:
            A dictionary that was adopted just now, and is `current` from here on: to be sent to all who watch in this
            codec before the next delta; None nearly always.
        """
        if encoded_bytes > LARGEST_SAMPLE_BYTES:
            return None
        return self._observers[self.phase](delta, encoded_bytes)

    # ---- one method a phase ----------------------------------------------------------------------------------------

    def _collect(self, delta: Delta, encoded_bytes: int) -> None:
        sample = self._codec.sample(frame_to_compact(blanked(delta)))
        if len(sample) <= LARGEST_SAMPLE_BYTES:
            self._samples.append(sample)
        if len(self._samples) >= ENOUGH_SAMPLES or sum(map(len, self._samples)) >= ENOUGH_SAMPLE_BYTES:
            self._candidate = self._codec.dictionary_of(self._samples)
            self._samples = []
            if self._candidate is None:
                self._begin_rest()
            else:
                self._begin(Phase.TRYING)

    def _try(self, delta: Delta, encoded_bytes: int) -> Dictionary | None:
        assert self._candidate is not None, "a trial is a trial of something"
        self._comparison.add(encoded_bytes, len(self._codec.encode_with(frame_to_compact(delta), self._candidate)))
        if self._comparison.deltas < TRIAL_DELTAS:
            return None
        candidate, self._candidate = self._candidate, None
        saved_bytes = self._comparison.sent_bytes - self._comparison.other_bytes
        if saved_bytes * PAYS_WITHIN_DELTAS < len(self._codec.enclose(candidate)) * TRIAL_DELTAS:
            self._begin_rest()
            return None
        self.current = candidate
        self._saved_at_first = None
        self._next_rest = FIRST_REST_DELTAS
        self._begin(Phase.WATCHING)
        return candidate

    def _watch(self, delta: Delta, encoded_bytes: int) -> None:
        self._unwatched += 1
        if self._unwatched < WATCHED_EVERY:
            return
        self._unwatched = 0
        self._comparison.add(encoded_bytes, len(self._codec.encode(frame_to_compact(delta))))
        if self._comparison.deltas < WATCHED_DELTAS:
            return
        saved = 1 - self._comparison.sent_bytes / self._comparison.other_bytes
        if self._saved_at_first is None:
            self._saved_at_first = saved
        has_lost = saved < self._saved_at_first * (1 - LOST)
        self._begin(Phase.COLLECTING if has_lost else Phase.WATCHING)

    def _wait(self, delta: Delta, encoded_bytes: int) -> None:
        self._rest -= 1
        if self._rest <= 0:
            self._begin(Phase.COLLECTING if self.current is None else Phase.WATCHING)

    def _begin_rest(self) -> None:
        self._rest = self._next_rest
        self._next_rest = min(LONGEST_REST_DELTAS, 2 * self._next_rest)
        self._begin(Phase.RESTING)

    def _begin(self, phase: Phase) -> None:
        self.phase = phase
        self._comparison = _Comparison()


# ---- samples -------------------------------------------------------------------------------------------------------


def blanked(delta: Delta) -> Delta:
    """Return `delta` without the long texts in its values; names and paths stay."""
    patch = [
        operation | {"value": _without_long_texts(operation["value"])} if "value" in operation else operation
        for operation in delta.patch
    ]
    events = tuple(Event(event.name, _without_long_texts(event.data)) for event in delta.events)
    return attrs.evolve(delta, patch=patch, events=events)


def _without_long_texts(value: Json) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else ""
    if isinstance(value, dict):
        return {key: _without_long_texts(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_long_texts(element) for element in value]
    return value
