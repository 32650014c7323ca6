"""The document of a run: its size, its nodes, and the edits that change it."""

import random
from typing import Any

import orjson

from examples.agent_server.content_kind import examine_content
from examples.agent_server.document import NewTask, NodeType, RunState, Stage, empty_document
from examples.agent_server.document_size import DocumentSize
from examples.agent_server.reading import Content
from examples.agent_server.report import ToolCall
from examples.agent_server.task_graph import TaskGraph
from tests.examples.memory_publisher import MemoryPublisher

NODE_FIELDS = {
    *"task_id goal task_type node_type agent_name layer parent_node_id path status current_stage".split(),
    *"progress_percentage input_payload_summary input_context_sources output_type_description".split(),
    *"output_summary full_result error timestamp_created timestamp_updated timestamp_completed".split(),
    *"planned_sub_task_ids sub_graph_id model_info execution_details".split(),
}


def task(task_id: str, node_type: NodeType = NodeType.EXECUTE, parent_id: str | None = None) -> NewTask:
    return NewTask(
        task_id=task_id,
        node_type=node_type,
        goal=f"do {task_id}",
        path=task_id,
        input_summary="something",
        layer=task_id.count("."),
        parent_id=parent_id,
    )


class Bench:
    """A graph over a memory, and the sizes that it reported."""

    def __init__(self) -> None:
        self.publisher = MemoryPublisher(empty_document(project_id="p", goal="g"))
        self.sizes: list[int] = []
        self.graph = TaskGraph(
            self.publisher,
            project_id="p",
            goal="g",
            now=lambda: "2026-01-01T00:00:00.000Z",
            on_update=self.sizes.append,
        )

    @property
    def document(self) -> Any:
        return self.publisher.document

    def node(self, task_id: str) -> Any:
        return self.document["all_nodes"][task_id]

    def split(self) -> None:
        """A root with two files below it."""
        self.graph.begin(task("root", NodeType.PLAN))
        self.graph.split("root", [task("root.1", parent_id="root"), task("root.2", parent_id="root")])


def test_a_node_has_the_fields_that_agent_servers_send() -> None:
    bench = Bench()
    bench.split()
    assert set(bench.node("root")) == NODE_FIELDS
    assert set(bench.node("root.1")) == NODE_FIELDS
    assert len(NODE_FIELDS) == 24


def test_a_split_node_names_its_parts_and_their_graph_joins_them() -> None:
    bench = Bench()
    bench.split()
    root = bench.node("root")
    assert root["planned_sub_task_ids"] == ["root.1", "root.2"]
    assert bench.document["graphs"][bench.document["root_graph_id"]] == {"nodes": ["root"], "edges": []}
    assert bench.document["graphs"][root["sub_graph_id"]] == {
        "nodes": ["root.1", "root.2"],
        "edges": [{"source": "root", "target": "root.1"}, {"source": "root", "target": "root.2"}],
    }


def test_a_node_lives_from_pending_to_done() -> None:
    bench = Bench()
    bench.split()
    assert bench.node("root.1")["status"] == "PENDING"
    bench.graph.start("root.1", Stage.EXECUTION)
    assert (bench.node("root.1")["status"], bench.node("root.1")["current_stage"]) == ("RUNNING", "execution")
    report = examine_content("a.bin", Content(b"\0", 1))
    call = ToolCall(name="read_file", arguments={"path": "a.bin"}, metrics={"bytes": 1, "duration_ms": 0.1})
    bench.graph.read("root.1", call, {"source": "file"}, percent=15)
    bench.graph.examined("root.1", call, report, percent=40)
    bench.graph.write("root.1", "some ", percent=60)
    bench.graph.write("root.1", "text", percent=90)
    assert bench.node("root.1")["progress_percentage"] == 90
    bench.graph.finish("root.1", "one byte")
    node = bench.node("root.1")
    assert (node["status"], node["current_stage"], node["progress_percentage"]) == ("DONE", None, 100)
    assert (node["full_result"], node["output_summary"]) == ("some text", "one byte")
    assert node["model_info"] == {"kind": "classifier", "name": "signatures", "version": "1"}
    assert node["execution_details"]["tool_calls"] == [call.to_json(), call.to_json()]
    assert node["timestamp_completed"] is not None


