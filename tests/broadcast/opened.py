"""Everything that one client was sent, as text in which something can be searched for."""

import json
from typing import Any

from realtime_sync.limits import Limits
from realtime_sync.replication.assembly import Assembly
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import Dictionary, dictionary_from_body, is_dictionary_body, uses_dictionary
from realtime_sync.wire.parts import Part, is_part


class Opened:
    """Reads messages as no client would: whatever they hold is taken out, whether or not it belongs to anything.

    Args:
        codec: Of what comes as bytes.

    Attributes:
        forms: In which forms something came: "plain", "bytes", "part", "dictionary", "compressed with a dictionary".
    """

    def __init__(self, codec: str) -> None:
        self.forms: set[str] = set()
        self._codec = get_codec(codec)
        self._texts: list[str] = []
        self._assembly = Assembly(Limits().max_encoded_bytes)
        self._dictionaries: dict[str, Dictionary] = {}

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self._texts)

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Read one message."""
        self._texts.append(event)
        for argument in arguments:
            self._read(argument)

    def _read(self, value: Any) -> None:
        if isinstance(value, bytes):
            self._read_bytes(value)
        elif is_dictionary_body(value):
            self._read_dictionary(value)
        elif is_part(value):
            self.forms.add("part")
            whole = self._assembly.add(Part.from_wire(value), codec=self._codec.name)
            if whole is not None:
                self._read_bytes(whole) if isinstance(value["data"], bytes) else self._read(json.loads(whole))
        else:
            self.forms.add("plain")
            self._texts.append(json.dumps(value, ensure_ascii=False))

    def _read_bytes(self, data: bytes) -> None:
        self.forms.add("bytes")
        if not uses_dictionary(self._codec):
            decoded = self._codec.decode(data)
        else:
            decoded = self._codec.decode_with(data, self._dictionaries)
            if data[0] == 2:
                self.forms.add("compressed with a dictionary")
        self._texts.append(json.dumps(decoded, ensure_ascii=False))

    def _read_dictionary(self, body: dict[str, Any]) -> None:
        self.forms.add("dictionary")
        assert uses_dictionary(self._codec)
        dictionary = dictionary_from_body(body, self._codec)
        self._dictionaries[dictionary.id] = dictionary
        self._texts.append(dictionary.content.decode(errors="replace"))
