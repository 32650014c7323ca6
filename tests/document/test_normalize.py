"""The one door for values: what is converted, what is refused, and that an error says where, what and what to do."""

import collections
import dataclasses
import datetime
import decimal
import inspect
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, IntEnum, StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs
import pydantic
import pytest
from hypothesis import given

from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import NORMALIZE, PLAIN_COPIES, Normalizer, normalize
from realtime_sync.errors import InvalidValue
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json
from realtime_sync.limits import HIGHEST_DEPTH, Limits
from realtime_sync.testing.strategies import json_values
from tests.document.implementations import plain_copy_in_use

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "conformance" / "normalize.json").read_bytes())

NOON = datetime.datetime(2026, 1, 2, 12, 30, 15, 250000)


@pytest.fixture(scope="module", autouse=True, params=PLAIN_COPIES)
def plain_copy(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run every test with the copy that is made in C, and without."""
    with plain_copy_in_use(PLAIN_COPIES[request.param]):
        yield request.param


class Status(Enum):
    RUNNING = "RUNNING"
    PAIR = (1, 2)


class Color(StrEnum):
    RED = "red"


class Rank(IntEnum):
    HIGH = 3


class Text(str):
    """A string whose `str()` is not what it holds."""

    def __str__(self) -> str:
        return "overridden"


class Whole(int):
    def __int__(self) -> int:
        return -1


class Real(float):
    def __float__(self) -> float:
        return -1.0


class Pair(NamedTuple):
    left: int
    right: Any


@attrs.define
class Node:
    goal: str
    _secret: int = 7
    children: list["Node"] = attrs.field(factory=list)


@dataclasses.dataclass
class Edge:
    source: str
    target: object
    _weight: float = 0.5


class Model(pydantic.BaseModel):
    at: datetime.datetime
    amount: decimal.Decimal


class Members(Mapping[Any, Any]):
    def __init__(self, *pairs: tuple[Any, Any]) -> None:
        self._pairs = pairs

    def __getitem__(self, key: Any) -> Any:
        return dict(self._pairs)[key]

    def __iter__(self) -> Iterator[Any]:
        return (key for key, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)


class Squares(Sequence[int]):
    def __getitem__(self, index: Any) -> Any:
        if index >= 3:
            raise IndexError(index)
        return index * index

    def __len__(self) -> int:
        return 3


def iter_nothing() -> Iterator[None]:
    yield from ()


def refusal(value: object, **options: Any) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        normalize(value, **options)
    return caught.value


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def assert_plain(value: Json) -> None:
    assert type(value) in (dict, list, str, int, float, bool, type(None))
    if isinstance(value, dict):
        for key, member in value.items():
            assert type(key) is str
            assert_plain(member)
    elif isinstance(value, list):
        for element in value:
            assert_plain(element)


def container_ids(value: Json) -> set[int]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(container_ids(child) for child in children))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_conformance(case: dict[str, Any]) -> None:
    if "error" in case:
        assert refusal(case["value"]).path == case["path"]
    else:
        assert json_equal(normalize(case["value"]), case["expected"])


@given(json_values())
def test_normal_json_comes_out_equal_in_containers_of_its_own(value: Json) -> None:
    result = normalize(value)
    assert repr(result) == repr(value)  # 1 is not 1.0 here, and members keep their order
    assert container_ids(result).isdisjoint(container_ids(value))


class TestConversion:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ((1, (2,)), [1, [2]]),
            (Pair(1, Pair(2, None)), [1, [2, None]]),
            (Status.RUNNING, "RUNNING"),
            (Status.PAIR, [1, 2]),
            (Color.RED, "red"),
            (Rank.HIGH, 3),
            (Text("held"), "held"),
            (Whole(5), 5),
            (Real(2.5), 2.5),
            (NOON, "2026-01-02T12:30:15.250000"),
            (NOON.replace(microsecond=0, tzinfo=datetime.UTC), "2026-01-02T12:30:15+00:00"),
            (NOON.date(), "2026-01-02"),
            (datetime.time(1, 2), "01:02:00"),
            (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (PurePosixPath("/a/b"), "/a/b"),
            (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
            (collections.defaultdict(list, a=[1]), {"a": [1]}),
            (MappingProxyType({"a": (1,)}), {"a": [1]}),
            (Members(("a", 1), ("b", {"c": (2,)})), {"a": 1, "b": {"c": [2]}}),
            (Squares(), [0, 1, 4]),
            (collections.deque([1, 2]), [1, 2]),
            (range(3), [0, 1, 2]),
            (Node("root", children=[Node("leaf", 8)]), {
                "goal": "root", "_secret": 7, "children": [{"goal": "leaf", "_secret": 8, "children": []}]
            }),
            (Edge("a", Edge("b", (1,))), {
                "source": "a", "target": {"source": "b", "target": [1], "_weight": 0.5}, "_weight": 0.5
            }),
            (Model(at=NOON, amount=decimal.Decimal("1.10")), {"at": "2026-01-02T12:30:15.250000", "amount": "1.10"}),
            ({Color.RED: 1, Text("k"): 2, Status.RUNNING: 3}, {"red": 1, "k": 2, "RUNNING": 3}),
            ({"deep": [{"in": (Edge("a", {Color.RED: Rank.HIGH}),)}]}, {
                "deep": [{"in": [{"source": "a", "target": {"red": 3}, "_weight": 0.5}]}]
            }),
        ],
        ids=lambda value: type(value).__name__,
    )  # fmt: skip
    def test_a_value_becomes_plain_json(self, value: object, expected: Json) -> None:
        result = normalize(value)
        assert json_equal(result, expected)
        assert_plain(result)

    def test_true_stays_a_boolean(self) -> None:
        result = normalize([True, 1, {"a": False}])
        assert json_equal(result, [True, 1, {"a": False}])

    def test_minus_zero_keeps_its_sign(self) -> None:
        assert str(normalize(-0.0)) == "-0.0"

    def test_members_keep_their_order(self) -> None:
        assert list(normalize({"b": 1, "a": 2, "c": 3})) == ["b", "a", "c"]  # type: ignore[arg-type]

    def test_one_object_at_two_places_becomes_two(self) -> None:
        shared = [1]
        result: Any = normalize({"a": shared, "b": shared})
        result["a"].append(2)
        assert result == {"a": [1, 2], "b": [1]}
        assert shared == [1]

    def test_large_integers_become_strings_when_asked_for(self) -> None:
        value = {"a": [2**60, -(2**53), MAX_SAFE_INTEGER, Whole(2**70)]}
        expected = {"a": [str(2**60), str(-(2**53)), MAX_SAFE_INTEGER, str(2**70)]}
        assert normalize(value, big_integers="string") == expected

    def test_another_choice_for_large_integers_is_refused_at_once(self) -> None:
        with pytest.raises(ValueError, match="big_integers"):
            normalize(1, big_integers="round")  # type: ignore[arg-type]


class TestRefusal:
    @pytest.mark.parametrize(
        ("value", "problem", "remedy"),
        [
            (float("nan"), "nan is no JSON number", "send None or a string in its place"),
            (float("-inf"), "-inf is no JSON number", "send None or a string in its place"),
            (Real("nan"), "nan is no JSON number", "send None or a string in its place"),
            (b"x", "bytes is no JSON type", "decode it to a string"),
            (bytearray(b"x"), "bytearray is no JSON type", "decode it to a string"),
            (memoryview(b"x"), "memoryview is no JSON type", "decode it to a string"),
            ({1}, "set is no JSON type", "convert it to a list"),
            (frozenset(), "frozenset is no JSON type", "convert it to a list"),
            ({}.keys(), "dict_keys is no JSON type", "convert it to a list"),
            (1j, "complex is no JSON type", "send its real and imaginary parts"),
            (iter_nothing(), "generator is no JSON type", "collect it first, with list()"),
            (decimal.Decimal(1), "Decimal is no JSON type", "convert it with str()"),
            (datetime.timedelta(1), "timedelta is no JSON type", "total_seconds()"),
            (collections.UserString("x"), "UserString is no JSON type", "convert it first, or pass default=fn"),
            (object(), "object is no JSON type", "convert it first, or pass default=fn"),
            (Node, "type is no JSON type", "send an instance"),
            (Edge, "type is no JSON type", "send an instance"),
            (Model, "ModelMetaclass is no JSON type", "send an instance"),
            (2**53, "beyond +-(2**53 - 1)", 'normalize(value, big_integers="string")'),
            (-(2**60), "the integer -1152921504606846976 is beyond", 'normalize(value, big_integers="string")'),
            ("a\ud800", "has a lone surrogate at position 1", '"surrogatepass"'),
            (Text("\udfff"), "has a lone surrogate at position 0", '"surrogatepass"'),
            ({1: "a"}, "the key 1 is of type int, not a string", "convert the keys with str()"),
            ({None: "a"}, "the key None is of type NoneType", "convert the keys with str()"),
            ({True: "a"}, "the key True is of type bool", "convert the keys with str()"),
            ({Rank.HIGH: "a"}, "is of type Rank", "convert the keys with str()"),
            ({(1, 2): "a"}, "the key (1, 2) is of type tuple", "convert the keys with str()"),
            ({"\ud800": 1}, "the key '\\ud800' has a lone surrogate", '"surrogatepass"'),
            ({Text("\ud800"): 1}, "has a lone surrogate", '"surrogatepass"'),
        ],
        ids=lambda value: type(value).__name__,
    )  # fmt: skip
    def test_a_refusal_names_path_problem_and_remedy(self, value: object, problem: str, remedy: str) -> None:
        for path, wrapped in (("", value), ("/a~1b/1", {"a/b": [0, value]}), ("/source", Edge(value, 1))):  # type: ignore[arg-type]
            error = refusal(wrapped)
            assert error.path == path
            assert problem in error.problem
            assert remedy in error.remedy
            assert str(error).startswith(f"at {path or 'the root'}: ")

    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("big_integers", ["refuse", "string"])
    def test_integers_of_thousands_of_digits_are_refused_in_either_case(self, sign: int, big_integers: str) -> None:
        error = refusal([sign << 20_000], big_integers=big_integers)
        assert (error.path, error.problem) == ("/0", "an integer of 20001 bits")
        assert "in hexadecimal" in error.remedy

    def test_a_key_of_thousands_of_digits_is_refused(self) -> None:
        assert refusal({1 << 20_000: "a"}).problem == "the key is of type int, not a string"

    @pytest.mark.parametrize(
        "value",
        [
            {"RUNNING": 1, Status.RUNNING: 2},
            Members(("a", 1), (Text("a"), 2)),
        ],
    )
    def test_two_keys_that_become_one_are_refused(self, value: object) -> None:
        error = refusal({"x": value})
        assert error.path == "/x"
        assert "the same string" in error.problem

    def test_a_field_that_is_not_set_is_named(self) -> None:
        @attrs.define
        class Partial:
            ready: int = attrs.field(init=False)

        error = refusal({"p": Partial()})
        assert error.path == "/p"
        assert "ready" in error.problem

    def test_an_invalid_value_is_also_a_value_error(self) -> None:
        with pytest.raises(ValueError, match="at /a: set is no JSON type"):
            normalize({"a": set()})


class TestDefault:
    def test_its_result_is_normalised_again(self) -> None:
        def default(value: object) -> object:
            return sorted(value) if isinstance(value, set) else value.decode()  # type: ignore[attr-defined]

        assert normalize({"a": {3, 1, 2}, "b": [b"x"]}, default=default) == {"a": [1, 2, 3], "b": ["x"]}

    def test_it_may_return_what_needs_it_again(self) -> None:
        def default(value: object) -> object:
            return {int(value)} if isinstance(value, decimal.Decimal) else list(value)  # type: ignore[call-overload]

        assert normalize(decimal.Decimal(3), default=default) == [3]

    @pytest.mark.parametrize("value", ["text", 1, None, {}, [], (), Status.RUNNING, NOON, Node("a"), Edge("a", 1)])
    def test_it_is_not_asked_for_what_is_known(self, value: object) -> None:
        def default(value: object) -> object:
            raise AssertionError(value)

        normalize(value, default=default)

    def test_its_result_is_checked(self) -> None:
        assert refusal({"a": {1}}, default=lambda _: [float("nan")]).path == "/a/0"

    def test_returning_its_argument_is_refused(self) -> None:
        error = refusal([object()], default=lambda value: value)
        assert error.path == "/0"
        assert "`default` returned the object that it was given" in error.problem

    def test_never_arriving_at_json_is_refused(self) -> None:
        error = refusal([object()], default=lambda _: object())
        assert error.path == "/0"
        assert "conversions in a row gave no JSON" in error.problem

    def test_wrapping_for_ever_ends_at_the_depth_limit(self) -> None:
        assert "max_depth" in refusal(object(), default=lambda value: [value]).problem

    def test_multiplying_for_ever_ends_at_a_limit(self) -> None:
        limits = Limits(max_elements=1000)
        error = refusal(object(), default=lambda value: [object(), *[value] * 9], limits=limits)
        assert "max_elements" in error.problem

    def test_a_type_error_is_its_way_to_refuse(self) -> None:
        def default(value: object) -> object:
            raise TypeError("no sockets here")

        error = refusal({"a": [1j]}, default=default)
        assert error.path == "/a/0"
        assert error.problem == "`default` refused it: no sockets here"
        assert isinstance(error.__cause__, TypeError)

    def test_another_error_of_its_own_is_left_alone(self) -> None:
        def default(value: object) -> object:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            normalize(1j, default=default)


class TestLimits:
    @pytest.mark.parametrize("build", [nested, lambda levels: {"a": nested(levels - 1)}])
    def test_the_deepest_value_that_is_allowed(self, build: Callable[[int], Any]) -> None:
        limits = Limits(max_depth=5)
        assert normalize(build(5), limits=limits) == build(5)
        assert "more than 5 containers inside each other" in refusal(build(6), limits=limits).problem

    def test_scalars_in_the_deepest_container_are_allowed(self) -> None:
        assert normalize([[1]], limits=Limits(max_depth=2)) == [[1]]

    def test_the_highest_limit_is_reached_without_running_out_of_stack(self) -> None:
        limits = Limits(max_depth=HIGHEST_DEPTH)
        assert normalize(nested(HIGHEST_DEPTH), limits=limits) == nested(HIGHEST_DEPTH)

    @pytest.mark.parametrize("levels", [201, 10_000])
    def test_deeper_values_are_refused_at_their_depth(self, levels: int) -> None:
        assert refusal(nested(levels)).path == "/0" * 200

    def test_deep_objects_of_every_kind_are_refused(self) -> None:
        edge: Any = None
        for _ in range(10_000):
            edge = Edge("a", edge)
        assert refusal(edge).path == "/target" * 200

    def test_cycles_are_refused(self) -> None:
        cycle: dict[str, Any] = {}
        cycle["self"] = [cycle, cycle]
        error = refusal(cycle)
        assert error.path.startswith("/self/0/self/0/")
        assert "if it contains itself" in error.remedy

    def test_a_full_stack_is_a_refusal_too(self) -> None:
        value = [nested(150), Text("what has to be converted is left to Python")]

        def call_from_depth(levels: int) -> Json:
            return call_from_depth(levels - 1) if levels else normalize(value)

        frames_left = sys.getrecursionlimit() - len(inspect.stack(0))
        with pytest.raises(InvalidValue, match="call stack"):
            call_from_depth(frames_left - 100)

    def test_elements_are_counted_before_they_are_copied(self) -> None:
        limits = Limits(max_elements=5)
        assert normalize({"a": [1, 2, 3]}, limits=limits) == {"a": [1, 2, 3]}
        error = refusal({"a": [1, 2, 3, 4]}, limits=limits)
        assert error.path == "/a"
        assert "more than 5 values together" in error.problem
        assert "max_elements" in error.remedy

    def test_a_sequence_of_unlimited_length_costs_nothing(self) -> None:
        assert refusal({"r": range(10**12)}).path == "/r"

    def test_values_that_share_parts_cannot_multiply(self) -> None:
        value: list[Any] = ["x"]
        for _ in range(60):
            value = [value, value]
        assert "max_elements" in refusal(value).problem


class TestNormalizer:
    def test_errors_begin_with_its_path(self) -> None:
        with pytest.raises(InvalidValue) as caught:
            NORMALIZE({"b": [{1}]}, "/a", 1)
        assert caught.value.path == "/a/b/0"

    def test_its_depth_counts_towards_the_limit(self) -> None:
        normalizer = Normalizer(limits=Limits(max_depth=5))
        assert normalizer([[1]], "/a/b/c", 3) == [[1]]
        assert normalizer(1, "/a/b/c/d/e", 5) == 1
        with pytest.raises(InvalidValue):
            normalizer([[1]], "/a/b/c/d", 4)

    def test_it_starts_counting_elements_anew_with_each_value(self) -> None:
        normalizer = Normalizer(limits=Limits(max_elements=3))
        assert [normalizer([1, 2]) for _ in range(3)] == [[1, 2]] * 3

    def test_two_with_the_same_options_are_equal(self) -> None:
        assert Normalizer() == NORMALIZE
        assert Normalizer(big_integers="string") != NORMALIZE
