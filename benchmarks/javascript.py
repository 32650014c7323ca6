"""The rivals under Node, on the same snapshots, edits and pairs, which they get as files."""

import json
import shutil
import subprocess
import tempfile
from functools import reduce
from pathlib import Path
from typing import Any

import attrs

from benchmarks.cases import SIZES, pairs, updates
from benchmarks.correctness import probes
from realtime_sync.document.patch import apply_patch

FOLDER = Path(__file__).parent / "node"
TIMEOUT_S = 600


def run() -> dict[str, Any] | None:
    """Return what `rivals.mjs` prints, or None where Node or its packages are missing."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        return None
    with tempfile.TemporaryDirectory() as scratch:
        write_cases(Path(scratch))
        printed = subprocess.run(
            [node, "--max-old-space-size=8192", "rivals.mjs", scratch],
            cwd=FOLDER,
            stdout=subprocess.PIPE,
            check=True,
            timeout=TIMEOUT_S,
        ).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


def write_cases(folder: Path) -> None:
    """Write what the script reads."""
    _write(folder / "probes.json", probes())
    for nodes in SIZES:
        _write(folder / f"snapshots-{nodes}.json", [[pair.old, pair.new] for pair in pairs(nodes)])
        steps = updates(nodes)
        before = steps[0].before
        _write(
            folder / f"edits-{nodes}.json",
            {
                "before": before,
                "updates": [[attrs.asdict(edit) for edit in update.edits] for update in steps],
                "after": reduce(apply_patch, (update.patch for update in steps), before),
            },
        )


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
