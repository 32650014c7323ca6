"""Pairs of documents that differ, seeded: random ones, and kinds that are made to be got wrong.

Faster than hypothesis, so more of them. The benchmarks try the rivals on the same kinds.
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json
from realtime_sync.testing.strategies import ADVERSARIAL_KEYS, TRAPS, edit_somewhere

Pair: TypeAlias = tuple[Json, Json]


def random_pairs(count: int, seed: int = 0) -> Iterator[Pair]:
    """Yield documents before and after some random edits."""
    rng = random.Random(seed)
    for _ in range(count):
        old = random_value(rng, 4)
        yield old, edited(rng, old, rng.randint(1, 5), lambda: random_value(rng, 2))


def adversarial_pairs(count: int, seed: int = 1_000) -> Iterator[Pair]:
    """Yield as many pairs of each kind in `ADVERSARIAL`."""
    rng = random.Random(seed)
    kinds = list(ADVERSARIAL.values())
    for number in range(count):
        yield kinds[number % len(kinds)](rng)


def random_value(rng: random.Random, depth: int) -> Any:
    """Return a document of up to `depth` containers inside each other."""
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return rng.choice(TRAPS)
    if kind < 0.7:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(5))]
    return {
        rng.choice(("id", "a", "b", "", "/", "~1", "0", "-", "name")): random_value(rng, depth - 1) for _ in range(4)
    }


def random_element(rng: random.Random) -> Any:
    """Return an element of a list; many have an identity, or lack one, in ways that can be mistaken."""
    return rng.choice(
        (
            lambda: rng.choice(TRAPS),
            lambda: {"id": rng.randrange(12), "text": rng.choice(("a", "ab", "abc"))},
            lambda: {"id": rng.choice((True, None, 1.0, "1")), "n": rng.randrange(3)},
            lambda: {"source": rng.randrange(4), "target": rng.randrange(4)},
            lambda: [rng.randrange(3), [rng.randrange(2)]],
        )
    )()


def edited(rng: random.Random, old: Any, edits: int, value: Callable[[], Json]) -> Any:
    """Return a deep copy of `old` after that many edits anywhere in it."""
    holder = [copy.deepcopy(old)]
    for _ in range(edits):
        edit_somewhere(holder, rng.randrange, value)
    return holder[0]


# ---- what is made to be got wrong ----------------------------------------------------------------------------------

_LOOKALIKES: tuple[tuple[Any, ...], ...] = (
    *((True, 1), (True, 1.0), (False, 0), (False, -0.0)),
    (True, 1, 1.0, "1", "true"),
    (False, 0, 0.0, -0.0, "0", None, ""),
    ([], {}, None, ""),
    ([0], {"0": 0}, "0"),
)
"""Values that some language takes for one another."""

_TEXTS = (
    "",
    "a",
    "e\u0301",
    "\u00e9",
    "\u65e5\u672c",
    "\U0001f600",
    "\u2028",
    "\x00",
    '"\\',
    "\ufeff",
    "\uffff",
    "\x7f",
)

_NUMBERS = (
    *(0, -0.0, 0.1, -0.1, 1e16, -1e16, 1e-7, 5e-324, -5e-324, 2.2250738585072014e-308),
    *(1.7976931348623157e308, -1.7976931348623157e308, 0.30000000000000004, 1e21, 123456789012345.67),
    *(MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER - 1, 2**31, -(2**31) - 1, 2**32),
)


def _types(rng: random.Random) -> Pair:
    group = rng.choice(_LOOKALIKES)
    before, after = rng.sample(group, 2)
    keep = "a text that nobody would rather send again with all that is around it"
    wrap = rng.choice(
        (
            lambda value: {"value": value, "keep": keep},
            lambda value: [keep, value, value],
            lambda value: {"rows": [{"id": number, "v": value} for number in range(9)], "keep": keep},
            lambda value: {f"key {number}": value if number == 30 else number for number in range(60)},
        )
    )
    return wrap(copy.deepcopy(before)), wrap(copy.deepcopy(after))


def _keys(rng: random.Random) -> Pair:
    old = {key: rng.choice(TRAPS) for key in rng.sample(ADVERSARIAL_KEYS, 12)}
    for key in rng.sample(ADVERSARIAL_KEYS, 3):
        old[key] = {rng.choice(ADVERSARIAL_KEYS): ["kept, and long enough to be worth a path", rng.randrange(9)]}
    return old, edited(rng, old, rng.randint(1, 6), lambda: rng.choice(TRAPS))


def _unicode(rng: random.Random) -> Pair:
    def text() -> str:
        return "".join(rng.choices(_TEXTS, k=rng.randrange(6)))

    old = {text(): [text() for _ in range(rng.randrange(4))] for _ in range(6)}
    new = edited(rng, old, rng.randint(1, 4), text)
    return old, new


def _growing_texts(rng: random.Random) -> Pair:
    old = {name: "".join(rng.choices(_TEXTS, k=30)) for name in "abcd"}
    return old, {name: text + rng.choice(_TEXTS) if rng.random() < 0.7 else text[1:] for name, text in old.items()}


def _numbers(rng: random.Random) -> Pair:
    old = [rng.choice(_NUMBERS) for _ in range(rng.randrange(1, 20))]
    new = [rng.choice(_NUMBERS) if rng.random() < 0.2 else number for number in old]
    return {"numbers": old, "first": old[0]}, {"numbers": new, "first": rng.choice((new[0], -old[0], old[0] + 0.5))}


def _repeats(rng: random.Random) -> Pair:
    old = rng.choices(TRAPS[:9], k=rng.choice((3, 10, 40)))
    new = list(old)
    rng.shuffle(new)
    return old, new[rng.randrange(3) :]


def _elements(rng: random.Random) -> Pair:
    old = [random_element(rng) for _ in range(rng.choice((0, 1, 2, 5, 40)))]
    new = copy.deepcopy(old)
    if rng.random() < 0.6:
        rng.shuffle(new)
    return old, edited(rng, new, rng.randint(0, 6), lambda: random_element(rng))


def _rows(rng: random.Random) -> Pair:
    identity = rng.choice(("id", "task_id", "name", "number"))
    old = [{identity: f"n{number}", "text": "some words that stay", "n": number % 3} for number in range(30)]
    new: list[Any] = copy.deepcopy(old)
    for _ in range(rng.randint(1, 5)):
        new.insert(rng.randrange(len(new)), new.pop(rng.randrange(len(new))))
        new[rng.randrange(len(new))][rng.choice((identity, "text", "n"))] = rng.choice(TRAPS)
        new.insert(rng.randrange(len(new)), copy.deepcopy(new[rng.randrange(len(new))]))  # one identity twice
    return old, new


def _unrelated(rng: random.Random) -> Pair:
    return random_value(rng, 3), random_value(rng, 3)


def _deep(rng: random.Random) -> Pair:
    old: Any = random_value(rng, 1)
    new = edited(rng, old, 2, lambda: rng.choice(TRAPS))
    for level in range(rng.randint(30, 120)):
        old, new = ([old, level], [new, level]) if rng.random() < 0.5 else ({"~/": old}, {"~/": new})
    return old, new


ADVERSARIAL: dict[str, Callable[[random.Random], Pair]] = {
    "types": _types,
    "keys": _keys,
    "unicode": _unicode,
    "growing texts": _growing_texts,
    "numbers": _numbers,
    "lists with repeats": _repeats,
    "lists of anything": _elements,
    "rows with identities": _rows,
    "unrelated": _unrelated,
    "deep": _deep,
}
"""Kinds of pairs, by what they are likely to be got wrong in."""
