"""The dictionaries that one channel's deltas are compressed with."""

from collections.abc import Collection
from typing import Any

import attrs

from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import Dictionary, dictionary_body, uses_dictionary
from realtime_sync.wire.frames import Delta
from realtime_sync.wire.training import DictionaryTrainer


@attrs.frozen
class DictionaryBody:
    """A dictionary as it travels; never in parts.

    Attributes:
        id: Of the dictionary.
        value: What is handed to the transport.
        size_bytes: Its size, without the transport's own header.
    """

    id: str
    value: dict[str, Any]
    size_bytes: int


class Dictionaries:
    """One dictionary for each codec that can use one, once enough live deltas were seen to make it of."""

    def __init__(self) -> None:
        self._trainers: dict[str, DictionaryTrainer] = {}
        self._bodies: dict[str, DictionaryBody] = {}  # of the current ones, by codec

    def current(self, codec: str) -> Dictionary | None:
        """Return what the next delta in `codec` is compressed with."""
        trainer = self._trainers.get(codec)
        return None if trainer is None else trainer.current

    def learn(self, delta: Delta, codec: str, encoded_bytes: int) -> DictionaryBody | None:
        """Take note of a live delta; return a dictionary that all need who watch in `codec`, before the next delta."""
        trainer = self._trainer(codec)
        if trainer is None or trainer.observe(delta, encoded_bytes) is None:
            return None
        return self._current_body(codec)

    def unless_held(self, codec: str, held: Collection[str]) -> DictionaryBody | None:
        """Return what one who holds the dictionaries `held` needs to read the next delta."""
        body = self._current_body(codec)
        return None if body is None or body.id in held else body

    def _trainer(self, codec: str) -> DictionaryTrainer | None:
        trainer = self._trainers.get(codec)
        if trainer is None and uses_dictionary(kind := get_codec(codec)):
            trainer = self._trainers[codec] = DictionaryTrainer(kind)
        return trainer

    def _current_body(self, codec: str) -> DictionaryBody | None:
        dictionary, body = self.current(codec), self._bodies.get(codec)
        if dictionary is None or (body is not None and body.id == dictionary.id):
            return body
        kind = get_codec(codec)
        assert uses_dictionary(kind), "only such a codec has a trainer"
        value = dictionary_body(dictionary, kind)
        body = self._bodies[codec] = DictionaryBody(dictionary.id, value, len(value["data"]))
        return body
