"""Both ways to find what may have changed are exact, survive whatever they are given, and lead to the same patches."""

import collections
import enum
import gc
import math
import os
import random
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.document.diff import diff
from realtime_sync.document.equality import json_equal
from realtime_sync.document.unchanged import IMPLEMENTATIONS, Hint, Implementation
from realtime_sync.errors import InvalidValue
from realtime_sync.jsontypes import Json
from realtime_sync.testing.strategies import graph_pairs, json_pairs
from tests.document.implementations import in_use


def is_proven(implementation: Implementation, old: Any, new: Any) -> bool:
    in_object = implementation.changes_in_object({"before": 0, "x": old}, {"before": 0, "x": new}, None)
    in_list = implementation.changes_in_list([0, old], [0, new], None)
    assert in_object is not None
    assert ("x" in in_object) == (1 in in_list)
    return 1 not in in_list


class Text(str):
    pass


class Number(int):
    pass


class AgreesWithAll:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class OnlyCalled(Exception):
    pass


class Untouchable:
    """Does not want to be compared, hashed, counted, tested or shown."""

    def refuse(self, *_: object) -> Any:
        raise OnlyCalled

    __eq__ = __ne__ = __hash__ = __bool__ = __len__ = __iter__ = __getitem__ = __repr__ = refuse


class UntouchableText(Untouchable, str):
    pass


class UntouchableObject(Untouchable, dict[str, Any]):  # type: ignore[misc] # a dict has no hash, this one refuses
    pass


# ---- what is proven --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: True,
        lambda: 10**15,
        lambda: 0.5,
        lambda: -0.0,
        lambda: "".join(["te", "xt \U0001f600"]),
        lambda: [],
        lambda: {},
        lambda: {"a": [1, {"b": [True, None, [[]], "x" * 1_000]}], "c": 0.1},
        lambda: {str(number): [number] for number in range(500)},
    ],
)
def test_what_was_copied_is_the_same(implementation: Implementation, make: Callable[[], Json]) -> None:
    assert is_proven(implementation, make(), make())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((True, 1), (1, True), (False, 0), (0.0, False), (None, False), (1, "1"), ("", None), ([], {}), ({}, None)),
        *((1, 2), (1.5, 2.5), ("a", "b"), ("a", "ab"), ("ab", "a"), ("a\u00e9", "a\u20ac"), ("\u00e9", "e\u0301")),
        *(([1], [1, 2]), ([1, 2], [1]), ([1, 2], [2, 1]), ({"a": 1}, {"b": 1}), ({"a": 1}, {"a": 1, "b": 2})),
        *(({"a": 1, "b": 2}, {"a": 1}), ({"a": None}, {}), ({}, {"a": None}), ([[]], [{}])),
        *((None, math.nan), (math.nan, float("nan")), (math.inf, -math.inf), (2**53, 2**60), (1, Decimal(1))),
        *((2**70, 2**70 + 1), (2**70, -(2**70)), (2**70, 1), (1, 2**70), (2**62, 2**64 + 2**62)),
        *((1, Number(1)), ("a", Text("a")), ([1], (1,)), ({"a": 1}, collections.OrderedDict(a=1))),
        *(({"a": 1}, {Text("a"): 1}), ({"1": 1}, {1: 1}), (1, AgreesWithAll()), ("a", "\ud800")),
    ],
    ids=repr,
)
def test_what_differs_is_never_proven_to_be_the_same(implementation: Implementation, old: Json, new: Any) -> None:
    for wrap in (lambda it: it, lambda it: [it], lambda it: {"k": it}, lambda it: {"k": [[0, {"l": it}], "text"]}):
        assert not is_proven(implementation, wrap(old), wrap(new))


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1.0, 1), (0.0, -0.0), (-0.0, 0.0), (0, -0.0)])
def test_numbers_in_two_forms_are_left_to_others(implementation: Implementation, old: float, new: float) -> None:
    assert not is_proven(implementation, old, new)
    assert not is_proven(implementation, [{"a": old}], [{"a": new}])


@given(json_pairs())
def test_what_is_proven_is_equal_in_json_terms(implementation: Implementation, pair: tuple[Json, Json]) -> None:
    old, new = pair
    assert not is_proven(implementation, old, new) or json_equal(old, new)


