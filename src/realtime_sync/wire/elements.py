"""What a message would weigh, found on its bytes before anything is built from them.

`{},` is 3 bytes on the wire and 72 in memory, `{"":` with its `}` 5 and 200; five bytes of msgpack announce a list of
four billion. A parser that is told nothing builds it all and is asked afterwards.
"""

import math
import re
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate
from struct import Struct
from struct import error as StructError

import attrs

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.jsontypes import MAX_SAFE_INTEGER
from realtime_sync.limits import Limits

ENVELOPE_DEPTH = 4
"""Containers that a frame puts around a value: in the compact form itself, its extra members, the events and one."""

_MEMORY_PER_DECODED_BYTE = 4
_UNQUESTIONED_MEMORY = 64 * 2**20
"""What any message may take, however low `max_decoded_bytes` is."""

_HEAVIEST_BYTE = 64
"""No byte of JSON takes more memory: objects inside objects, 5 bytes each as `{"":` and `}`, take 50 a byte."""


@attrs.frozen
class Survey:
    """What is in a message, and what it takes to build it.

    Attributes:
        elements: Values, containers included.
        members: Keys, each with a value.
        lists: Lists among the values.
        objects: Objects among the values.
        depth: Containers inside containers.
        text_bytes: Memory of the characters of all strings.
        parser_bytes: Memory of the message and of what the parser keeps beside the result.
    """

    elements: int
    members: int
    lists: int
    objects: int
    depth: int
    text_bytes: int
    parser_bytes: int

    @property
    def memory_bytes(self) -> int:
        """The peak while it is decoded, on CPython with 64 bits.

        Keys are taken for repeated ones, which both parsers share: 500,000 different ones take 30 MiB more.
        """
        scalars = self.elements - self.lists - self.objects
        # An object without members has no table, the smallest table has room for five.
        tables = 36 * self.members + 84 * min(self.objects, self.members)
        built = 56 * (scalars + self.lists) + 64 * self.objects + 8 * self.elements + tables
        return built + self.text_bytes + self.parser_bytes


def admit_json(data: bytes, codec: str, limits: Limits) -> None:
    """Refuse JSON text that is heavier or deeper than `limits` allows.

    Depth is checked here because orjson's own bound of 1,024 levels takes more stack than a thread of 64 KiB has.

    Raises:
        LimitExceeded: Too many elements, too deep, or too much memory.
    """
    small = len(data) <= limits.max_elements and len(data) * _HEAVIEST_BYTE <= _allowed_memory(limits)
    openings = data.count(b"[") + data.count(b"{")
    if not small or openings > limits.max_depth + ENVELOPE_DEPTH:
        _refuse_heavy(survey_json, data, codec, limits)


def admit_msgpack(data: bytes, codec: str, limits: Limits) -> None:
    """Refuse MessagePack that is heavier or deeper than `limits` allows, or that means no JSON.

    Raises:
        LimitExceeded: Too many elements, too deep, or too much memory.
        DecodeError: Binary or extension types, numbers that JSON has not, more or fewer bytes than one value.
    """
    _refuse_heavy(survey_msgpack, data, codec, limits)


def _refuse_heavy(survey_of: Callable[..., Survey], data: bytes, codec: str, limits: Limits) -> None:
    survey = survey_of(data, codec, limits)
    allowed = _allowed_memory(limits)
    heaviest = survey.memory_bytes + 3 * len(data)  # if all text were of the widest characters
    if survey.memory_bytes <= allowed < heaviest and (b"\\u" in data or not data.isascii()):
        survey = survey_of(data, codec, limits, weigh_text=True)
    if survey.memory_bytes > allowed:
        raise LimitExceeded(codec, "max_memory_bytes", allowed, survey.memory_bytes)


def _refuse_many(elements: int, depth: int, codec: str, limits: Limits) -> None:
    if elements > limits.max_elements:
        raise LimitExceeded(codec, "max_elements", limits.max_elements, elements)
    if depth > limits.max_depth + ENVELOPE_DEPTH:
        raise LimitExceeded(codec, "max_depth", limits.max_depth, depth - ENVELOPE_DEPTH)


