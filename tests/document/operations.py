"""Random operations that a given document allows: the material of the tests of `compose` and `first_overlap`."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import attrs

from realtime_sync.document.patch import apply_patch
from realtime_sync.document.pointer import escape_token
from realtime_sync.errors import PatchError
from realtime_sync.jsontypes import Json, Operation, Patch

KEYS = ("a", "b", "0", "1", "2", "-", "01", "id", "", "a/b")
"""Few, so that operations meet; half of them look like indexes."""


@attrs.frozen
class History:
    """A document, the patches that were applied to it one after the other, and what came out."""

    document: Json
    patches: list[Patch]
    result: Json

    @property
    def operations(self) -> Patch:
        return [operation for patch in self.patches for operation in patch]


def random_history(rng: random.Random, *, patches: int = 4, operations: int = 5) -> History:
    """Return a history of up to that many patches, of up to that many operations each."""
    document = random_document(rng, 3)
    current, history = document, []
    for _ in range(rng.randint(1, patches)):
        patch, current = random_patch(rng, current, rng.randint(1, operations))
        history.append(patch)
    return History(document, history, current)


def random_patch(rng: random.Random, document: Json, operations: int) -> tuple[Patch, Json]:
    """Return a patch for `document`, and what it makes of it."""
    patch: Patch = []
    for _ in range(operations):
        operation, document = random_operation(rng, document)
        patch.append(operation)
    return patch, document


def random_operation(rng: random.Random, document: Json) -> tuple[Operation, Json]:
    """Return an operation that applies to `document`, and what it makes of it."""
    places = list(_places(document, ""))
    while True:
        op = rng.choice(("add", "add", "add", "remove", "remove", "replace", "replace", "append", "append", "any"))
        op = rng.choice(("move", "copy", "test")) if op == "any" else op
        operation = _operation(rng, op, places)
        try:
            return operation, apply_patch(document, [operation])
        except PatchError:
            continue  # a list's end, a number to append to, a move into itself: try another


def _operation(rng: random.Random, op: str, places: list[tuple[str, Json]]) -> Operation:
    path, value = rng.choice(places)
    if path == "" and rng.random() < 0.9:  # or else every history is soon a replaced document
        path, value = rng.choice(places)
    match op:
        case "add":
            return {"op": op, "path": _new_place(rng, path, value), "value": random_document(rng, 2)}
        case "remove":
            return {"op": op, "path": path}
        case "replace":
            return {"op": op, "path": path, "value": random_document(rng, 2)}
        case "append":
            return {"op": op, "path": path, "value": rng.choice(("q", "rs", ""))}
        case "test":
            return {"op": op, "path": path, "value": copy.deepcopy(value)}
        case _:
            return {"op": op, "from": path, "path": _new_place(rng, *rng.choice(places))}


def _new_place(rng: random.Random, path: str, value: Json) -> str:
    if isinstance(value, dict):
        return f"{path}/{escape_token(rng.choice(KEYS))}"
    if isinstance(value, list):
        return f"{path}/{rng.choice(('-', rng.randint(0, len(value)), rng.randint(0, len(value))))}"
    return path


def _places(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    yield path, value
    if isinstance(value, (dict, list)):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for token, child in children:
            yield from _places(child, f"{path}/{escape_token(str(token))}")


def random_document(rng: random.Random, depth: int) -> Any:
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return rng.choice((1, True, None, "x", "yz", 0.5, 0))
    if kind < 0.7:
        return [random_document(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): random_document(rng, depth - 1) for _ in range(rng.randrange(4))}
