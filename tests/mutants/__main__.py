"""Remove each guard in a scratch copy, and see that the simulation or a named test fails.

    .venv/bin/python -m tests.mutants                      all of them
    .venv/bin/python -m tests.mutants "send" "epoch"       those whose names contain one of the words

A guard whose absence nobody notices survives: its test is missing, or it guards nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import attrs

from tests.mutants.guard import Guard
from tests.mutants.guards import GUARDS

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "conformance", "pyproject.toml", "PROTOCOL.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")

SEEDS = 300
LONGEST_S = 300
"""What takes longer hangs without its guard, and so is noticed."""


@attrs.frozen
class Verdict:
    """What became of one mutant.

    Attributes:
        guard: What was removed; None when nothing was.
        noticed: Whether something failed.
        words: The last line that was said.
        seconds: How long it took.
    """

    guard: Guard | None
    noticed: bool
    words: str
    seconds: float


class Workshop:
    """A scratch copy of the repository, in which one guard at a time is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in COPIED:
            origin = ROOT / name
            if origin.is_dir():
                shutil.copytree(origin, folder / name, ignore=LEFT_OUT)
            else:
                shutil.copy(origin, folder / name)

    def judge(self, guard: Guard | None, shown_by: Sequence[str]) -> Verdict:
        """Run what should fail without `guard`."""
        with self._without(guard):
            began = time.monotonic()
            failed, words = self._run(_command(shown_by))
            return Verdict(guard, failed, words, time.monotonic() - began)

    @contextmanager
    def _without(self, guard: Guard | None) -> Iterator[None]:
        if guard is None:
            yield
            return
        path = self._folder / "src" / "realtime_sync" / guard.file
        whole = path.read_text(encoding="utf-8")
        path.write_text(guard.remove_from(whole), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(whole, encoding="utf-8")

    def _run(self, command: Sequence[str]) -> tuple[bool, str]:
        # Byte code is told from the source by time and size; a mutant may have both of the file before it.
        environment = os.environ | {"PYTHONPATH": f"{self._folder / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired:
            return True, f"not over after {LONGEST_S} s"
        lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "seed "))]
        return done.returncode != 0, (lines or done.stderr.splitlines() or [""])[0]


def _command(shown_by: Sequence[str]) -> list[str]:
    if shown_by:
        return [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *shown_by]
    return [sys.executable, "-m", "tests.simulation", "--seeds", str(SEEDS), "--processes", "1", "--stop"]


def judge_all(guards: Sequence[Guard], processes: int) -> Iterator[Verdict]:
    """Yield what became of the whole source, once for each thing that shows something, and then of each mutant."""
    workshops: SimpleQueue[Workshop] = SimpleQueue()

    def judge(work: tuple[Guard | None, Sequence[str]]) -> Verdict:
        workshop = workshops.get()
        try:
            return workshop.judge(*work)
        finally:
            workshops.put(workshop)

    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(processes) as pool:
        for number in range(processes):
            workshops.put(Workshop(Path(scratch, str(number))))
        yield from pool.map(judge, [(None, shown_by) for shown_by in dict.fromkeys(guard.shown_by for guard in guards)])
        yield from pool.map(judge, [(guard, guard.shown_by) for guard in guards])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only guards in whose names one of these is")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at a time")
    arguments = parser.parse_args()
    chosen = [guard for guard in GUARDS if not arguments.words or any(word in guard.name for word in arguments.words)]
    wrong = 0
    for verdict in judge_all(chosen, arguments.processes):
        right = verdict.noticed is (verdict.guard is not None)
        wrong += not right
        name = verdict.guard.name if verdict.guard else "(the source as it is)"
        print(f"{'ok' if right else 'WRONG':6}{verdict.seconds:4.0f} s  {name}: {verdict.words[:120]}", flush=True)
    print(f"{len(chosen)} guards, {wrong} that nobody would miss, or tests that fail without cause")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
