"""The hierarchical run: folders are split and gathered, files are read and examined, a human is asked."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import attrs

from examples.agent_server.document import ROOT_TASK_ID, NewTask, NodeType, RunState, Stage, Status
from examples.agent_server.folder_report import Outcome, gather
from examples.agent_server.inspect_file import examine
from examples.agent_server.plain_text import byte_size, counted, readable, readable_name
from examples.agent_server.plan import Entry, EntryKind, plan_folder
from examples.agent_server.questions import Action, Questions
from examples.agent_server.reading import Content, read_file
from examples.agent_server.report import BrokenFile, Report, ToolCall, Totals, measured, pieces
from examples.agent_server.task_graph import GATHERED_PERCENT, TaskGraph

logger = logging.getLogger(__name__)

# How far a task is: a folder is listed; a file is read, then examined; what is left is writing it down.
LISTED_PERCENT = 5
READ_PERCENT = 15
EXAMINED_PERCENT = 40


@attrs.frozen(kw_only=True)
class RunOptions:
    """How a run goes about its work.

    Attributes:
        ask_above: A folder of more entries than this is not entered before a human approved.
        question_timeout_s: Seconds a human has; then the folder is skipped.
        concurrency: Files that are worked on at a time.
        pace_ms: Pause after every step of a task, so that a person can follow; 0 is as fast as it goes.
        max_nodes: The graph grows no further; folders say how many of their entries were left out.
    """

    ask_above: int = 20
    question_timeout_s: float = 300.0
    concurrency: int = 4
    pace_ms: float = 0.0
    max_nodes: int = 3_000


@attrs.frozen
class _Task:
    """A node and the entry that it stands for."""

    node: NewTask
    entry: Entry

    @property
    def id(self) -> str:
        return self.node.task_id

    def outcome(self, status: Status, summary: str, totals: Totals) -> Outcome:
        return Outcome(task_id=self.id, name=self.entry.name, status=status, summary=summary, totals=totals)


@attrs.frozen
class _Admitted:
    """The entries of a folder that become tasks, and what is to be said of the others."""

    entries: Sequence[Entry]
    left_out: str = ""


class _NotApproved(Exception):
    """A folder that nobody let the run enter; the text says why."""


class InspectionRun:
    """One run over one folder; nothing outside it is read.

    Args:
        folder: Absolute, and no link.
        graph: Records what happens.
        questions: Asks a human.
    """

    def __init__(self, folder: Path, graph: TaskGraph, questions: Questions, options: RunOptions) -> None:
        self._folder = folder
        self._graph = graph
        self._questions = questions
        self._options = options
        self._turn = asyncio.Semaphore(options.concurrency)
        self._nodes_left = options.max_nodes - 1
        self._work: asyncio.Task[Outcome] | None = None
        self._abort_reason: str | None = None

    async def run(self) -> None:
        """Work through the folder; however that ends, every node has ended by then."""
        root = _root(self._folder, self._graph.goal)
        self._graph.begin(root.node)
        self._work = asyncio.create_task(self._inspect_folder(root))
        try:
            await self._work
        except BaseException:
            self._graph.skip_rest(self._abort_reason or "the run was stopped")
            self._graph.end(RunState.ABORTED)
            if self._abort_reason is None or _is_cancelled():
                raise
        else:
            self._graph.end(RunState.DONE)

    # ---- folders -------------------------------------------------------------------------------------------------

    async def _inspect_folder(self, task: _Task) -> Outcome:
        self._graph.start(task.id, Stage.ATOMIZATION)
        await self._pause()
        try:
            entries, duration_ms = await asyncio.to_thread(measured, lambda: plan_folder(task.entry.path))
        except OSError as error:
            return self._failed(task, _problem(error))
        metrics = {"entries": len(entries), "duration_ms": duration_ms}
        self._graph.listed(task.id, _call("list_folder", task, metrics), percent=LISTED_PERCENT)
        try:
            admitted = self._within_bounds(await self._approved(task, entries))
        except _NotApproved as reason:
            return self._skipped(task, str(reason))
        self._graph.enter(task.id, Stage.PLANNING)
        await self._pause()
        parts = [_part(task, number, entry) for number, entry in enumerate(admitted.entries, start=1)]
        self._graph.split(task.id, [part.node for part in parts])
        outcomes = await self._inspect_parts(parts)
        return await self._gather(task, outcomes, admitted.left_out)

    async def _approved(self, task: _Task, entries: Sequence[Entry]) -> _Admitted:
        """Return the entries that a human lets the run enter; a small folder needs nobody's word."""
        if len(entries) <= self._options.ask_above:
            return _Admitted(entries)
        decision = await self._questions.ask(
            task.id, _question(task, entries), timeout_s=self._options.question_timeout_s
        )
        match decision.action:
            case Action.APPROVE:
                return _Admitted(entries)
            case Action.MODIFY:
                kept = entries[: decision.limit]
                return _Admitted(kept, _left_out(len(entries) - len(kept), f"as {decision.by} decided"))
            case Action.TIMEOUT:
                raise _NotApproved(f"nobody approved it within {self._options.question_timeout_s:g} seconds")
            case Action.ABORT:
                await self._abort(f"{decision.by} aborted the run at {task.node.path}")

    async def _abort(self, reason: str) -> NoReturn:
        assert self._work is not None, "only a running run asks, and only who was asked can abort"
        self._abort_reason = reason
        self._work.cancel()
        # This task is a part of that work: it ends here, when the cancellation reaches it.
        never: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        await never

    def _within_bounds(self, admitted: _Admitted) -> _Admitted:
        kept = admitted.entries[: self._nodes_left]
        self._nodes_left -= len(kept)
        if len(kept) == len(admitted.entries):
            return admitted
        over = _left_out(len(admitted.entries) - len(kept), f"the graph is full at {self._options.max_nodes:,} nodes")
        return _Admitted(kept, "\n".join(filter(None, [admitted.left_out, over])))

    async def _inspect_parts(self, parts: Sequence[_Task]) -> list[Outcome]:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._inspect_part(part)) for part in parts]
        return [one.result() for one in running]

    async def _inspect_part(self, part: _Task) -> Outcome:
        match part.entry.kind:
            case EntryKind.FOLDER:
                return await self._inspect_folder(part)
            case EntryKind.FILE:
                async with self._turn:
                    return await self._inspect_file(part)
            case EntryKind.LINK | EntryKind.SPECIAL:
                return self._skipped(part, f"{part.entry.kind.value}, not followed")

    async def _gather(self, task: _Task, outcomes: list[Outcome], left_out: str) -> Outcome:
        report = gather(task.node.path, outcomes, left_out=left_out)
        sources = [{"source_task_id": one.task_id, "summary": one.summary} for one in outcomes]
        self._graph.gather(task.id, sources, report)
        await self._pause()
        return await self._write(task, report, from_percent=GATHERED_PERCENT)

    # ---- files ---------------------------------------------------------------------------------------------------

    async def _inspect_file(self, task: _Task) -> Outcome:
        self._graph.start(task.id, Stage.EXECUTION)
        await self._pause()
        try:
            content = await self._read(task)
            await self._pause()
            report = await self._examine(task, content)
        except OSError as error:
            return self._failed(task, _problem(error))
        except BrokenFile as error:
            return self._failed(task, str(error))
        except Exception as error:
            # One file on which an examiner stumbles must not end the work on all the others.
            logger.exception("examining %s failed", task.entry.path)
            return self._failed(task, f"the examiner failed: {type(error).__name__}")
        await self._pause()
        return await self._write(task, report, from_percent=EXAMINED_PERCENT)

    async def _read(self, task: _Task) -> Content:
        content, duration_ms = await asyncio.to_thread(measured, lambda: read_file(task.entry.path))
        metrics = {"bytes": len(content.head), "file_bytes": content.size_bytes, "duration_ms": duration_ms}
        source = {"source": "file", "path": task.node.path, "bytes": content.size_bytes}
        self._graph.read(task.id, _call("read_file", task, metrics), source, percent=READ_PERCENT)
        return content

    async def _examine(self, task: _Task, content: Content) -> Report:
        report, duration_ms = await asyncio.to_thread(measured, lambda: examine(task.node.path, content))
        metrics = {"result_characters": len(report.text), "lines": report.totals.lines, "duration_ms": duration_ms}
        self._graph.examined(task.id, _call(report.worker.name, task, metrics), report, percent=EXAMINED_PERCENT)
        return report

    # ---- how a task ends -----------------------------------------------------------------------------------------

    async def _write(self, task: _Task, report: Report, *, from_percent: int) -> Outcome:
        texts = pieces(report.text)
        for number, text in enumerate(texts, start=1):
            self._graph.write(task.id, text, percent=from_percent + (99 - from_percent) * number // len(texts))
            await self._pause()
        self._graph.finish(task.id, report.summary)
        return task.outcome(Status.DONE, report.summary, report.totals)

    def _failed(self, task: _Task, problem: str) -> Outcome:
        self._graph.fail(task.id, problem)
        return task.outcome(Status.FAILED, problem, Totals(failed=1))

    def _skipped(self, task: _Task, reason: str) -> Outcome:
        self._graph.skip(task.id, reason)
        return task.outcome(Status.SKIPPED, reason, Totals(skipped=1))

    async def _pause(self) -> None:
        await asyncio.sleep(self._options.pace_ms / 1_000)


def _is_cancelled() -> bool:
    """Whether somebody wants the current task itself to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _root(folder: Path, goal: str) -> _Task:
    node = NewTask(
        task_id=ROOT_TASK_ID,
        node_type=NodeType.PLAN,
        goal=goal,
        path=".",
        input_summary="the folder of the run",
        layer=0,
        parent_id=None,
    )
    return _Task(node, Entry(readable_name(folder.name), folder, EntryKind.FOLDER))


def _part(parent: _Task, number: int, entry: Entry) -> _Task:
    is_folder = entry.kind is EntryKind.FOLDER
    node = NewTask(
        task_id=f"{parent.id}.{number}",
        node_type=NodeType.PLAN if is_folder else NodeType.EXECUTE,
        goal=f"Inspect the {entry.kind.value} {entry.name}",
        path=entry.name if parent.node.parent_id is None else f"{parent.node.path}/{entry.name}",
        input_summary=byte_size(entry.size_bytes) if entry.kind is EntryKind.FILE else entry.kind.value,
        layer=parent.node.layer + 1,
        parent_id=parent.id,
    )
    return _Task(node, entry)


def _question(task: _Task, entries: Sequence[Entry]) -> str:
    folders = sum(entry.kind is EntryKind.FOLDER for entry in entries)
    where = "The folder of the run" if task.node.parent_id is None else f"The folder {task.node.path}"
    return (
        f"{where} has {counted(len(entries), 'entry')}: {counted(folders, 'sub-folder')} and "
        f"{counted(len(entries) - folders, 'file')}. Inspect all of them?"
    )


def _left_out(number: int, why: str) -> str:
    return f"{counted(number, 'entry')} left out: {why}." if number else ""


def _call(name: str, task: _Task, metrics: dict[str, float]) -> ToolCall:
    return ToolCall(name=name, arguments={"path": task.node.path}, metrics=metrics)


def _problem(error: OSError) -> str:
    # The error's own text names the whole path, which is nobody's business in a browser.
    return readable(error.strerror or type(error).__name__)
