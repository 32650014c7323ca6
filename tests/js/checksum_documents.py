"""Print as many random documents as asked for, with the checksums that Python gives them, one JSON object a line.

Shape of a line: `{"document": ..., "pointers": [...], "expected": crc32}`.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from realtime_sync.document.checksum import checksum
from realtime_sync.document.pointer import format_pointer
from realtime_sync.jsontypes import Json
from realtime_sync.testing.strategies import ADVERSARIAL_KEYS, TRAPS, edit_somewhere

ALPHABET = "a\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff"
"""The first and last characters of each length in UTF-8, and around the surrogates, by which UTF-16 is ordered."""


def documents(seed: int, count: int) -> Iterator[Json]:
    """Yield documents, each a few edits away from the one before."""
    draw = random.Random(seed)

    def text() -> str:
        return "".join(draw.choices(ALPHABET, k=draw.randrange(4)))

    def value() -> Json:
        kinds: list[Callable[[], Json]] = [
            lambda: draw.choice(TRAPS),
            lambda: draw.uniform(-1, 1) * 10.0 ** draw.randint(-300, 300),
            lambda: draw.randint(-(2**53) + 1, 2**53 - 1),
            text,
            lambda: text() * 400,
            lambda: {text(): number for number in range(draw.randrange(6))},
            lambda: {draw.choice(ADVERSARIAL_KEYS): text() for _ in range(draw.randrange(6))},
            lambda: [text() for _ in range(draw.randrange(6))],
        ]
        return draw.choice(kinds)()

    holder: list[Any] = [{}]
    for _ in range(count):
        for _ in range(4):
            edit_somewhere(holder, draw.randrange, value)
        if len(json.dumps(holder)) > 20_000:
            holder = [value()]
        yield holder[0]


def places(document: Json, tokens: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Yield the pointers of a document's first two levels, their shapes, and some of nothing."""
    pointer = format_pointer(tokens)
    yield from (pointer, f"#{pointer}", f"{pointer}/gone")
    if isinstance(document, (dict, list)) and len(tokens) < 2:
        for name, child in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(child, (*tokens, name))


if __name__ == "__main__":
    for document in documents(seed=int(sys.argv[1]), count=int(sys.argv[2])):
        for pointers in ([""], list(places(document))):
            print(json.dumps({"document": document, "pointers": pointers, "expected": checksum(document, pointers)}))
