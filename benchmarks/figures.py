"""The figures of one run, however they were taken, in one shape."""

import json
import re
from pathlib import Path
from typing import Any

import attrs

JSONPATCH = "jsonpatch"
FLOOR = "old == new"


@attrs.frozen
class Figure:
    """One thing measured at one size.

    Attributes:
        table: What it belongs to: "diff", "apply", ...
        row: Who does it, or what is done.
        size: Nodes, elements or tokens.
        ms: Median.
        floor_ms: Median of `==` on the same snapshots, timed in between; None where there is no such floor.
        facts: Bytes of the patch, operations, whether the result was right.
    """

    table: str
    row: str
    size: int
    ms: float
    floor_ms: float | None = None
    facts: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Figures:
    """All figures of one table-maker, found by table, row and size."""

    all: list[Figure]

    @classmethod
    def of_pytest(cls, report: dict[str, Any]) -> "Figures":
        """Take what `pytest --benchmark-json` wrote."""
        return cls([_figure(benchmark) for benchmark in report["benchmarks"]])

    @classmethod
    def of_node(cls, report: dict[str, Any] | None) -> "Figures":
        """Take what `node/rivals.mjs` printed."""
        found = []
        for figure in (report or {"figures": []})["figures"]:
            facts = {name: figure[name] for name in ("bytes", "compressed_bytes", "right") if name in figure}
            found.append(Figure(figure["table"], figure["row"], figure["size"], figure["ms"], None, facts))
        return cls(found)

    def __add__(self, others: "Figures") -> "Figures":
        return Figures(self.all + others.all)

    def rows(self, table: str) -> list[str]:
        """Return the rows of a table in the order of the run."""
        return list(dict.fromkeys(figure.row for figure in self.all if figure.table == table))

    def sizes(self, table: str) -> list[int]:
        return sorted({figure.size for figure in self.all if figure.table == table})

    def find(self, table: str, row: str, size: int) -> Figure | None:
        """Return a figure; `row` may be a library's name without its version."""
        named = re.compile(rf"{re.escape(row)}( [\d.]+)?")
        return next((it for it in self.all if (it.table, it.size) == (table, size) and named.fullmatch(it.row)), None)

    def get(self, table: str, row: str, size: int) -> Figure:
        """Return a figure that is there."""
        found = self.find(table, row, size)
        assert found is not None, f"nothing measured {row} at {size} for {table}"
        return found


def _figure(benchmark: dict[str, Any]) -> Figure:
    facts = dict(benchmark["extra_info"])
    table, row, size = (facts.pop(name) for name in ("table", "row", "size"))
    floor_s = facts.pop("floor_s", None)
    ms = benchmark["stats"]["median"] * 1e3
    return Figure(table, row, size, ms, None if floor_s is None else floor_s * 1e3, facts)


def load(path: Path) -> dict[str, Any]:
    """Return a JSON file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