def _allowed_memory(limits: Limits) -> int:
    return limits.max_memory_bytes or max(_UNQUESTIONED_MEMORY, _MEMORY_PER_DECODED_BYTE * limits.max_decoded_bytes)


# JSON

_CHUNK_BYTES = 2**16
_SPACE = b" \t\n\r"
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = bytes({ord("["): 1, ord("{"): 1, ord("]"): 255, ord("}"): 255}.get(byte, 0) for byte in range(256))
"""What a bracket does to the depth, as a signed byte."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def survey_json(data: bytes, codec: str, limits: Limits, *, weigh_text: bool = False) -> Survey:
    """Return what is in JSON text; where it stops being JSON, at least what came before.

    Args:
        data: Anything.
        codec: Name of the codec, for the errors.
        limits: `max_elements` and `max_depth` end the survey.
        weigh_text: Whether to look how wide each string's characters are; else they count as one byte each.
    """
    elements, members, lists, objects, depth, deepest, outside_bytes = 1, 0, 0, 0, 0, 0, 0
    for outside in _outside_strings(_without_escapes(data)):
        outside_bytes += len(outside)
        lists += outside.count(b"[")
        objects += outside.count(b"{")
        members += outside.count(b":")
        # A container has one element more than commas, unless it is empty.
        elements += outside.count(b",") - outside.count(b"[]") - outside.count(b"{}")
        steps = array("b", outside.translate(_STEPS, _NO_BRACKETS))
        deepest = max(deepest, max(accumulate(steps, initial=depth)))
        depth += sum(steps)
        _refuse_many(elements + lists + objects, deepest, codec, limits)
    elements += lists + objects
    text_bytes = len(data) - outside_bytes
    if weigh_text:
        strings = (match.span() for match in _STRING.finditer(data))
        text_bytes += sum(max(0, _wide_bytes(data, start, end) - (end - start)) for start, end in strings)
    # orjson copies the text, and holds 16 bytes for each key and value in an array that grows by half.
    parser_bytes = 2 * len(data) + 20 * (elements + members)
    return Survey(elements, members, lists, objects, deepest, text_bytes, parser_bytes)


def _without_escapes(data: bytes) -> bytes:
    """Return JSON text whose every quote begins or ends a string."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return data


def _outside_strings(text: bytes) -> Iterator[bytes]:
    """Yield what is not in strings, without spaces and with a quote in place of each string: `[""]` is not empty."""
    inside, held = 0, b""
    for start in range(0, len(text), _CHUNK_BYTES):
        pieces = text[start : start + _CHUNK_BYTES].split(b'"')
        outside = held + (b'"' * inside + b'"'.join(pieces[inside::2])).translate(None, _SPACE)
        inside ^= (len(pieces) - 1) % 2
        held = outside[-1:] if outside.endswith((b"[", b"{")) else b""  # so that no chunk ends within `[]`
        yield outside[: len(outside) - len(held)]
    yield held


# MessagePack

_FIXED = tuple(
    1
    if byte < 0x80 or byte >= 0xE0 or byte in (0xC0, 0xC2, 0xC3)  # small integers, nil, false, true
    else 1 + (byte & 0x1F)
    if 0xA0 <= byte < 0xC0  # strings of up to 31 bytes
    else {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xD0: 2, 0xD1: 3, 0xD2: 5}.get(byte, 0)  # integers of up to 32 bits
    for byte in range(256)
)
"""Size of a value by its first byte; 0 where that does not tell, or where the value must be looked at."""

_FIXED_BUT_STRINGS = tuple(0 if 0xA0 <= byte < 0xC0 else size for byte, size in enumerate(_FIXED))
_NUMBERS = {0xCA: Struct(">f"), 0xCB: Struct(">d"), 0xCF: Struct(">Q"), 0xD3: Struct(">q")}
_LENGTH_BYTES = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_STRINGS = frozenset([*range(0xA0, 0xC0), 0xD9, 0xDA, 0xDB])
_MAPS = frozenset([*range(0x80, 0x90), 0xDE, 0xDF])


