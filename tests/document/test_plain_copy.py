"""The copy in C is the one that Python makes, or none: nothing special gets through it, and nothing breaks it."""

import collections
import gc
import math
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document import target
from realtime_sync.document.normalize import PLAIN_COPIES, Normalizer, PlainCopy
from realtime_sync.errors import InvalidValue
from realtime_sync.jsontypes import MAX_SAFE_INTEGER
from realtime_sync.limits import Limits
from realtime_sync.testing.strategies import json_values
from tests.document.implementations import plain_copy_in_use

IN_C = PLAIN_COPIES["C"] if "C" in PLAIN_COPIES else PLAIN_COPIES["Python"]
"""The extension, or what stands for it where there is none."""

DEPTH, ELEMENTS = 20, 1_000


def copied(value: object) -> Any:
    return IN_C(value, 0, DEPTH, ELEMENTS)


def test_it_is_in_use_where_it_could_be_built() -> None:
    value = {"a": [1, (2.5, None), {"b": "text \U0001f600"}]}
    expected = {"Python": NotImplemented, "C": {"a": [1, [2.5, None], {"b": "text \U0001f600"}]}}
    for name, plain_copy in PLAIN_COPIES.items():
        assert plain_copy(value, 0, DEPTH, ELEMENTS) == expected[name]
        assert plain_copy(value, 0, 3, 8) == expected[name]  # as deep and as many values as it has


# ---- the same as Python's --------------------------------------------------------------------------------------------


class Text(str):
    pass


class Number(int):
    pass


class Real(float):
    pass


class Row(tuple[Any, ...]):
    pass


SPECIAL: tuple[Callable[[Any], Any], ...] = (
    lambda _: math.nan,
    lambda _: -math.inf,
    lambda _: MAX_SAFE_INTEGER + 1,
    lambda _: -MAX_SAFE_INTEGER - 1,
    lambda _: 2**70,
    lambda _: "a\ud800",
    lambda _: Text("a"),
    lambda _: Text("\udfff"),
    lambda _: Number(1),
    lambda _: Real("nan"),
    lambda _: b"bytes",
    lambda _: {1, 2},
    lambda _: object(),
    lambda value: Row([value]),
    lambda value: collections.OrderedDict(a=value),
    lambda value: collections.deque([value]),
    lambda value: {Text("key"): value},
    lambda value: {1: value},
    lambda value: {"\ud800": value},
    lambda value: (value, value),
    lambda value: {"é€": value, "\U0001f600": [value]},
)


def outcome(value: Any, name: str, normalizer: Normalizer) -> str:
    with plain_copy_in_use(PLAIN_COPIES[name]):
        try:
            return repr(normalizer(value, "/at", 2))
        except InvalidValue as error:
            return f"refused {error}"


def spoiled(value: Any, rng: random.Random) -> Any:
    """Return `value` with something special inside, most of the times."""
    if rng.random() < 0.15:
        return rng.choice(SPECIAL)(value)
    if isinstance(value, dict):
        return {key: spoiled(member, rng) for key, member in value.items()}
    if isinstance(value, list):
        return [spoiled(element, rng) for element in value]
    return value


@given(json_values(), st.randoms(use_true_random=False))
def test_what_comes_out_does_not_depend_on_who_copied(value: Any, rng: random.Random) -> None:
    something = spoiled(value, rng)
    for normalizer in (Normalizer(), Normalizer(limits=Limits(max_depth=4)), Normalizer(limits=Limits(max_elements=5))):
        assert len({outcome(something, name, normalizer) for name in PLAIN_COPIES}) == 1


@pytest.mark.parametrize("special", range(len(SPECIAL)))
def test_no_place_hides_what_is_special(special: int) -> None:
    value = SPECIAL[special]([1])
    wraps: tuple[Callable[[Any], Any], ...] = (
        lambda it: it,
        lambda it: [it],
        lambda it: ("first", it),
        lambda it: {"a": it},
        lambda it: {"a": {"b": [0, {"c": [it]}]}, "d": []},
    )
    for wrap in wraps:
        assert len({outcome(wrap(value), name, Normalizer()) for name in PLAIN_COPIES}) == 1


def test_no_container_is_shared_with_the_original() -> None:
    value: dict[str, Any] = {"list": [[1], {"a": [2]}], "object": {"b": {"c": 3}}, "tuple": ([4], {"d": 5})}
    before = repr(value)
    copy = copied(value)

    def spoil(container: Any) -> None:
        for child in list(container.values() if isinstance(container, dict) else container):
            if isinstance(child, dict | list):
                spoil(child)
        container.clear()

    if copy is not NotImplemented:
        spoil(copy)
    assert repr(value) == before


@pytest.mark.parametrize("plain_copy", PLAIN_COPIES.values(), ids=PLAIN_COPIES)
@given(value=json_values())
def test_values_of_patches_are_copied_by_the_one_or_the_other(plain_copy: PlainCopy, value: Any) -> None:
    nothing_normal = [math.nan, "\ud800", 2**70, {1: [value]}]
    with plain_copy_in_use(plain_copy):
        for original in (value, [value, nothing_normal]):
            copy = target.copied(original)
            assert repr(copy) == repr(original)
            assert not shares_a_container(copy, original)


def shares_a_container(one: Any, other: Any) -> bool:
    if not isinstance(one, dict | list):
        return False
    children = zip(one.values(), other.values(), strict=True) if isinstance(one, dict) else zip(one, other, strict=True)
    return one is other or any(shares_a_container(*pair) for pair in children)


