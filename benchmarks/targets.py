"""What the document floor is held to, and whether a run holds it."""

from collections.abc import Callable, Iterator

import attrs

from benchmarks.figures import Figures

SIZES = (100, 1_000, 10_000)


@attrs.frozen
class Finding:
    """How one target was met."""

    measured: str
    is_met: bool

    def __str__(self) -> str:
        return f"{self.measured}: {'met' if self.is_met else '**not met**'}"


@attrs.frozen
class Target:
    """One promise.

    Attributes:
        what: What is measured.
        bound: What it has to be.
        judge: Says how it was met.
    """

    what: str
    bound: str
    judge: Callable[[Figures], Finding]


def _times_as_fast(size: int, least: float) -> Callable[[Figures], Finding]:
    def judge(figures: Figures) -> Finding:
        times = figures.get("diff", "jsonpatch", size).ms / figures.get("diff", "diff", size).ms
        return Finding(f"{times:.0f} times", times >= least)

    return judge


def _over_floor(table: str, row: str, size: int, most: float) -> Callable[[Figures], Finding]:
    def judge(figures: Figures) -> Finding:
        found = figures.get(table, row, size)
        assert found.floor_ms is not None
        return Finding(f"{found.ms / found.floor_ms:.2f} times", found.ms <= most * found.floor_ms)

    return judge


def _under(table: str, row: str, size: int, most_ms: float) -> Callable[[Figures], Finding]:
    def judge(figures: Figures) -> Finding:
        ms = figures.get(table, row, size).ms
        return Finding(f"{ms * 1e3:.0f} µs", ms <= most_ms)

    return judge


def _in_place(figures: Figures) -> Finding:
    worst = max(figures.get("apply", "apply_patch_in_place", size).ms for size in SIZES)
    return Finding(f"{worst * 1e3:.0f} µs", worst <= 0.02)


def _is_flat(figures: Figures) -> Finding:
    times = figures.get("edits known", "draft", 10_000).ms / figures.get("edits known", "draft", 100).ms
    return Finding(f"{times:.2f} times", times <= 2)


def _head(figures: Figures) -> Finding:
    operations = figures.get("lists", "diff, one inserted at the head", 10_000).facts["operations"]
    return Finding(f"{operations} operation", operations == 1)


def _shuffled(figures: Figures) -> Finding:
    small, large = (figures.get("lists", "diff, shuffled", length).ms for length in (1_000, 10_000))
    measured = f"{large:.0f} ms, {large / small:.0f} times the time of 1,000"
    return Finding(measured, large <= 1_000 and large / small < 30)


def _throughput(figures: Figures) -> Finding:
    millions = 50 / figures.get("batching", "Primary, `json`", 50).ms / 1e3
    return Finding(f"{millions:.2f} M/s", millions >= 0.5)


def _targets() -> Iterator[Target]:
    for size, least in ((100, 40), (1_000, 35), (10_000, 30)):
        judge = _times_as_fast(size, least)
        yield Target(f"whole-snapshot diff, {size:,} nodes, against jsonpatch", f"{least} times as fast", judge)
    for size in SIZES:
        judge = _over_floor("diff", "diff", size, 2)
        yield Target(f"whole-snapshot diff, {size:,} nodes, against `==`", "at most 2.0 times", judge)
    judge = _over_floor("whole path", "publish to frame", 1_000, 3)
    yield Target("`publish` of a whole snapshot, 1,000 nodes, against `==`", "at most 3.0 times", judge)
    judge = _under("edits known", "draft", 10_000, 0.03)
    yield Target("draft: record, close, patch, 10,000 nodes", "at most 30 µs", judge)
    yield Target("the same, against 100 nodes", "at most 2 times", _is_flat)
    judge = _under("apply", "apply_patch", 1_000, 0.05)
    yield Target("`apply_patch`, 6 operations, 1,000 nodes", "at most 50 µs", judge)
    judge = _under("apply", "apply_patch", 10_000, 0.3)
    yield Target("`apply_patch`, 6 operations, 10,000 nodes", "at most 300 µs", judge)
    yield Target("`apply_patch_in_place`, 6 operations, the slowest size", "at most 20 µs", _in_place)
    judge = _under("whole path", "edit to json frame", 1_000, 0.1)
    yield Target("from `edit` to a frame in codec `json`, 1,000 nodes", "at most 100 µs", judge)
    judge = _under("whole path", "edit to msgpack+zstd frame", 1_000, 0.1)
    yield Target("the same in codec `msgpack+zstd`", "at most 100 µs", judge)
    yield Target("`emit`, flush and encode, codec `json`, 50 in a frame", "0.5 M messages/s", _throughput)
    yield Target("list of 10,000 objects, one inserted at the head", "1 operation", _head)
    yield Target("list of 10,000 objects, shuffled", "under 1 s, never quadratic", _shuffled)


TARGETS = list(_targets())
