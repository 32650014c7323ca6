"""Fixtures of the benchmarks; and what pytest-benchmark writes down about the machine."""

import gc
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.implementation import choose
from benchmarks.timing import Timing

IMPLEMENTATION = choose()


@pytest.fixture
def timing(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Timing:
    """Times into the table that the test module calls `TABLE`."""
    return Timing(benchmark, request.module.TABLE)


@pytest.fixture(autouse=True)
def _garbage_of_others() -> None:
    """Collect what the test before left, so that its collection is nobody's time."""
    gc.collect()


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Say which implementation was measured."""
    machine_info["implementation"] = IMPLEMENTATION
