"""Replay one seed, or look for a seed that breaks a promise.

.venv/bin/python -m tests.simulation 123
.venv/bin/python -m tests.simulation --seeds 10000
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.run import run

CHUNK = 20


def failure_of(seed: int) -> tuple[int, str] | None:
    """Return a seed and how it failed; None when it did not."""
    try:
        run(seed)
    except Exception as error:
        return seed, "".join(traceback.format_exception_only(error)[:1]).strip()
    return None


def failures(seeds: range, processes: int) -> Iterator[tuple[int, str]]:
    """Yield what fails among `seeds`, as it is found."""
    if processes == 1:
        yield from filter(None, map(failure_of, seeds))
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from filter(None, pool.map(failure_of, seeds, chunksize=CHUNK))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="replay this one, and tell what happened before it failed")
    parser.add_argument("--seeds", type=int, default=500, help="how many to try (default: 500)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="how many at a time (default: one a core)"
    )
    parser.add_argument("--stop", action="store_true", help="stop at the first that breaks a promise")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        world = run(arguments.seed)
        print(f"seed {arguments.seed} keeps every promise; digest {world.digest}")
        return 0
    began, found = time.monotonic(), 0
    for seed, problem in failures(range(arguments.first, arguments.first + arguments.seeds), arguments.processes):
        found += 1
        print(f"seed {seed}: {problem}\n    .venv/bin/python -m tests.simulation {seed}", flush=True)
        if arguments.stop:
            return 1
    print(f"{arguments.seeds} seeds in {time.monotonic() - began:.0f} s, {found} of them broke a promise")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
