"""The run as the browsers see it: every change of the document is one recorded edit, made here."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from examples.agent_server.document import (
    ROOT_GRAPH_ID,
    NewTask,
    RunState,
    Stage,
    Status,
    empty_document,
    new_node,
    sub_graph_id,
)
from examples.agent_server.document_size import DocumentSize
from examples.agent_server.report import Report, ToolCall


class Publisher(Protocol):
    """What a run needs of a channel; `realtime_sync.Channel` is one."""

    @property
    def document(self) -> Any:
        """The newest document, read only."""

    def edit(self) -> AbstractContextManager[Any]:
        """Return a block in which the document can be changed: all of it or nothing."""

    def publish(self, value: Any) -> None:
        """Replace the whole document."""

    def emit(self, event: str, data: Any) -> object:
        """Tell everybody of something that happened, after the edits before it."""


_TASK_STATUS = {
    Status.PENDING: "pending",
    Status.RUNNING: "running",
    Status.WAITING: "running",
    Status.AGGREGATING: "running",
    Status.DONE: "completed",
    Status.FAILED: "failed",
    Status.SKIPPED: "completed",  # the event knows no better word; `node_status` carries the reason
}

_NODE_STATUS = {"pending": "initialized", "running": "processing", "completed": "completed", "failed": "error"}

# A folder's progress: split, then the share of its parts that ended, then its own text.
PLANNED_PERCENT = 10
GATHERED_PERCENT = 90


def utc_now() -> str:
    """Return the time as ISO 8601 with milliseconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TaskGraph:
    """The one writer of a run's document.

    Args:
        publisher: Where it is published; it holds the document.
        now: Tells the time as text.
        on_update: Called after every edit with the size of the whole document as compact JSON, in bytes.

    Attributes:
        updates: Edits so far.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        project_id: str,
        goal: str,
        now: Callable[[], str] = utc_now,
        on_update: Callable[[int], object] = lambda size_bytes: None,
    ) -> None:
        self.project_id = project_id
        self.goal = goal
        self.updates = 0
        self._publisher = publisher
        self._now = now
        self._on_update = on_update
        self._size = DocumentSize(publisher.document)
        self._ended_parts: dict[str, int] = {}

    @property
    def document(self) -> Mapping[str, Any]:
        """The document as it stands."""
        document: Mapping[str, Any] = self._publisher.document
        return document

    def node(self, task_id: str) -> Mapping[str, Any]:
        """Return a node as it stands."""
        node: Mapping[str, Any] = self.document["all_nodes"][task_id]
        return node

    # ---- the run -------------------------------------------------------------------------------------------------

    def begin(self, root: NewTask) -> None:
        """Start over: nothing of an earlier run stays."""
        if self.document["all_nodes"]:
            self._publisher.publish(empty_document(project_id=self.project_id, goal=self.goal))
            self._size = DocumentSize(self.document)
            self._ended_parts.clear()
            self._count_update()
        now = self._now()
        with self._edit(*_nodes(root.task_id), ("graphs", ROOT_GRAPH_ID)) as document:
            document["run"] = {"state": RunState.RUNNING.value, "started_at": now, "finished_at": None}
            document["all_nodes"][root.task_id] = new_node(root, now)
            document["graphs"][ROOT_GRAPH_ID] = {"nodes": [root.task_id], "edges": []}
        project = {"project_id": self.project_id, "goal": self.goal}
        self._publisher.emit("project_started", {"project": project, "message": self.goal})

    def end(self, state: RunState) -> None:
        """Close the run."""
        with self._edit() as document:
            document["run"]["state"] = state.value
            document["run"]["finished_at"] = self._now()

    # ---- one node ------------------------------------------------------------------------------------------------

    def start(self, task_id: str, stage: Stage) -> None:
        """The node has its turn."""
        with self._node(task_id) as node:
            node["status"] = Status.RUNNING.value
            node["current_stage"] = stage.value
        self._tell_task(task_id)
        self._tell_node(task_id)

    def enter(self, task_id: str, stage: Stage) -> None:
        """The node goes on with another stage."""
        with self._node(task_id) as node:
            node["current_stage"] = stage.value
        self._tell_node(task_id)

    def split(self, task_id: str, parts: Sequence[NewTask]) -> None:
        """The node was split: its parts appear, and it waits for them."""
        graph_id = sub_graph_id(task_id)
        ids = [part.task_id for part in parts]
        now = self._now()
        with self._edit(("graphs", graph_id), *_nodes(task_id, *ids)) as document:
            for part in parts:
                document["all_nodes"][part.task_id] = new_node(part, now)
            edges = [{"source": task_id, "target": part_id} for part_id in ids]
            document["graphs"][graph_id] = {"nodes": ids, "edges": edges}
            node = document["all_nodes"][task_id]
            node["planned_sub_task_ids"] = ids
            node["sub_graph_id"] = graph_id
            node["current_stage"] = Stage.EXECUTION.value
            node["progress_percentage"] = PLANNED_PERCENT
        self._tell_node(task_id)

    def listed(self, task_id: str, call: ToolCall, *, percent: int) -> None:
        """The entries of the node's folder are known."""
        with self._node(task_id) as node:
            _take_call(node, call, percent)

    def read(self, task_id: str, call: ToolCall, source: Mapping[str, Any], *, percent: int) -> None:
        """The node's file was read; `source` is what that brought, for `input_context_sources`."""
        with self._node(task_id) as node:
            _take_call(node, call, percent)
            node["input_context_sources"].append(dict(source))

    def examined(self, task_id: str, call: ToolCall, report: Report, *, percent: int) -> None:
        """The node's work is done but for writing it down; `report` says by whom."""
        with self._node(task_id) as node:
            _take_call(node, call, percent)
            _attribute(node, report)

    def write(self, task_id: str, text: str, *, percent: int) -> None:
        """The node's result grows by `text`."""
        with self._node(task_id) as node:
            node["full_result"] += text
            node["progress_percentage"] = percent

    def gather(self, task_id: str, sources: Sequence[Mapping[str, Any]], report: Report) -> None:
        """The parts have ended; the node puts together what they brought."""
        with self._node(task_id) as node:
            _attribute(node, report)
            node["status"] = Status.AGGREGATING.value
            node["progress_percentage"] = GATHERED_PERCENT
            node["input_context_sources"] = [dict(source) for source in sources]
        self._tell_task(task_id)

    def finish(self, task_id: str, summary: str) -> None:
        """The node is done."""
        with self._ending(task_id, Status.DONE) as node:
            node["output_summary"] = summary
            node["progress_percentage"] = 100
        self._tell_task(task_id)
        self._tell_node(task_id, output_summary=summary)

    def fail(self, task_id: str, problem: str) -> None:
        """The node's work cannot be done; everybody is told."""
        with self._ending(task_id, Status.FAILED) as node:
            node["error"] = problem
        self._tell_task(task_id)
        self._tell_node(task_id, error=problem)
        path = self.node(task_id)["path"]
        self.notify("error", f"{path}: {problem}", {"node_id": task_id, "path": path})

    def skip(self, task_id: str, reason: str) -> None:
        """The node's work is not done, on purpose."""
        with self._ending(task_id, Status.SKIPPED) as node:
            node["output_summary"] = reason
        self._tell_task(task_id)
        self._tell_node(task_id, skipped=reason)

    def skip_rest(self, reason: str) -> None:
        """Whatever has not ended by now never will."""
        rest = [one for one, node in self.document["all_nodes"].items() if not Status(node["status"]).is_final]
        if not rest:
            return
        now = self._now()
        with self._edit(*_nodes(*rest)) as document:
            for task_id in rest:
                node = document["all_nodes"][task_id]
                _end(node, Status.SKIPPED, now)
                node["output_summary"] = reason
        for task_id in rest:
            self._tell_task(task_id)

    def notify(self, severity: str, message: str, context: Mapping[str, Any]) -> None:
        """Tell everybody that something went wrong."""
        self._publisher.emit(
            "error_notification",
            {
                "error_id": f"error_{secrets.token_hex(4)}",
                "severity": severity,
                "message": message,
                "timestamp": self._now(),
                "context": dict(context),
            },
        )

    # ---- questions -----------------------------------------------------------------------------------------------

    def ask(self, request_id: str, task_id: str, text: str, *, options: Sequence[str], timeout_s: float) -> None:
        """A question to a human stands, and the node waits."""
        question = {
            "request_id": request_id,
            "node_id": task_id,
            "project_id": self.project_id,
            "question": text,
            "options": list(options),
            "timeout_seconds": timeout_s,
        }
        with self._edit(*_nodes(task_id), ("questions", request_id)) as document:
            document["questions"][request_id] = {**question, "asked_at": self._now(), "answer": None}
            document["all_nodes"][task_id]["status"] = Status.WAITING.value
            document["run"]["state"] = RunState.WAITING_FOR_HUMAN.value
        self._publisher.emit("hitl_request", question)

    def answered(self, request_id: str, action: str, *, by: str, limit: int | None = None) -> None:
        """The question has its answer, and the node goes on."""
        answer: dict[str, Any] = {"action": action, "by": by, "at": self._now()}
        if limit is not None:
            answer["limit"] = limit
        questions = self.document["questions"]
        task_id = questions[request_id]["node_id"]
        others_open = any(one["answer"] is None for key, one in questions.items() if key != request_id)
        with self._edit(*_nodes(task_id), ("questions", request_id)) as document:
            document["questions"][request_id]["answer"] = answer
            document["all_nodes"][task_id]["status"] = Status.RUNNING.value
            if not others_open:
                document["run"]["state"] = RunState.RUNNING.value

    # ---- edits and events ----------------------------------------------------------------------------------------

    @contextmanager
    def _edit(self, *touched: tuple[str, str]) -> Iterator[Any]:
        """Yield the document to change; `touched` are the entries that the block changes, adds or removes."""
        with self._publisher.edit() as document:
            yield document
            now = self._now()
            for collection, key in touched:
                if collection == "all_nodes":
                    document["all_nodes"][key]["timestamp_updated"] = now
        self._size.update(self.document, touched)
        self._count_update()

    @contextmanager
    def _node(self, task_id: str) -> Iterator[Any]:
        with self._edit(*_nodes(task_id)) as document:
            yield document["all_nodes"][task_id]

    @contextmanager
    def _ending(self, task_id: str, status: Status) -> Iterator[Any]:
        """Yield a node that ends now; in the same edit the folder above it comes nearer to its own end."""
        parent_id = self.node(task_id)["parent_node_id"]
        with self._edit(*_nodes(*filter(None, [task_id, parent_id]))) as document:
            node = document["all_nodes"][task_id]
            _end(node, status, self._now())
            yield node
            if parent_id is not None:
                parent = document["all_nodes"][parent_id]
                parent["progress_percentage"] = self._share_ended(parent_id)

    def _share_ended(self, parent_id: str) -> int:
        ended = self._ended_parts[parent_id] = self._ended_parts.get(parent_id, 0) + 1
        parts = len(self.node(parent_id)["planned_sub_task_ids"])
        return PLANNED_PERCENT + (GATHERED_PERCENT - PLANNED_PERCENT) * ended // parts

    def _count_update(self) -> None:
        self.updates += 1
        self._on_update(self._size.size_bytes)

    def _tell_task(self, task_id: str) -> None:
        node = self.node(task_id)
        self._publisher.emit(
            "task_update",
            {
                "task_id": task_id,
                "status": _TASK_STATUS[Status(node["status"])],
                "progress": node["progress_percentage"],
                "timestamp": node["timestamp_updated"],
            },
        )

    def _tell_node(self, task_id: str, **details: str) -> None:
        node = self.node(task_id)
        self._publisher.emit(
            "node_status",
            {
                "node_id": task_id,
                "project_id": self.project_id,
                "status": _NODE_STATUS[_TASK_STATUS[Status(node["status"])]],
                "current_stage": node["current_stage"],
                "progress_percentage": node["progress_percentage"],
                "details": {"path": node["path"], **details},
            },
        )


def _nodes(*task_ids: str) -> list[tuple[str, str]]:
    return [("all_nodes", task_id) for task_id in task_ids]


def _end(node: Any, status: Status, now: str) -> None:
    node["status"] = status.value
    node["current_stage"] = None
    node["timestamp_completed"] = now


def _take_call(node: Any, call: ToolCall, percent: int) -> None:
    node["execution_details"]["tool_calls"].append(call.to_json())
    node["progress_percentage"] = percent


def _attribute(node: Any, report: Report) -> None:
    node["agent_name"] = report.worker.agent_name
    node["model_info"] = report.worker.to_json()
    node["output_type_description"] = report.result_type
