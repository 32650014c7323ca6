"""What tokens cost at the end of a text of a megabyte.

pytest benchmarks/test_text.py
"""

from collections.abc import Callable

import pytest

from benchmarks.timing import Timing
from realtime_sync.document.diff import diff
from realtime_sync.document.draft import draft
from realtime_sync.jsontypes import Patch

TABLE = "text"
MEGABYTE = 2**20
TOKENS = 1_000


def append_text(tokens: int) -> Patch:
    with draft(DOCUMENT) as d:
        for _ in range(tokens):
            d.append_text("/text", " token")
    return d.patch


def plus_equals(tokens: int) -> Patch:
    with draft(DOCUMENT) as d:
        for _ in range(tokens):
            d["text"] += " token"
    return d.patch


DOCUMENT = {"text": "x" * MEGABYTE}
WRITES: dict[str, Callable[[int], Patch]] = {"append_text": append_text, "+=": plus_equals}


@pytest.mark.parametrize("tokens", [1, TOKENS])
@pytest.mark.parametrize("name", WRITES)
def test_tokens_in_one_draft(timing: Timing, name: str, tokens: int) -> None:
    write = WRITES[name]
    assert write(tokens) == [{"op": "append", "path": "/text", "value": " token" * tokens}]
    timing(
        f"{name}, {tokens:,} in one draft", write, [tokens], size=tokens, rounds=20 if tokens > 1 else 200, right=True
    )


def test_diff_of_the_text(timing: Timing) -> None:
    grown = {"text": DOCUMENT["text"] + " token"}
    patches = []
    timing(
        "diff of the two texts",
        lambda new: patches.append(diff(DOCUMENT, new, text_append=True)),
        [grown],
        size=1,
        rounds=50,
    )
    assert patches[-1] == [{"op": "append", "path": "/text", "value": " token"}]
    timing.add(right=True)
