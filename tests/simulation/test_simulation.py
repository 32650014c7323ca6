"""Whatever happens, nobody is shown a wrong document as live, and in the end all hold the same.

One test a seed: the name of a failing one says how to replay it, `.venv/bin/python -m tests.simulation 123`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.run import run

ROOT = Path(__file__).parents[2]
SEEDS = 500


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_promise_is_kept(seed: int) -> None:
    run(seed)


@pytest.mark.parametrize("seed", [3, 14])
def test_equal_seeds_are_equal_worlds_in_every_process(seed: int) -> None:
    replays = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", str(seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert replays[0] == replays[1] == f"seed {seed} keeps every promise; digest {run(seed).digest}\n"
