"""Measure everything, and write RESULTS.md and its plots: `python3 dev.py results`.

python -m benchmarks             # six to eight minutes; leave the machine alone meanwhile
python -m benchmarks --again     # only write page and plot again, from the figures of the last run
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import bars, encodings, fanout, javascript, memory, stuck, wire_bytes, wire_page
from benchmarks.correctness import wrong_by_library
from benchmarks.encodings import EncodingCount
from benchmarks.fanout import FanOut
from benchmarks.figures import Figures, load
from benchmarks.implementation import SWITCH
from benchmarks.page import PAIRS_TEST, PLOT, RANDOM_PAIRS, Run, curves, page
from benchmarks.plot import svg
from benchmarks.rivals import missing
from benchmarks.stuck import Crowd
from benchmarks.wire_bytes import FrameBytes
from realtime_sync.document.unchanged import IMPLEMENTATIONS

HERE = Path(__file__).parent
LAST_RUN = HERE.parent / ".benchmarks" / "last_run.json"

WHERE_IMPLEMENTATIONS_DIFFER = [
    *(f"benchmarks/test_diff.py::{name}" for name in ("test_ours", "test_floor")),
    "benchmarks/test_lists.py::test_diff",
    *(f"benchmarks/test_apply.py::{name}" for name in ("test_copy_on_write", "test_in_place")),
    "benchmarks/test_draft.py::test_record_close_and_patch",
    "benchmarks/test_publish.py",
    "benchmarks/test_batching.py::test_primary",
]


def main(words: list[str]) -> int:
    if "--again" not in words:
        LAST_RUN.parent.mkdir(exist_ok=True)
        LAST_RUN.write_text(json.dumps(measure()), encoding="utf-8")
    run = run_of(load(LAST_RUN))
    (HERE / "RESULTS.md").write_text(page(run), encoding="utf-8")
    (HERE / PLOT).parent.mkdir(exist_ok=True)
    plots = {
        PLOT: svg("Finding or recording what changed in a task graph", curves(run)),
        wire_page.BYTES_PLOT: bars.svg(
            "Bytes a change of a task graph, settled (logarithmic)", wire_page.byte_bars(run.frames, run.main)
        ),
        wire_page.FANOUT_PLOT: bars.svg(
            "Processor time of the server for one delivered update, µs (logarithmic)", wire_page.fanout_bars(run.fanout)
        ),
    }
    for name, text in plots.items():
        (HERE / name).write_text(text, encoding="utf-8")
    print("Wrote benchmarks/RESULTS.md and", ", ".join(f"benchmarks/{name}" for name in plots))
    return 0


def measure() -> dict[str, Any]:
    """Return everything that was measured, as JSON."""
    best = list(IMPLEMENTATIONS)[-1]
    load_before = load_average()
    node = javascript.run()
    return {
        "main": pytest_report(best, ["benchmarks"]),
        "python": pytest_report("Python", WHERE_IMPLEMENTATIONS_DIFFER) if best != "Python" else None,
        "node": node,
        "wrong": wrong_by_library() | (node["wrong"] if node else {}),
        "random_pairs": random_pairs(),
        "memory": memory.run_all(),
        "frames": wire_bytes.run_all(),
        "encodings": encodings.run_all(),
        "fanout": fanout.run_all(),
        "crowds": stuck.run_all(),
        "load": [load_before, load_average()],
        "missing": missing() | ({} if node else {"the rivals under Node": "Node or its packages are not installed"}),
    }


def load_average() -> float | None:
    """Return how many processes wanted the processor in the last minute; None where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def pytest_report(implementation: str, arguments: list[str]) -> dict[str, Any]:
    """Run benchmarks in a process of their own; return what pytest-benchmark writes."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                *arguments,
                f"--benchmark-json={report}",
                "--benchmark-columns=median",
            ],
            cwd=HERE.parent,
            env={**os.environ, SWITCH: implementation},
            check=True,
        )
        return load(report)


def random_pairs() -> str:
    """Run the test of random pairs in full; return what pytest says at its end."""
    printed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", PAIRS_TEST],
        cwd=HERE.parent,
        env={**os.environ, "REALTIME_SYNC_RANDOM_PAIRS": str(RANDOM_PAIRS)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    return printed.strip().splitlines()[-1]


def run_of(found: dict[str, Any]) -> Run:
    """Return a run as the page wants it."""
    return Run(
        main=Figures.of_pytest(found["main"]) + Figures.of_node(found["node"]),
        python=Figures.of_pytest(found["python"]) if found["python"] else None,
        report=found["main"],
        node_version=found["node"] and found["node"]["node"].removeprefix("v"),
        wrong=found["wrong"],
        random_pairs=found["random_pairs"],
        memory=found["memory"],
        frames=[FrameBytes(**it) for it in found["frames"]],
        encodings=[EncodingCount(**it) for it in found["encodings"]],
        fanout=[FanOut(**it) for it in found["fanout"]],
        crowds=[Crowd(**it) for it in found["crowds"]],
        load=found["load"],
        missing=found["missing"],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
