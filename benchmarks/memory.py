"""What a channel holds, beside the size of its document: `python -m benchmarks.memory FOLDER resident|traced`.

A channel of an `AsyncBroadcaster` over a `MemoryTransport` takes the graph as its initial document, then a thousand
edits (the workload's hundred steps, ten times over), each flushed, then a whole snapshot. `resident` asks the system
how large the process is; `traced` counts what Python allocated, which slows everything and needs memory itself: so each
runs in a process of its own, which has read the graph as text and has made nothing else. What is measured goes to
standard output as JSON, in bytes.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import orjson

from benchmarks.cases import LIMITS, SIZES, Edit, updates
from realtime_sync import AsyncBroadcaster, allow_everyone
from realtime_sync.testing import MemoryTransport

EDITS = 1_000
STATUS = Path("/proc/self/status")
PEAK_RESET = Path("/proc/self/clear_refs")


@attrs.frozen
class Meter:
    """How much memory is held now, and what the most was since it was last asked."""

    held: Callable[[], int]
    peak: Callable[[], int]


def traced() -> Meter:
    tracemalloc.start()

    def peak() -> int:
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        return found

    return Meter(lambda: tracemalloc.get_traced_memory()[0], peak)


def resident() -> Meter:
    """Of this process, on Linux; the peak is the most that it was since now."""
    PEAK_RESET.write_text("5")  # or a child may count what its parent held when it was made

    def kilobytes(name: str) -> int:
        status = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(status[name].split()[0])

    return Meter(lambda: kilobytes("VmRSS") * 1024, lambda: kilobytes("VmHWM") * 1024)


METERS = {"traced": traced, "resident": resident}


async def measure(folder: Path, kind: str) -> dict[str, int]:
    """Return bytes, each beyond what was held before the document was parsed."""
    text = (folder / "graph.json").read_text(encoding="utf-8")
    updates = json.loads((folder / "edits.json").read_text(encoding="utf-8"))
    edits = [[Edit(tuple(edit.pop("path")), **edit) for edit in update] for update in updates]
    meter = METERS[kind]()
    gc.collect()
    before = meter.held()
    document = json.loads(text)
    found = {"json": len(text.encode()), "document": held_since(before, meter)}
    async with AsyncBroadcaster(MemoryTransport(), authorize=allow_everyone, limits=LIMITS) as hub:
        channel = hub.channel("project_42", initial=document)
        await channel.flush()
        del document  # the application's own, which it may drop; what the channel holds is a copy
        found["channel"] = held_since(before, meter)
        for number in range(EDITS):
            with channel.edit() as doc:
                for edit in edits[number % len(edits)]:
                    edit.write(doc)
            await channel.flush()
        found["channel after the edits"] = held_since(before, meter)
        snapshot = json.loads(json.dumps(channel.primary.document))
        snapshot["overall_project_goal"] += " and more"
        held_before_publish = held_since(0, meter)
        meter.peak()
        channel.publish(snapshot)
        await channel.flush()
        if kind == "traced":  # the system's peak is the process's, which has parsed a snapshot just now
            found["peak of a publish"] = meter.peak() - held_before_publish
        else:
            found["peak of the process"] = meter.peak() - before
    return found


def held_since(before: int, meter: Meter) -> int:
    gc.collect()
    return meter.held() - before


def run_all() -> list[dict[str, Any]]:
    """Return every measurement, each made in a process of its own."""
    kinds = ["traced", "resident"] if STATUS.exists() else ["traced"]
    found = []
    for nodes in SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            steps = updates(nodes)
            Path(scratch, "graph.json").write_bytes(orjson.dumps(steps[0].before))
            edits = [[attrs.asdict(edit) for edit in update.edits] for update in steps]
            Path(scratch, "edits.json").write_bytes(orjson.dumps(edits))
            found += [{"size": nodes, "kind": kind, **_in_child(scratch, kind)} for kind in kinds]
    return found


def _in_child(folder: str, kind: str) -> dict[str, int]:
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", folder, kind],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    ).stdout
    found: dict[str, int] = json.loads(printed)
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), sys.argv[2]))))
