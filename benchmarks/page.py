"""RESULTS.md: what one run measured."""

import datetime
import importlib.metadata
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from benchmarks import cells, wire_page
from benchmarks.correctness import PAIRS_OF_A_KIND, PATIENCE_S
from benchmarks.encodings import EncodingCount
from benchmarks.fanout import FanOut
from benchmarks.figures import FLOOR, JSONPATCH, Figures
from benchmarks.memory import EDITS
from benchmarks.plot import Curve
from benchmarks.stuck import Crowd
from benchmarks.targets import TARGETS, Target
from benchmarks.wire_bytes import FrameBytes

RANDOM_PAIRS = 50_000
PAIRS_TEST = "tests/document/test_random_pairs.py"
PLOT = "plots/time_against_size.svg"
RESIDENT = ("channel", "channel after the edits", "peak of the process")


@attrs.frozen
class Run:
    """Everything that one run found out.

    Attributes:
        main: What an application gets on this machine, its rivals, and those under Node.
        python: What depends on the implementation, measured without the extension in C; None without the extension.
        report: The report of pytest-benchmark, for what it says of the machine.
        wrong: How many pairs of each kind a library got wrong.
        random_pairs: The last line of the test of 50,000 random pairs.
        memory: What `benchmarks.memory` found.
        frames: What `benchmarks.wire_bytes` found.
        encodings: What `benchmarks.encodings` counted.
        fanout: What `benchmarks.fanout` found.
        crowds: What `benchmarks.stuck` found.
        load: The load average before the run and at its end; the run itself is one process at a time.
        missing: Rivals that did not run, each with the reason.
    """

    main: Figures
    python: Figures | None
    report: dict[str, Any]
    node_version: str | None
    wrong: dict[str, dict[str, int]]
    random_pairs: str
    memory: list[dict[str, Any]]
    frames: list[FrameBytes]
    encodings: list[EncodingCount]
    fanout: list[FanOut]
    crowds: list[Crowd]
    load: list[float | None]
    missing: dict[str, str]

    @property
    def implementation(self) -> str:
        name: str = self.report["machine_info"]["implementation"]
        return name


def curves(run: Run) -> list[Curve]:
    """Return what the plot shows."""
    shown = [
        ("diff", FLOOR, FLOOR, 2, False),
        ("diff", "diff", f"diff, {run.implementation}", 0, True),
        ("whole path", "publish to frame", "publish, to the frame", 0, False),
        ("edits known", "draft", "draft: edits recorded", 1, True),
        ("whole path", "edit to json frame", "edit, to the frame", 1, False),
        *(("diff", name, None, 3, False) for name in (JSONPATCH, "jsonyx", "deepdiff")),
        *(("diff", name, None, 4, False) for name in ("fast-json-patch", "rfc6902", "jsondiffpatch")),
        ("edits known", "pycrdt", None, 2, False),
        ("edits known", "immer", None, 4, False),
    ]
    found = []
    for table, row, label, kind, is_ours in shown:
        figures = [it for size in run.main.sizes(table) if (it := run.main.find(table, row, size))]
        if figures:
            points = [(float(it.size), it.ms) for it in figures]
            found.append(Curve(label or figures[0].row, points, kind, is_ours))
    if run.python is not None:
        slower = [run.python.get("diff", "diff", size) for size in run.python.sizes("diff")]
        found.append(Curve("diff, Python", [(float(it.size), it.ms) for it in slower], 0))
    return found


def page(run: Run) -> str:
    """Return the whole page."""
    sections = [
        _head(run),
        _targets(run),
        _diff(run),
        _known(run),
        _apply(run),
        _whole_path(run),
        wire_page.frames(run.frames, run.main),
        wire_page.batching(run.main, run.python),
        wire_page.fanout(run.fanout, run.encodings),
        wire_page.crowds(run.crowds),
        _lists(run),
        _text(run),
        _values(run),
        _correctness(run),
        _memory(run),
    ]
    return "\n".join(line for section in sections for line in (*section, ""))