def test_the_end_of_a_part_brings_its_folder_nearer_to_its_own() -> None:
    bench = Bench()
    bench.split()
    shares = [bench.node("root")["progress_percentage"]]
    bench.graph.finish("root.1", "done")
    shares.append(bench.node("root")["progress_percentage"])
    bench.graph.fail("root.2", "broken")
    shares.append(bench.node("root")["progress_percentage"])
    assert shares == [10, 50, 90]


def test_a_failure_is_told_after_it_can_be_seen() -> None:
    bench = Bench()
    bench.split()
    bench.graph.fail("root.1", "line 3: invalid syntax")
    assert bench.node("root.1")["error"] == "line 3: invalid syntax"
    (notification,) = bench.publisher.told("error_notification")
    assert notification["severity"] == "error"
    assert notification["message"] == "root.1: line 3: invalid syntax"
    assert notification["context"]["node_id"] == "root.1"
    seen = next(count for name, _, count in bench.publisher.events if name == "error_notification")
    assert bench.publisher.documents[seen - 1]["all_nodes"]["root.1"]["status"] == "FAILED"


def test_events_have_the_fields_and_words_of_agent_servers() -> None:
    bench = Bench()
    bench.split()
    bench.graph.start("root.1", Stage.EXECUTION)
    bench.graph.finish("root.1", "done")
    bench.graph.skip("root.2", "a link")
    updates = [(told["task_id"], told["status"], told["progress"]) for told in bench.publisher.told("task_update")]
    assert updates == [("root.1", "running", 0), ("root.1", "completed", 100), ("root.2", "completed", 0)]
    last = bench.publisher.told("node_status")[-1]
    assert last == {
        "node_id": "root.2",
        "project_id": "p",
        "status": "completed",
        "current_stage": None,
        "progress_percentage": 0,
        "details": {"path": "root.2", "skipped": "a link"},
    }
    assert bench.publisher.told("project_started") == [{"project": {"project_id": "p", "goal": "g"}, "message": "g"}]


def test_what_has_not_ended_is_skipped_in_one_edit() -> None:
    bench = Bench()
    bench.split()
    bench.graph.finish("root.1", "done")
    before = bench.graph.updates
    bench.graph.skip_rest("the run was stopped")
    bench.graph.skip_rest("nothing is left")
    assert bench.graph.updates == before + 1
    assert [bench.node(one)["status"] for one in ("root", "root.1", "root.2")] == ["SKIPPED", "DONE", "SKIPPED"]
    assert bench.node("root.2")["output_summary"] == "the run was stopped"


def test_a_second_run_starts_from_nothing() -> None:
    bench = Bench()
    bench.split()
    bench.graph.finish("root.1", "done")
    bench.graph.end(RunState.DONE)
    bench.graph.begin(task("root", NodeType.PLAN))
    assert list(bench.document["all_nodes"]) == ["root"]
    assert list(bench.document["graphs"]) == ["graph_run"]
    assert bench.document["run"]["state"] == "running"
    bench.graph.split("root", [task("root.1", parent_id="root")])
    bench.graph.finish("root.1", "done")
    assert bench.node("root")["progress_percentage"] == 90


def test_every_edit_is_one_update_and_reports_the_size_of_the_whole_document() -> None:
    bench = Bench()
    bench.split()
    bench.graph.ask("q1", "root", "Really?", options=["approve"], timeout_s=1.5)
    bench.graph.answered("q1", "approve", by="somebody")
    bench.graph.write("root.1", 'with "quotes", \n and ünïcödé', percent=50)
    bench.graph.skip_rest("stopped")
    bench.graph.begin(task("root", NodeType.PLAN))
    bench.graph.end(RunState.ABORTED)
    assert bench.sizes == [len(orjson.dumps(document)) for document in bench.publisher.documents[1:]]
    assert bench.graph.updates == len(bench.sizes)


def test_the_size_follows_any_edit_exactly() -> None:
    dice = random.Random(11)
    document: dict[str, Any] = {"goal": "€", "graphs": {}, "all_nodes": {}, "questions": {}}
    size = DocumentSize(document)
    keys = ["a", "b/c", 'quote"', "ünï", "", "\n"]
    for _ in range(500):
        collection, key = dice.choice(["graphs", "all_nodes", "questions"]), dice.choice(keys)
        if dice.random() < 0.3:
            document[collection].pop(key, None)
        else:
            document[collection][key] = {"text": dice.choice(keys) * dice.randrange(9), "n": dice.random()}
        document["goal"] = "x" * dice.randrange(20)
        size.update(document, [(collection, key)])
        assert size.size_bytes == len(orjson.dumps(document))