def survey_msgpack(data: bytes, codec: str, limits: Limits, *, weigh_text: bool = False) -> Survey:
    """Return what is in one MessagePack value, after it was found to be JSON but for its keys and its UTF-8.

    What a header announces is compared with the bytes that are left, and with `max_elements`, before it is looked at.
    One long loop: 70 ns a value, where calls would make it 200.
    """
    fixed, short_string = (_FIXED_BUT_STRINGS, None) if weigh_text else (_FIXED, 0xD9)
    waiting: list[int] = []  # how many values are to come in each container around this one
    position, left = 0, 1  # how many are to come in this one
    elements, members, lists, objects, depth, text_bytes = 1, 0, 0, 0, 0, len(data)
    try:
        while True:
            while left:
                left -= 1
                byte = data[position]
                if size := fixed[byte]:
                    position += size
                    continue
                if byte == short_string:
                    position += 2 + data[position + 1]
                    continue
                if byte < 0xA0:
                    length = byte & 0x0F
                    position += 1
                elif byte in _NUMBERS:
                    position += _number(data, position, codec)
                    continue
                else:
                    length, position = _length(data, position, codec)
                    if byte in _STRINGS:
                        if weigh_text:
                            # Added, not put in place: msgpack holds the narrow string while it widens it.
                            text_bytes += _wide_bytes(data, position, position + length)
                        position += length
                        continue
                if length > len(data) - position:
                    raise IndexError
                elements += length
                waiting.append(left)
                depth = max(depth, len(waiting))
                _refuse_many(elements, depth, codec, limits)
                left = length
                if byte in _MAPS:
                    objects += 1
                    members += length
                    left += length
                else:
                    lists += 1
            if not waiting:
                break
            left = waiting.pop()
    except (IndexError, StructError):
        raise DecodeError(codec, "the message is cut short") from None
    if position != len(data):
        raise DecodeError(codec, "the message is cut short" if position > len(data) else "bytes follow the message")
    return Survey(elements, members, lists, objects, depth, text_bytes, parser_bytes=len(data))


def _length(data: bytes, position: int, codec: str) -> tuple[int, int]:
    """Return the length that a header announces, and the position after the header."""
    byte = data[position]
    if byte < 0xA0:
        return byte & 0x0F, position + 1
    if byte < 0xC0:
        return byte & 0x1F, position + 1
    if width := _LENGTH_BYTES.get(byte):
        end = position + 1 + width
        return int.from_bytes(data[position + 1 : end], "big"), end
    raise DecodeError(codec, f"0x{byte:02x} begins a value that is no JSON")


def _number(data: bytes, position: int, codec: str) -> int:
    """Return the size of a number of 32 or 64 bits that JSON has, too."""
    layout = _NUMBERS[data[position]]
    (number,) = layout.unpack_from(data, position + 1)
    if isinstance(number, int):
        refuse_unsafe_integer(number, codec)
    elif not math.isfinite(number):
        raise DecodeError(codec, f"{number} is no JSON number")
    return 1 + layout.size


def refuse_unsafe_integer(number: int, codec: str) -> None:
    """Raise DecodeError for an integer that a JavaScript number could not hold."""
    if not -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER:
        raise DecodeError(codec, f"the integer {number} is beyond +-(2**53 - 1)")


# Text: CPython holds every character of a string in as many bytes as the widest one needs.

_CONTINUATION = bytes(range(0x80, 0xC0))
_ALL_BUT_LEADS_OF_WIDE = bytes(byte for byte in range(256) if not 0xC4 <= byte <= 0xF4)  # from U+0100
_ALL_BUT_LEADS_OF_WIDEST = bytes(byte for byte in range(256) if not 0xF0 <= byte <= 0xF4)  # from U+10000
_WIDE_HEADER_BYTES = 24
"""How much longer the header of a string is that is not ASCII."""


def _wide_bytes(data: bytes, start: int, end: int) -> int:
    """Return the memory of a string whose characters need more than a byte each; 0 for any other."""
    text = data[start:end]
    if text.translate(None, _ALL_BUT_LEADS_OF_WIDEST) or b"\\ud" in text or b"\\uD" in text:
        width = 4
    elif text.translate(None, _ALL_BUT_LEADS_OF_WIDE) or b"\\u" in text:
        width = 2
    else:
        return 0
    return width * len(text.translate(None, _CONTINUATION)) + _WIDE_HEADER_BYTES