def _head(run: Run) -> Iterator[str]:
    machine = run.report["machine_info"]
    cpu = machine["cpu"]
    yield "# What things cost"
    yield ""
    day = datetime.date.fromisoformat(run.report["datetime"][:10])
    brand = cpu.get("brand_raw", machine["machine"]).strip(" ,")
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("realtime-sync", "orjson", "msgpack", "zstandard")
    )
    yield from cells.prose(
        """
        `python3 dev.py results` wrote this page and its plot, from one run on one machine. Only ratios carry over to
        another machine, and two figures within a few per cent of each other are the same.
        """
    )
    yield ""
    yield f"- {day:%d %B %Y}; {brand}, {cpu.get('count')} cores, {machine['system']}"
    python = f"{machine['python_implementation']} {machine['python_version']}"
    yield f"- {python}, Node {run.node_version or 'not run'}; {versions}"
    before, after = (f"{load:.2f}" if load is not None else "unknown" for load in run.load)
    yield f"- Load average before the run {before}, at its end {after}; the run itself is one process at a time"
    if run.python is not None:
        yield "- Measured: with the extension in C, and in pure Python as it is where there was no compiler"
    else:
        yield "- Measured: pure Python; the extension in C was not built"
    yield from cells.prose(
        """
        - Snapshots are those of `workload.py`: 0.36, 3.6 and 36 MB of JSON; successive ones share no object. The floor
          `==` compares two equal ones, and is timed between the calls, both with warm caches; its own row, timed beside
          itself, shows how far apart two equal figures can be. All figures are medians; the garbage collector runs as
          it does in an application
        - Graphs of 10,000 nodes hold 640,000 values, more than the 500,000 that `Limits` allows by default: they were
          measured with `Limits(max_elements=10_000_000)`, by way of `Normalizer` and `attach(limits=...)`
        """
    )
    for name, reason in run.missing.items():
        yield f"- Not measured: {name}: {reason}"


def _targets(run: Run) -> Iterator[str]:
    yield "## Targets"
    yield ""
    header = ["what", "target", run.implementation]
    if run.python is not None:
        header.append("pure Python")
    wire_targets = wire_page.target_rows(run.frames, run.fanout, run.encodings, run.crowds)
    same = ["the same"] if run.python is not None else []
    yield from cells.table(
        header, [*(_target_row(target, run) for target in TARGETS), *([*row, *same] for row in wire_targets)]
    )
    yield ""
    yield from cells.prose(
        """
        Ratios to jsonpatch and `==` are taken within one run of one process; pure Python is a run of its own, with its
        own `==`, against the jsonpatch of the other. What hardly depends on the two is measured once.
        """
    )


def _target_row(target: Target, run: Run) -> list[str]:
    row = [target.what, target.bound, str(target.judge(run.main))]
    if run.python is not None:
        row.append(str(target.judge(run.python + run.main)))
    return row


def _diff(run: Run) -> Iterator[str]:
    yield "## What changed between two whole snapshots"
    yield ""
    sizes = run.main.sizes("diff")
    header = [
        "",
        *(f"{size:,} nodes, ms" for size in sizes),
        "times `==`",
        "jsonpatch takes, times",
        "bytes at 1,000",
        "result",
    ]
    rows = [_diff_row(row, run.main, sizes) for row in run.main.rows("diff")]
    if run.python is not None:
        ours = [row for row in run.python.rows("diff") if row != FLOOR]
        rows[3:3] = [[f"{row}, pure Python", *_diff_row(row, run.python + run.main, sizes)[1:]] for row in ours]
    yield from cells.table(header, rows)
    yield ""
    yield from cells.prose(
        """
        Times `==` and times jsonpatch: at 100 / 1,000 / 10,000 nodes. The rivals under Node are set against the same
        figures of Python. *Right*: applied by its own library, the patch gave the new snapshot exactly.
        """
    )
    yield ""
    yield f"![Time against the size of the graph]({PLOT})"


