"""What a folder has to say, gathered from what was found in it."""

import attrs

from examples.agent_server.document import Status
from examples.agent_server.plain_text import byte_size, counted, shortened
from examples.agent_server.report import Report, Totals, Worker

WORKER = Worker(agent_name="FolderAggregator", kind="aggregator", name="sum", version="1")

MAX_ENTRIES = 200
"""Entries of one kind that are written out; the graph has them all."""


@attrs.frozen(kw_only=True)
class Outcome:
    """How one task ended, for the folder above it.

    Attributes:
        summary: One line: what was found, or why nothing was.
    """

    task_id: str
    name: str
    status: Status
    summary: str
    totals: Totals


def gather(name: str, outcomes: list[Outcome], *, left_out: str = "") -> Report:
    """Return the report of a folder whose entries ended as `outcomes`.

    Args:
        left_out: What was not looked at, and by whose decision; empty when everything was.
    """
    totals = sum((outcome.totals for outcome in outcomes), Totals(folders=1))
    paragraphs = [
        f"# {name}",
        _sums(totals),
        left_out,
        _section("Could not be read", outcomes, Status.FAILED),
        _section("Left out", outcomes, Status.SKIPPED),
        _section("Entries", outcomes, Status.DONE),
    ]
    return Report(
        worker=WORKER,
        result_type="folder",
        summary=_summary(totals),
        text="\n\n".join(filter(None, paragraphs)) + "\n",
        totals=totals,
    )


def _summary(totals: Totals) -> str:
    trouble = [f"{totals.failed:,} failed"] if totals.failed else []
    skipped = [f"{totals.skipped:,} skipped"] if totals.skipped else []
    return ", ".join([counted(totals.files, "file"), byte_size(totals.size_bytes), *trouble, *skipped])


def _sums(totals: Totals) -> str:
    inner = totals.folders - 1
    where = f" in {counted(inner, 'sub-folder')}" if inner else ""
    return (
        f"{counted(totals.files, 'file')}{where}, {byte_size(totals.size_bytes)}, {counted(totals.lines, 'line')}.\n"
        f"Python: {counted(totals.classes, 'class')}, {counted(totals.functions, 'function')}. "
        f"Texts: {counted(totals.words, 'word')}."
    )


def _section(title: str, outcomes: list[Outcome], status: Status) -> str:
    lines = [f"- {one.name}: {shortened(one.summary, 120)}" for one in outcomes if one.status is status]
    more = [f"and {len(lines) - MAX_ENTRIES:,} more"] if len(lines) > MAX_ENTRIES else []
    return "\n".join([f"## {title}", "", *lines[:MAX_ENTRIES], *more]) if lines else ""
