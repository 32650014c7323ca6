"""The document that the browsers hold: its shape, and its parts when they are new.

Shape:
    {"overall_project_goal": text, "project_id": id, "root_graph_id": graph id,
     "run": {"state": "idle" | "running" | "waiting_for_human" | "done" | "aborted",
             "started_at": time | null, "finished_at": time | null},
     "graphs": {graph id: {"nodes": [node id, ...], "edges": [{"source": node id, "target": node id}, ...]}},
     "all_nodes": {node id: node},
     "questions": {request id: question}}

The root graph holds the root node. The `sub_graph_id` of a PLAN node names the graph of what it was split into, with an
edge from the node to each part. Times are ISO 8601 in UTC.

A question: {"request_id", "node_id", "project_id", "question", "options": ["approve", "modify", "abort"],
"timeout_seconds", "asked_at", "answer": null | {"action", "limit"?, "by", "at"}}. The action of an answer is one of the
options, or "timeout" when nobody answered, or "withdrawn" when the run ended first.
"""

from enum import Enum
from typing import Any

import attrs

ROOT_GRAPH_ID = "graph_run"
ROOT_TASK_ID = "root"


class RunState(Enum):
    """Where the run as a whole stands."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING_FOR_HUMAN = "waiting_for_human"
    DONE = "done"
    ABORTED = "aborted"


class NodeType(Enum):
    """A PLAN node is split into others, an EXECUTE node is done."""

    PLAN = "PLAN"
    EXECUTE = "EXECUTE"


class Status(Enum):
    """Where one node stands; the last three are final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    AGGREGATING = "AGGREGATING"
    DONE = "DONE"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to a node of this status."""
        return self in {Status.DONE, Status.FAILED, Status.SKIPPED}


class Stage(Enum):
    """What a running node does: decide whether to split, split, or do the work (of a folder: of its parts)."""

    ATOMIZATION = "atomization"
    PLANNING = "planning"
    EXECUTION = "execution"


@attrs.frozen(kw_only=True)
class NewTask:
    """A task that is about to become a node.

    Attributes:
        task_id: `root`, `root.1`, `root.1.3`: the same in every run over the same tree.
        path: Relative to the folder of the run; `.` is the folder itself.
    """

    task_id: str
    node_type: NodeType
    goal: str
    path: str
    input_summary: str
    layer: int
    parent_id: str | None


def sub_graph_id(task_id: str) -> str:
    """Return the id of the graph of what a node was split into."""
    return f"graph_{task_id}"


def empty_document(*, project_id: str, goal: str) -> dict[str, Any]:
    """Return a document before its first run."""
    return {
        "overall_project_goal": goal,
        "project_id": project_id,
        "root_graph_id": ROOT_GRAPH_ID,
        "run": {"state": RunState.IDLE.value, "started_at": None, "finished_at": None},
        "graphs": {},
        "all_nodes": {},
        "questions": {},
    }


def new_node(task: NewTask, now: str) -> dict[str, Any]:
    """Return the node of a task that waits for its turn."""
    is_plan = task.node_type is NodeType.PLAN
    return {
        "task_id": task.task_id,
        "goal": task.goal,
        "task_type": "INSPECT",
        "node_type": task.node_type.value,
        "agent_name": "FolderPlanner" if is_plan else "FileReader",
        "layer": task.layer,
        "parent_node_id": task.parent_id,
        "path": task.path,
        "status": Status.PENDING.value,
        "current_stage": None,
        "progress_percentage": 0,
        "input_payload_summary": task.input_summary,
        "input_context_sources": [],
        "output_type_description": None,
        "output_summary": None,
        "full_result": "",
        "error": None,
        "timestamp_created": now,
        "timestamp_updated": now,
        "timestamp_completed": None,
        "planned_sub_task_ids": [],
        "sub_graph_id": None,
        "model_info": None,
        "execution_details": {"tool_calls": []},
    }
