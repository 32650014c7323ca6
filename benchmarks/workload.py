"""The workload of every benchmark: snapshots of an agent server's task graph while LLMs write into it.

    workload = Workload(nodes=1_000, seed=7)
    before = workload.snapshot()
    workload.step()
    after = workload.snapshot()   # shares no object with `before`, as when a server serialises its graph anew

Nodes are of all ages: about half finished, one in fifty running, the rest still waiting. A step is what half a second
brings: the running nodes that are busy get a few tokens of text each and a new time stamp; now and then one calls a
tool, finishes (its parent is told) or starts.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
    "which one you were all her she there would their we him been has when who will no more if out so up said what "
    "its about than into them can only other time new some could these two may first then do any like my now over "
    "such our man me even most made after also did many off before must well back through years much where your way "
    "research analysis market evidence source report study result method system energy policy climate growth model "
    "data review summary network compare estimate interview conclude assumption baseline quarter regional supply "
    "demand forecast technical"
).split()
AGENTS = ("ResearchPlanner", "WebSearcher", "Synthesizer", "CodeExecutor", "Critic", "Aggregator")
MODELS = ("gpt-4o", "claude-sonnet", "gemini-pro", "llama-70b")
SUBTASKS_PER_PLAN = 5


class Workload:
    """A task graph that lives: `snapshot()` it, let it take a `step()`, and `snapshot()` it again.

    Args:
        nodes: How many nodes the graph has.
        seed: The same seed makes the same graph and the same life.
    """

    def __init__(self, nodes: int, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.now = 1_767_225_600.0
        self.graph: dict[str, Any] = {
            "overall_project_goal": self.words(20),
            "project_id": "project_42",
            "root_graph_id": "graph_0",
            "graphs": {},
            "all_nodes": {},
        }
        for number in range(nodes):
            self._add_node(number, nodes)
        running = max(4, nodes // 50)
        self.waiting = [node_id for node_id, node in self._nodes.items() if node["status"] == "PENDING"]
        self.running: list[str] = []
        for _ in range(running):
            self._start_next()
        for node_id in self.running:  # for a while already
            self._nodes[node_id]["full_result"] = self.words(self.random.randint(0, 500))

    def snapshot(self) -> dict[str, Any]:
        """Return the whole graph; no container and no string is shared with another snapshot."""
        text = json.dumps(self.graph)
        snapshot: dict[str, Any] = json.loads(text)
        return snapshot

    def step(self) -> int:
        """Let half a second pass, and return how many nodes changed in it."""
        self.now += 0.5
        busy = self.random.sample(self.running, k=min(self.random.choice((2, 3, 3, 3)), len(self.running)))
        for node_id in busy:
            self._stream(self._nodes[node_id])
        changed = len(busy)
        if self.random.random() < 0.2:
            self._call_tool(self._nodes[busy[0]])
        if self.random.random() < 0.1:
            changed += self._finish(busy[-1])
            changed += self._start_next()
        return changed

    def words(self, count: int) -> str:
        """Return `count` words."""
        return " ".join(self.random.choices(WORDS, k=count))

    @property
    def _nodes(self) -> dict[str, dict[str, Any]]:
        nodes: dict[str, dict[str, Any]] = self.graph["all_nodes"]
        return nodes

    def _add_node(self, number: int, nodes: int) -> None:
        node_id = f"node_{number:05d}"
        parent_number = (number - 1) // SUBTASKS_PER_PLAN if number else None
        parent_id = None if parent_number is None else f"node_{parent_number:05d}"
        is_plan = number * SUBTASKS_PER_PLAN + 1 < nodes
        node = self._pending_node(node_id, parent_id, is_plan)
        self._nodes[node_id] = node
        if parent_id is None:
            self.graph["graphs"]["graph_0"] = {"nodes": [node_id], "edges": []}
        else:
            parent = self._nodes[parent_id]
            parent["planned_sub_task_ids"].append(node_id)
            node["layer"] = parent["layer"] + 1
            graph = self.graph["graphs"].setdefault(parent["sub_graph_id"], {"nodes": [], "edges": []})
            if graph["nodes"]:
                graph["edges"].append({"source": graph["nodes"][-1], "target": node_id})
            graph["nodes"].append(node_id)
        if self.random.random() < 0.5:
            self._age(node)

    def _pending_node(self, node_id: str, parent_id: str | None, is_plan: bool) -> dict[str, Any]:
        return {
            "task_id": node_id,
            "goal": self.words(18),
            "task_type": self.random.choice(("WRITE", "THINK", "SEARCH")),
            "node_type": "PLAN" if is_plan else "EXECUTE",
            "agent_name": self.random.choice(AGENTS),
            "layer": 0,
            "parent_node_id": parent_id,
            "overall_objective": self.words(20),
            "status": "PENDING",
            "sub_graph_id": f"graph_{node_id}" if is_plan else None,
            "planned_sub_task_ids": [],
            "input_payload_summary": None,
            "input_context_sources": [],
            "output_summary": None,
            "output_type_description": "text",
            "full_result": None,
            "error": None,
            "replan_reason": None,
            "timestamp_created": self.now + self.random.random(),
            "timestamp_updated": self.now + self.random.random(),
            "timestamp_completed": None,
            "model_display_name": self.random.choice(MODELS),
            "model_info": {"provider": "litellm", "temperature": 0.7, "max_tokens": 4096, "retries": 0},
            "execution_details": {"attempts": 0, "tool_calls": [], "success": None},
        }

    def _age(self, node: dict[str, Any]) -> None:
        """Make `node` one that was finished long ago."""
        node["status"] = "DONE"
        node["input_payload_summary"] = self.words(12)
        node["input_context_sources"] = [
            {"source_task_id": node["parent_node_id"], "content_type": "summary", "content": self.words(20)}
            for _ in range(self.random.randint(1, 4))
        ]
        node["full_result"] = self.words(self.random.randint(300, 1_130))
        node["output_summary"] = self.words(25)
        node["timestamp_completed"] = self.now + self.random.random()
        for _ in range(self.random.randint(2, 6)):
            self._call_tool(node)
        node["execution_details"]["success"] = True

    def _start_next(self) -> int:
        if not self.waiting:
            return 0
        node_id = self.waiting.pop(self.random.randrange(len(self.waiting)))
        self._nodes[node_id].update(status="RUNNING", full_result="", timestamp_updated=self.now)
        self.running.append(node_id)
        return 1

    def _stream(self, node: dict[str, Any]) -> None:
        node["full_result"] += " " + self.words(self.random.randint(6, 14))
        node["timestamp_updated"] = self.now

    def _call_tool(self, node: dict[str, Any]) -> None:
        details = node["execution_details"]
        details["attempts"] += 1
        details["tool_calls"].append(
            {
                "id": f"{node['task_id']}_call_{len(details['tool_calls'])}",
                "tool": self.random.choice(("web_search", "fetch_page", "run_code")),
                "arguments": {"query": self.words(6), "limit": 10},
                "metrics": {
                    "duration_ms": round(self.random.uniform(20, 4000), 3),
                    "input_tokens": self.random.randint(50, 4000),
                    "output_tokens": self.random.randint(10, 1500),
                    "cached": False,
                },
            }
        )

    def _finish(self, node_id: str) -> int:
        self.running.remove(node_id)
        node = self._nodes[node_id]
        node.update(status="DONE", output_summary=self.words(25), timestamp_completed=self.now)
        node["execution_details"]["success"] = True
        if node["parent_node_id"] is None:
            return 0
        self._nodes[node["parent_node_id"]]["timestamp_updated"] = self.now
        return 1


def snapshots(nodes: int, count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield `count` successive snapshots of one graph."""
    workload = Workload(nodes, seed)
    yield workload.snapshot()
    for _ in range(count - 1):
        workload.step()
        yield workload.snapshot()
