"""Times a contender call by call, each right after a call of the floor: a busy moment of the machine hits both."""

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, TypeVar

import orjson
from pytest_benchmark.fixture import BenchmarkFixture

T = TypeVar("T")

WARM_CALLS = 3
"""What is timed is called so often before, on the same case, so that neither it nor the floor gains by what the other
left in the caches: with one call, `==` was measured 1.6 times as fast beside itself as `==` was."""

FLOORS_BESIDE_SLOW = 5
"""How often the floor is timed beside a call that is made a few times only."""


def once(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class Timing:
    """pytest-benchmark's fixture with a floor beside it, and with names for the page of results.

    Args:
        benchmark: The fixture.
        table: Which table of the page the figure belongs to.
    """

    def __init__(self, benchmark: BenchmarkFixture, table: str) -> None:
        self._benchmark = benchmark
        self._table = table

    def __call__(
        self,
        row: str,
        call: Callable[[Any], Any],
        cases: Sequence[T],
        *,
        size: int,
        rounds: int,
        prepare: Callable[[T], Any] | None = None,
        floor: Callable[[T], object] | None = None,
        is_slow: bool = False,
        **facts: Any,
    ) -> None:
        """Time `call` on one case after the other.

        Args:
            row: Who does it, or what is done.
            call: What is timed; gets what `prepare` returned, or the case itself.
            cases: Taken in turn.
            size: Nodes, elements or bytes.
            rounds: How many calls are timed.
            prepare: Called before each call, not timed.
            floor: Called on the case before each call, and timed beside it.
            is_slow: Whether the call takes so long that what the caches hold before it makes no difference.
            facts: Whatever else the page says about it.
        """
        self._benchmark.group = f"{self._table}, {size:,}"
        floors: list[float] = []
        turns = cycle(cases)

        def ready(case: T) -> Any:
            return case if prepare is None else prepare(case)

        def setup() -> tuple[tuple[Any], dict[str, Any]]:
            case = next(turns)
            if floor is not None:
                for _ in range(WARM_CALLS):
                    floor(case)
                floors.extend(once(lambda: floor(case)) for _ in range(FLOORS_BESIDE_SLOW if is_slow else 1))
            for _ in range(0 if is_slow else WARM_CALLS):
                call(ready(case))
            return (ready(case),), {}

        self._benchmark.pedantic(  # type: ignore[no-untyped-call]
            call, setup=setup, rounds=rounds, warmup_rounds=1
        )
        facts |= {"table": self._table, "row": row, "size": size}
        if floors:
            facts["floor_s"] = statistics.median(floors[1:])
        self.add(**facts)

    def add(self, **facts: Any) -> None:
        """Note facts for the page, after the timing."""
        self._benchmark.extra_info.update(facts)


def mean_bytes(values: Sequence[Any]) -> float:
    """Return the mean size of values as JSON."""
    return statistics.mean(len(orjson.dumps(value)) for value in values)