def _diff_row(row: str, figures: Figures, sizes: Sequence[int]) -> list[str]:
    found = [figures.find("diff", row, size) for size in sizes]
    over_floor, over_jsonpatch = [], []
    for figure, size in zip(found, sizes, strict=True):
        if figure is not None:
            floor = figure.floor_ms or figures.get("diff", FLOOR, size).ms
            over_floor.append(cells.ratio(figure.ms / floor))
            over_jsonpatch.append(cells.ratio(figures.get("diff", JSONPATCH, size).ms / figure.ms))
    at_1_000 = found[sizes.index(1_000)]
    size_in_bytes = "" if at_1_000 is None or "bytes" not in at_1_000.facts else f"{at_1_000.facts['bytes']:,.0f}"
    return [
        cells.named(row),
        *(cells.ms(figure) for figure in found),
        " / ".join(over_floor),
        " / ".join(over_jsonpatch),
        size_in_bytes,
        cells.verdict(found),
    ]


def _known(run: Run) -> Iterator[str]:
    yield "## Edits that are known: recorded, not searched for"
    yield ""
    sizes = run.main.sizes("edits known")
    header = ["", *(f"{size:,} nodes, µs" for size in sizes), "bytes at 1,000", "with zstd", "result"]
    rows = []
    for row in run.main.rows("edits known"):
        found = [run.main.find("edits known", row, size) for size in sizes]
        facts = found[1].facts if found[1] else {}
        sizes_in_bytes = [f"{facts[name]:,.0f}" if name in facts else "" for name in ("bytes", "compressed_bytes")]
        rows.append([cells.named(row), *(cells.us(it) for it in found), *sizes_in_bytes, cells.verdict(found)])
    yield from cells.table(header, rows)
    yield ""
    yield from cells.prose(
        """
        The hundred updates of the workload, six or seven operations each. A draft leaves the old document as it is, and
        gives a patch; pycrdt and immer get the same edits.
        """
    )


def _apply(run: Run) -> Iterator[str]:
    yield "## Applying a patch of six operations"
    yield ""
    sizes = run.main.sizes("apply")
    yield from cells.table(
        ["", *(f"{size:,} nodes, µs" for size in sizes), "result"], cells.simple_rows(run.main, "apply", sizes)
    )


def _whole_path(run: Run) -> Iterator[str]:
    yield "## From the application's call to what is sent"
    yield ""
    sizes = run.main.sizes("whole path")
    rows = []
    for row in run.main.rows("whole path"):
        rows.append(_path_row(row, row, run.main, sizes))
        if run.python is not None:
            rows.append(_path_row(row, f"{row}, pure Python", run.python, sizes))
    header = ["", *(f"{size:,} nodes, µs" for size in sizes), "times `==`", "bytes at 1,000"]
    yield from cells.table(header, rows)
    yield ""
    yield from cells.prose(
        """
        `publish`: a whole snapshot is compared, what changed is normalised, the head takes it over, a frame is cut,
        committed, and written as JSON. `edit`: a recorded update goes the same way, through the codec.
        """
    )


def _path_row(row: str, label: str, figures: Figures, sizes: Sequence[int]) -> list[str]:
    found = [figures.get("whole path", row, size) for size in sizes]
    over = [cells.ratio(it.ms / it.floor_ms) for it in found if it.floor_ms]
    return [label, *(cells.us(it) for it in found), " / ".join(over), f"{found[1].facts['bytes']:,.0f}"]


def _lists(run: Run) -> Iterator[str]:
    yield "## Lists of objects with an `id`"
    yield ""
    rows = []
    makers = [("", run.main)] + ([(", pure Python", run.python)] if run.python is not None else [])
    for suffix, figures in makers:
        for row in figures.rows("lists"):
            small, large = (figures.find("lists", row, length) for length in (1_000, 10_000))
            if small is None or large is None:
                continue
            facts = large.facts
            size = f"{facts['bytes']:,.0f}" if "bytes" in facts else ""
            growth = f"{large.ms / small.ms:.0f}"
            operations = f"{facts['operations']:,}"
            found = [cells.ms(small), cells.ms(large), growth, operations, size, cells.verdict([small, large])]
            rows.append([cells.named(row) + suffix, *found])
    yield from cells.table(["", "1,000, ms", "10,000, ms", "times", "operations", "bytes", "result"], rows)