def test_members_are_named_in_the_order_of_the_new_object(implementation: Implementation) -> None:
    old = {"gone": 0, **{key: {"n": 0} for key in "abcdefghij"}}
    new = {key: {"n": int(key in "beh")} for key in "jihgfeXdcba"}
    assert list(implementation.changes_in_object(old, new, None) or ()) == ["h", "e", "X", "b"]


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 32, 33, 150])
def test_every_member_is_found_whatever_the_order(implementation: Implementation, size: int) -> None:
    rng = random.Random(size)
    for _ in range(30):
        old = {f"key {number}": {"n": number, "deep": [{"n": number}]} for number in range(size)}
        members = [(key, {"n": old[key]["n"], "deep": [{"n": old[key]["n"]}]}) for key in old]
        changed = set()
        for number in rng.sample(range(size), min(size, rng.randrange(4))):
            members[number][1]["deep"] = [{"n": -1}]
            changed.add(members[number][0])
        del members[rng.randrange(size) : rng.choice((0, 0, size // 2))]
        if rng.random() < 0.5:
            members.insert(rng.randrange(len(members) + 1), ("new", {"n": 0, "deep": []}))
        if rng.random() < 0.3:
            rng.shuffle(members)
        named = [key for key, _ in members if key in changed or key == "new"]
        assert list(implementation.changes_in_object(old, dict(members), None) or ()) == named


def test_keys_that_were_the_same_elsewhere_are_looked_at_again(implementation: Implementation) -> None:
    shapes = [[f"{shape} {key}" for key in range(3)] for shape in range(400)]  # more than anything remembers
    for place in (0, 1, 2):
        old = [dict.fromkeys(keys, 0) for keys in shapes * 3]
        new = [dict.fromkeys(("".join(key) for key in keys), 0) for keys in shapes * 3]
        for position in (10, 410, 700, 1_199):
            key = list(new[position])[place]
            new[position] = {("other" if name == key else name): 0 for name in new[position]}
        assert list(implementation.changes_in_list(old, new, None)) == [10, 410, 700, 1_199]


def test_a_key_that_was_the_same_is_not_the_same_as_every_other(implementation: Implementation) -> None:
    key, copy = "a key", "".join(["a ", "key"])
    others = [f"key {number}" for number in range(2_000)]
    for old, new in ((copy, key), (key, copy)):
        one_old = implementation.changes_in_list([{old: 0}] * 2_001, [{new: 0}, *({it: 0} for it in others)], None)
        assert list(one_old) == list(range(1, 2_001))
        one_new = implementation.changes_in_list([{old: 0}, *({it: 0} for it in others)], [{new: 0}] * 2_001, None)
        assert list(one_new) == list(range(1, 2_001))


def test_a_list_is_compared_as_far_as_the_shorter_one_goes(implementation: Implementation) -> None:
    assert list(implementation.changes_in_list([1, 2, 3], [1, 5], None)) == [1]
    assert list(implementation.changes_in_list([0], [1, 5], None)) == [0]
    assert implementation.changes_in_list([], [1, 5], None) == {}


def test_an_object_whose_only_change_is_what_went_is_named(implementation: Implementation) -> None:
    assert list(implementation.changes_in_list([{"a": 1, "b": 2}], [{"a": 1}], None)) == [0]
    assert implementation.changes_in_object({"a": 1, "b": 2}, {"a": 1}, None) == {}


def test_keys_that_are_no_strings_are_left_to_others(implementation: Implementation) -> None:
    for key in (1, None, ("a",), Text("a")):
        assert implementation.changes_in_object({"a": 1}, {"x": 1, key: 1}, None) is None


def test_a_hint_saves_the_second_look(implementation: Implementation) -> None:
    old = {"nodes": {f"n{number}": {"text": "words", "deep": {"n": 0}} for number in range(20)}}
    new = {"nodes": {f"n{number}": {"text": "words", "deep": {"n": int(number == 7)}} for number in range(20)}}
    was: Any = old
    now: Any = new
    hint: Hint = None
    for key in ("nodes", "n7", "deep", "n"):
        changes = implementation.changes_in_object(was, now, hint)
        assert changes is not None
        assert list(changes) == [key]
        was, now, hint = was[key], now[key], changes[key]


# ---- one patch, whoever looked ---------------------------------------------------------------------------------------

PROVE_NOTHING = Implementation(
    lambda _, new, __: dict.fromkeys(new) if all(type(key) is str for key in new) else None,
    lambda old, new, _: dict.fromkeys(range(min(len(old), len(new)))),
)


class Word(enum.StrEnum):
    A, AB, ZERO = "a", "ab", "0"


class Digit(enum.IntEnum):
    ZERO, ONE = 0, 1


def disguised(value: Any, rng: random.Random) -> Any:
    """Return what is about the same JSON in other types, or with members in another order; now and then no JSON."""
    kind = rng.randrange(12)
    if kind == 0 and type(value) in (int, float) and rng.random() < 0.2:
        return math.nan
    if isinstance(value, dict):
        members = [(key, disguised(member, rng)) for key, member in value.items()]
        if kind < 4:
            rng.shuffle(members)
        made: dict[Any, Any] = collections.OrderedDict(members) if kind == 4 else dict(members)
        return {Text(key): member for key, member in members} if kind == 5 else made
    if isinstance(value, list):
        elements = [disguised(element, rng) for element in value]
        return tuple(elements) if kind < 2 else elements
    if type(value) is str and value in Word._value2member_map_ and kind < 4:
        return Word(value)
    if type(value) is int and value in (0, 1) and kind < 4:
        return Digit(value)
    if type(value) is int and kind < 6:
        return float(value)
    return value


def outcome(implementation: Implementation, old: Json, new: Any) -> object:
    with in_use(implementation):
        try:
            return diff(old, new, text_append=True)
        except InvalidValue as error:
            return str(error)


def assert_patch_does_not_depend_on_the_proof(old: Json, new: Any) -> None:
    expected = repr(outcome(PROVE_NOTHING, old, new))
    for name, implementation in IMPLEMENTATIONS.items():
        assert repr(outcome(implementation, old, new)) == expected, name


@given(json_pairs() | graph_pairs(), st.randoms(use_true_random=False))
def test_the_patch_does_not_depend_on_how_much_is_proven(pair: tuple[Any, Any], rng: random.Random) -> None:
    old, new = pair
    assert_patch_does_not_depend_on_the_proof(old, new)
    assert_patch_does_not_depend_on_the_proof(old, disguised(new, rng))


@pytest.mark.parametrize("seed", range(20))
def test_nor_does_it_in_lists_with_repeats(seed: int) -> None:
    rng = random.Random(seed)
    leaves: tuple[Any, ...] = (True, 1, 0, False, None, "a", "ab", "0", 0.5, -0.0)

    def element() -> Any:
        return rng.choice(
            (
                lambda: rng.choice(leaves),
                lambda: [rng.choice(leaves), {"id": rng.choice(leaves), "v": rng.choice(leaves)}],
                lambda: {"id": rng.choice(leaves), "a": rng.choice(leaves), "b": [rng.choice(leaves)]},
                lambda: {"a": rng.choice(leaves), "b": {"c": rng.choice(leaves), "d": 0}},
                lambda: [element() for _ in range(rng.randrange(4))],
            )
        )()

    for _ in range(100):
        old = [element() for _ in range(rng.choice((1, 2, 5, 30)))]
        new = list(old)
        for _ in range(rng.randrange(4)):
            place = rng.randrange(len(new) + 1)
            new[place : place + rng.randrange(3)] = [element() for _ in range(rng.randrange(3))]
        if rng.random() < 0.3:
            rng.shuffle(new)
        wrapped = {"rows": old, "text": "x" * 400}, {"rows": disguised(new, rng), "text": "x" * 400}
        assert_patch_does_not_depend_on_the_proof(*wrapped)


def test_without_the_extension_python_does_it() -> None:
    code = """if True:
        import sys
        sys.modules["realtime_sync.document._speedups"] = None
        from realtime_sync.document.unchanged import IMPLEMENTATION, IMPLEMENTATIONS
        print(IMPLEMENTATION, *IMPLEMENTATIONS)
    """
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "Python Python\n"


def test_both_ways_are_tested_where_nothing_may_be_skipped() -> None:
    assert os.environ.get("CI") != "true" or sorted(IMPLEMENTATIONS) == ["C", "Python"]


# ---- what would break it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["list", "object"])
def test_what_is_nested_without_end_is_not_proven(implementation: Implementation, wrap: Callable[[Any], Any]) -> None:
    old, new = wrap(0), wrap(0)
    for _ in range(100_000):
        old, new = wrap(old), wrap(new)
    assert not is_proven(implementation, old, new)


def test_cycles_are_not_proven(implementation: Implementation) -> None:
    old: list[Any] = [1]
    new: list[Any] = [1]
    old += [old, old]  # a search that tried every way through it would never end
    new += [new, new]
    assert not is_proven(implementation, old, new)
    objects: list[dict[str, Any]] = [{}, {}]
    for cycle in objects:
        cycle.update(a=cycle, b=cycle)
    assert not is_proven(implementation, *objects)


@pytest.fixture
def in_c() -> Implementation:
    """The extension, or what stands for it where there is none."""
    return IMPLEMENTATIONS.get("C", PROVE_NOTHING)


@pytest.mark.parametrize("foreign", [Untouchable(), UntouchableText("a"), UntouchableObject(a=1)], ids=type)
def test_no_code_of_the_callers_runs_in_c(in_c: Implementation, foreign: Any) -> None:
    for plain in (1, "a", {"a": 1}, [1], foreign):
        assert list(in_c.changes_in_object({"a": plain}, {"a": foreign}, None) or ()) == ["a"]
        assert list(in_c.changes_in_list([[plain]], [[foreign]], None)) == [0]


class KeyThatCompares:
    """Has the hash of "key", so that a search for it compares; and then takes apart what is being compared."""

    def __init__(self, victims: list[Any]) -> None:
        self.victims = victims

    def __hash__(self) -> int:
        return hash("key")

    def __eq__(self, other: object) -> bool:
        for victim in self.victims:
            victim.clear()
        raise OnlyCalled


def test_nor_does_that_of_a_foreign_key_in_what_was_normal_once(in_c: Implementation) -> None:
    new = {"other": 1, "key": {"deep": [1]}}
    old: dict[Any, Any] = {"gone": 0}
    old[KeyThatCompares([old, new])] = 0
    assert list(in_c.changes_in_object(old, new, None) or ()) == ["other", "key"]
    assert list(in_c.changes_in_list([[old]], [[new]], None)) == [0]


def test_what_another_thread_changes_meanwhile_breaks_nothing(implementation: Implementation) -> None:
    old = [{"rows": [[number], {"n": number}, str(number)]} for number in range(200)]
    new = [{"rows": [[number], {"n": number}, str(number)]} for number in range(200)]
    stop = threading.Event()

    def shake() -> None:
        rng = random.Random(7)
        while not stop.is_set():
            rows = rng.choice(new)["rows"]
            rows.append([rng.random()])
            rows[rng.randrange(len(rows))] = {"n": rng.random()}
            if len(rows) > 5:
                rows.clear()
                rows.append("start again")

    shaker = threading.Thread(target=shake)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    shaker.start()
    try:
        for _ in range(200):
            changes = implementation.changes_in_list(old, new, None)
            assert set(changes) <= set(range(200))
    finally:
        sys.setswitchinterval(usual)
        stop.set()
        shaker.join()


class Vandal:
    """Empties what it was given when the garbage collector finds it."""

    def __init__(self, victims: list[Any]) -> None:
        self.victims, self.itself = victims, self

    def __del__(self) -> None:
        for victim in self.victims:
            victim.clear()


def test_what_the_garbage_collector_changes_meanwhile_breaks_nothing(implementation: Implementation) -> None:
    usual = gc.get_threshold()
    for threshold in range(1, 40):  # so that it runs at each of the allocations
        old = [{str(number): [number, {"n": "x" * number}]} for number in range(30)]
        new = [{str(number): [number, {"n": "y" * number}]} for number in range(30)]
        Vandal([*old, *new, old, new])
        gc.set_threshold(threshold)
        try:
            implementation.changes_in_list(old, new, None)
        finally:
            gc.set_threshold(*usual)


KEYS = KEY, OTHER = "a key that only these tests use", "and another one"


def kinds_of_input() -> Iterator[tuple[Any, Any]]:
    """Pairs of objects of which every way through the extension is taken by one."""
    deep: tuple[list[Any], list[Any]] = ([], [])
    for _ in range(300):
        deep = ([deep[0]], [deep[1]])
    yield {KEY: [1, 2**70, 0.5, "text", None, True]}, {KEY: [1, 2**70, 0.5, "".join(["te", "xt"]), None, True]}
    yield {KEY: {OTHER: {"c": 1, "d": [1]}}, "gone": 1}, {KEY: {OTHER: {"c": 2, "d": [2]}}, "come": object()}
    yield {KEY: {OTHER: 1}, "x": {1: 2}}, {KEY: {OTHER: 2, 1: 2}, "x": {1: 2}}
    yield {KEY: {OTHER: 1, "c": 2}}, {KEY: {OTHER: 1}}
    yield {KEY: {"n": 1}, OTHER: deep[0]}, {KEY: {"n": 2}, OTHER: deep[1]}
    yield {KEY: math.nan, "d": Decimal(1), "s": "\ud800"}, {KEY: math.nan, "d": Decimal(1), "s": "a"}
    yield {KEY: 1}, {1: 1}


def test_nothing_leaks(implementation: Implementation) -> None:
    pairs = list(kinds_of_input())
    values = [value for pair in pairs for part in pair for value in (part, *part.values())]
    shared = [it for it in (None, True, 1, int, str, *KEYS, *values) if sys.getrefcount(it) < 2**28]  # not immortal

    def look(times: int) -> None:
        for _ in range(times):
            for old, new in pairs:
                implementation.changes_in_object(old, new, None)
                implementation.changes_in_list([*range(300), old, new], [*range(300), new, old], None)

    def references() -> list[int]:
        return [sys.getrefcount(it) for it in shared]

    look(20)
    tracemalloc.start()
    try:
        gc.collect()
        before, counts = tracemalloc.get_traced_memory()[0], references()
        look(300)
        gc.collect()
        grown, counts_after = tracemalloc.get_traced_memory()[0] - before, references()
    finally:
        tracemalloc.stop()
    assert grown < 5_000  # one reference or object lost in each call would be more
    assert all(abs(after - count) < 100 for count, after in zip(counts, counts_after, strict=True))
