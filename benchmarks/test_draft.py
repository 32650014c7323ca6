"""What a recorded update costs: record it, close the draft, take the patch.

    pytest benchmarks/test_draft.py

The edits are those of the workload's steps, replayed as an application writes them: members are set, lists appended to,
texts grow with `+=`. The rivals are told the same edits.
"""

import statistics

import pytest
import zstandard

from benchmarks.cases import SIZES, STEPS, Update, updates
from benchmarks.rivals import load
from benchmarks.timing import Timing, mean_bytes
from realtime_sync.document.draft import draft
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.document.pointer import parse_pointer

TABLE = "edits known"


@pytest.mark.parametrize("nodes", SIZES)
def test_record_close_and_patch(timing: Timing, nodes: int) -> None:
    steps = updates(nodes)
    timing("draft", Update.record, steps, size=nodes, rounds=10 * STEPS, bytes=mean_bytes([u.patch for u in steps]))
    compressed = [len(zstandard.compress(_json(update))) for update in steps]
    timing.add(right=True, compressed_bytes=statistics.mean(compressed), operations=_operations(steps))


@pytest.mark.parametrize("nodes", SIZES)
def test_record_close_patch_and_result(timing: Timing, nodes: int) -> None:
    steps = updates(nodes)

    def result(update: Update) -> object:
        with draft(update.before) as d:
            update.write(d)
        return d.patch and d.result

    assert all(json_equal(result(update), apply_patch(update.before, update.patch)) for update in steps[:1])  # type: ignore[arg-type]
    timing("draft, with the new document", result, steps, size=nodes, rounds=3 * STEPS, right=True)


@pytest.mark.parametrize("nodes", [nodes for nodes in SIZES if load("pycrdt")])
def test_pycrdt(timing: Timing, nodes: int) -> None:
    from importlib import metadata

    from benchmarks.pycrdt_document import Shared, content

    steps = updates(nodes)
    growing = {(*edit.path, edit.key) for update in steps for edit in update.edits if edit.grows_text}
    shared = Shared(steps[0].before, growing)
    replica = shared.replica()
    sent: list[bytes] = []
    # Each step once, in order: a CRDT does not go back. The first warms up.
    timing(
        f"pycrdt {metadata.version('pycrdt')}",
        lambda update: sent.append(shared.write(update.edits)),
        steps,
        size=nodes,
        rounds=STEPS - 2,
        is_slow=True,
    )
    for update in sent:
        replica.apply_update(update)
    after = apply_patch(steps[len(sent) - 1].before, steps[len(sent) - 1].patch)
    timing.add(
        bytes=statistics.mean(map(len, sent)),
        compressed_bytes=statistics.mean(len(zstandard.compress(update)) for update in sent),
        right=json_equal(content(replica), after),
    )


def _json(update: Update) -> bytes:
    import orjson

    return orjson.dumps(update.patch)


def _operations(steps: list[Update]) -> float:
    assert all(parse_pointer(operation["path"]) for update in steps for operation in update.patch)
    return statistics.mean(len(update.patch) for update in steps)