def _text(run: Run) -> Iterator[str]:
    yield "## Tokens at the end of a text of 1 MB"
    yield ""
    rows = [[row, cells.us(cells.any_size(run.main, "text", row))] for row in run.main.rows("text")]
    yield from cells.table(["", "µs, all in all"], rows)


def _values(run: Run) -> Iterator[str]:
    yield "## The whole snapshot, and a hundred patches"
    yield ""
    sizes = run.main.sizes("values")
    rows = []
    for row in run.main.rows("values"):
        found = [run.main.get("values", row, size) for size in sizes]
        over = [cells.ratio(it.ms / it.floor_ms) for it in found if it.floor_ms]
        facts = found[1].facts
        note = ""
        if "operations" in facts:
            note = (
                f"{facts['operations_before']:,} operations became {facts['operations']:,}, "
                f"{facts['bytes_before']:,.0f} bytes {facts['bytes']:,.0f}"
            )
        rows.append([cells.named(row), *(cells.ms(it) for it in found), " / ".join(over), note])
    yield from cells.table(["", *(f"{size:,} nodes, ms" for size in sizes), "times `==`", "at 1,000"], rows)


def _correctness(run: Run) -> Iterator[str]:
    kinds = list(run.wrong["realtime_sync"])
    total = len(kinds) * PAIRS_OF_A_KIND
    yield "## Who gets it right"
    yield ""
    yield from cells.prose(
        f"""
        `REALTIME_SYNC_RANDOM_PAIRS={RANDOM_PAIRS} .venv/bin/pytest {PAIRS_TEST}` in this run: {run.random_pairs}.
        Our patch of each of {RANDOM_PAIRS:,} random pairs and of 1,000 made to be got wrong, with and without `append`,
        was applied by us and by jsonpatch, and gave the new document exactly.

        Pairs of the second sort, {PAIRS_OF_A_KIND} of each kind: how often a library's own patch, applied by itself,
        did not give the new document exactly, raised, or took over {PATIENCE_S:.0f} s. Under Node only what
        JavaScript's numbers can tell apart counts.
        """
    )
    yield ""
    rows = [
        [cells.named(name), f"{sum(found.values())} of {total}", *(str(found[kind] or "") for kind in kinds)]
        for name, found in run.wrong.items()
    ]
    yield from cells.table(["", "wrong", *kinds], rows)


def _memory(run: Run) -> Iterator[str]:
    yield "## Memory of a channel"
    yield ""
    traced = [found for found in run.memory if found["kind"] == "traced"]
    resident = {found["size"]: found for found in run.memory if found["kind"] == "resident"}
    rows = []
    for found in traced:
        process = resident.get(found["size"], {})
        rows.append(
            [
                f"{found['size']:,}",
                *(cells.mb(found.get(name)) for name in ("json", "document", "channel", "channel after the edits")),
                cells.ratio(found["channel"] / found["document"]),
                f"{found['peak of a publish'] / 1e3:,.0f} kB",
                *(cells.mb(process.get(name)) for name in RESIDENT),
            ]
        )
    header = ["nodes", "as JSON", "as Python objects", "channel", f"after {EDITS:,} edits", "channel / objects"]
    resident_header = ["resident: channel", "after the edits", "peak"]
    yield from cells.table([*header, "more during a `publish`", *resident_header], rows)
    yield ""
    yield from cells.prose(
        """
        MB beyond what the process held before it parsed the document. *Channel*: an `AsyncBroadcaster` over a
        `MemoryTransport` that owns the document, after the application dropped its own. What the edits add is the text
        that they wrote and the history, which keeps up to 1,000 frames or 4 MB. A *`publish`*: of a whole snapshot in
        which one text changed. *Resident*: what the system counts, with what the allocator keeps of the application's
        own copy; measured in a process of its own; its peak includes a second snapshot.
        """
    )