def test_limits_are_those_of_python_to_the_last_value() -> None:
    for levels in range(1, 7):
        value: list[Any] = [[], {}]
        for _ in range(levels):
            value = [value, 1]
        for max_depth in range(1, 10):
            for max_elements in range(1, 20):
                normalizer = Normalizer(limits=Limits(max_depth=max_depth, max_elements=max_elements))
                assert len({outcome(value, name, normalizer) for name in PLAIN_COPIES}) == 1


def test_limits_beyond_every_integer_of_c_are_no_error() -> None:
    assert IN_C([1], 0, 10**30, 10**30) in ([1], NotImplemented)


# ---- what would break it ---------------------------------------------------------------------------------------------


class OnlyCalled(Exception):
    pass


class Untouchable:
    """Does not want to be compared, hashed, counted, tested or shown."""

    def refuse(self, *_: object) -> Any:
        raise OnlyCalled

    __eq__ = __ne__ = __bool__ = __len__ = __iter__ = __getitem__ = __repr__ = refuse

    def __hash__(self) -> int:
        return hash("key")  # so that a search for this key would compare


class UntouchableText(Untouchable, str):
    pass


class UntouchableObject(Untouchable, dict[str, Any]):  # type: ignore[misc] # a dict has no hash
    pass


@pytest.mark.parametrize("foreign", [Untouchable(), UntouchableText("a"), UntouchableObject(a=1)], ids=type)
def test_no_code_of_the_callers_runs(foreign: Any) -> None:
    for value in (foreign, [foreign], (foreign,), {"key": foreign}, {"key": [0], "b": {"c": foreign}}):
        assert copied(value) is NotImplemented


@pytest.mark.parametrize("foreign", [Untouchable(), UntouchableText("a")], ids=type)
def test_nor_does_that_of_a_key(foreign: Any) -> None:
    assert copied({foreign: 1}) is NotImplemented
    assert copied({foreign: [1]}) is NotImplemented
    for key in ("key", "other"):
        # The foreign key stands before "key" where a search begins, and after it in the order of the members.
        members: dict[Any, Any] = {Text("key"): 0, "key ": [1]}
        del members["key"]
        members = {"first": [1], **members}
        members[foreign] = 1
        members["then"] = {key: []}
        assert copied(members) is NotImplemented


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: (inner,)])
def test_nesting_without_end_is_left_to_python(wrap: Callable[[Any], Any]) -> None:
    value = wrap(0)
    for _ in range(100_000):
        value = wrap(value)
    assert IN_C(value, 0, 10**9, 10**9) is NotImplemented
    while not isinstance(value, int):  # taken apart here: its destructor would recurse
        (value,) = value.values() if isinstance(value, dict) else value


def test_cycles_are_left_to_python() -> None:
    cycle: list[Any] = [1]
    cycle += [cycle, cycle]
    assert copied(cycle) is NotImplemented
    members: dict[str, Any] = {}
    members.update(a=members, b=members)
    assert copied(members) is NotImplemented


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_garbage_collector_is_as_it_was(is_enabled: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        for value in ([[1]], [object()], [["\ud800"]]):
            copied(value)
            assert gc.isenabled() is is_enabled
    finally:
        (gc.enable if was else gc.disable)()


class Vandal:
    """Empties what it was given when the garbage collector finds it."""

    def __init__(self, victims: list[Any]) -> None:
        self.victims, self.itself = victims, self

    def __del__(self) -> None:
        for victim in self.victims:
            victim.clear()


def test_what_the_garbage_collector_changes_meanwhile_breaks_nothing() -> None:
    usual = gc.get_threshold()
    for threshold in range(1, 40):
        value = [{str(number): [number, {"n": "x" * number}]} for number in range(30)]
        Vandal([*value, value])
        gc.set_threshold(threshold)
        try:
            copied(value)
        finally:
            gc.set_threshold(*usual)


def kinds_of_input() -> Iterator[Any]:
    """Values of which every way through the copy is taken by one."""
    yield {"a": [1, 2.5, "text", "\xe9\u20ac", None, True, (), (1, [2])], "b": {"c": {"d": []}}}
    yield [1, 2**70]
    yield {"a": {"b": [0, math.nan]}}
    yield {"a": [{"b": "\ud800"}]}
    yield {"a": [[{Text("b"): 1}]]}
    yield {"a": [1, [2, ({3},)]]}
    yield [[[[]]]] * (ELEMENTS // 3)


def test_nothing_leaks() -> None:
    inputs = list(kinds_of_input())
    shared = [
        it
        for value in (inputs, *inputs)
        for it in (value, *(value.values() if isinstance(value, dict) else value))
        if sys.getrefcount(it) < 2**28  # not immortal
    ]

    def look(times: int) -> None:
        for _ in range(times):
            for value in inputs:
                copied(value)

    def references() -> list[int]:
        return [sys.getrefcount(it) for it in shared]

    look(20)
    tracemalloc.start()
    try:
        gc.collect()
        counts, before = references(), tracemalloc.get_traced_memory()[0]
        look(300)
        gc.collect()
        grown, counts_after = tracemalloc.get_traced_memory()[0] - before, references()
    finally:
        tracemalloc.stop()
    assert grown < 5_000  # one object or reference lost in each call would be more
    assert all(abs(after - count) < 100 for count, after in zip(counts, counts_after, strict=True))
