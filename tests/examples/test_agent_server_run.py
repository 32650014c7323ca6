"""The run itself, over folders made for it, without a server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from examples.agent_server import run as run_module
from examples.agent_server.document import empty_document
from examples.agent_server.inspect_file import examine
from examples.agent_server.questions import Questions
from examples.agent_server.run import InspectionRun, RunOptions
from examples.agent_server.task_graph import TaskGraph
from tests.examples.memory_publisher import MemoryPublisher

FINAL = {"DONE", "FAILED", "SKIPPED"}


class Bench:
    """A run over a folder, and somebody who answers its questions.

    Args:
        answer: Called with each question; returns the answer, or None for silence.
    """

    def __init__(
        self, folder: Path, answer: Callable[[Any], dict[str, Any] | None] = lambda question: None, **options: Any
    ) -> None:
        self.publisher = MemoryPublisher(empty_document(project_id="p", goal="Inspect it"))
        self.sizes: list[int] = []
        graph = TaskGraph(self.publisher, project_id="p", goal="Inspect it", on_update=self.sizes.append)
        self.questions = Questions(graph)
        self.run = InspectionRun(folder, graph, self.questions, RunOptions(**options))
        self._answer = answer

    async def work(self) -> Any:
        """Run to the end and return the document."""
        running = asyncio.create_task(self.run.run())
        answered: set[str] = set()
        while not running.done():
            for request_id, question in self.publisher.document["questions"].items():
                if question["answer"] is None and request_id not in answered:
                    answered.add(request_id)
                    answer = self._answer(question)
                    if answer is not None:
                        self.questions.answer({"request_id": request_id, **answer}, by="Ann")
            await asyncio.sleep(0)
        await running
        return self.publisher.document


def approve(_: Any) -> dict[str, Any]:
    return {"action": "approve"}


def by_path(document: Any) -> dict[str, Any]:
    return {node["path"]: node for node in document["all_nodes"].values()}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two sub-folders, one in the other, and files of several kinds."""
    folder = tmp_path / "tree"
    (folder / "pkg" / "inner").mkdir(parents=True)
    (folder / "pkg" / "one.py").write_text('"""One."""\n\ndef f():\n    """Do it."""\n')
    (folder / "pkg" / "inner" / "two.py").write_text("class Two:\n    pass\n")
    (folder / "README.md").write_text("# Read\n\nThis.\n")
    (folder / "data.bin").write_bytes(bytes(range(256)))
    return folder


async def test_a_tree_is_split_worked_on_and_gathered_upward(tree: Path) -> None:
    document = await Bench(tree).work()
    nodes = by_path(document)
    assert set(nodes) == {".", "pkg", "pkg/inner", "pkg/one.py", "pkg/inner/two.py", "README.md", "data.bin"}
    assert {node["status"] for node in nodes.values()} == {"DONE"}
    assert [nodes[path]["node_type"] for path in (".", "pkg", "pkg/one.py")] == ["PLAN", "PLAN", "EXECUTE"]
    assert [nodes[path]["layer"] for path in (".", "pkg", "pkg/inner", "pkg/inner/two.py")] == [0, 1, 2, 3]
    assert nodes["pkg/inner"]["parent_node_id"] == nodes["pkg"]["task_id"]
    root = nodes["."]
    assert "4 files in 2 sub-folders" in root["full_result"]
    assert "Python: 1 class, 1 function." in root["full_result"]
    assert "- README.md: 1 word under 1 heading" in root["full_result"]
    sources = [source["source_task_id"] for source in root["input_context_sources"]]
    assert sources == root["planned_sub_task_ids"]
    assert document["run"]["state"] == "done"
    assert document["run"]["finished_at"] >= document["run"]["started_at"]


async def test_results_grow_and_progress_never_goes_back(tree: Path) -> None:
    bench = Bench(tree)
    await bench.work()
    seen: dict[str, tuple[str, int]] = {}
    grew = 0
    for document in bench.publisher.documents:
        for task_id, node in document["all_nodes"].items():
            text, percent = seen.get(task_id, ("", 0))
            assert node["full_result"].startswith(text)
            assert node["progress_percentage"] >= percent
            grew += node["full_result"] != text
            seen[task_id] = node["full_result"], node["progress_percentage"]
    assert grew > 3 * len(seen)
    assert bench.sizes == [len(orjson.dumps(document)) for document in bench.publisher.documents[1:]]


async def test_a_folder_gathers_only_after_its_parts_have_ended(tree: Path) -> None:
    bench = Bench(tree)
    await bench.work()
    for document in bench.publisher.documents:
        for node in document["all_nodes"].values():
            if node["status"] == "AGGREGATING" or (node["node_type"] == "PLAN" and node["status"] == "DONE"):
                parts = [document["all_nodes"][part]["status"] for part in node["planned_sub_task_ids"]]
                assert set(parts) <= FINAL


async def test_files_are_worked_on_side_by_side_but_no_more_than_allowed(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("a\nb\nc\n")
    bench = Bench(tmp_path, concurrency=3)
    await bench.work()
    running = [
        sum(node["status"] == "RUNNING" and node["node_type"] == "EXECUTE" for node in document["all_nodes"].values())
        for document in bench.publisher.documents
    ]
    assert max(running) == 3


async def test_a_broken_file_fails_alone(tree: Path) -> None:
    (tree / "pkg" / "broken.py").write_text("def broken(:\n")
    bench = Bench(tree)
    nodes = by_path(await bench.work())
    assert nodes["pkg/broken.py"]["status"] == "FAILED"
    assert nodes["pkg/broken.py"]["error"] == "line 1: invalid syntax"
    assert nodes["pkg"]["status"] == nodes["."]["status"] == "DONE"
    assert "1 failed" in nodes["."]["output_summary"]
    assert "## Could not be read\n\n- broken.py: line 1: invalid syntax" in nodes["pkg"]["full_result"]
    (notification,) = bench.publisher.told("error_notification")
    assert notification["message"] == "pkg/broken.py: line 1: invalid syntax"


async def test_what_vanished_since_it_was_planned_fails_without_naming_the_machine(tree: Path) -> None:
    def delete_and_approve(_: Any) -> dict[str, Any]:
        (tree / "README.md").unlink()
        (tree / "pkg" / "one.py").unlink()
        (tree / "pkg" / "inner" / "two.py").unlink()
        (tree / "pkg" / "inner").rmdir()
        (tree / "pkg").rmdir()
        return {"action": "approve"}

    nodes = by_path(await Bench(tree, delete_and_approve, ask_above=2).work())
    assert {path: node["status"] for path, node in nodes.items()} == {
        ".": "DONE",
        "pkg": "FAILED",
        "README.md": "FAILED",
        "data.bin": "DONE",
    }
    assert nodes["README.md"]["error"] == "No such file or directory"


async def test_a_folder_that_cannot_be_listed_fails_the_root_and_ends_the_run(tmp_path: Path) -> None:
    document = await Bench(tmp_path / "gone").work()
    assert by_path(document)["."]["status"] == "FAILED"
    assert document["run"]["state"] == "done"


async def test_an_examiner_that_stumbles_costs_one_file(
    tree: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(name: str, content: Any) -> Any:
        if name == "README.md":
            raise KeyError("a bug")
        return examine(name, content)

    monkeypatch.setattr(run_module, "examine", stumble)
    nodes = by_path(await Bench(tree).work())
    assert nodes["README.md"]["error"] == "the examiner failed: KeyError"
    assert nodes["."]["status"] == "DONE"
    assert "a bug" in caplog.text


async def test_links_are_skipped_so_a_loop_ends_and_nothing_outside_is_read(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("# not yours")
    (tree / "pkg" / "loop").symlink_to(tree)
    (tree / "out.txt").symlink_to(tmp_path / "secret.txt")
    document = await Bench(tree).work()
    nodes = by_path(document)
    assert nodes["pkg/loop"]["status"] == nodes["out.txt"]["status"] == "SKIPPED"
    assert nodes["out.txt"]["output_summary"] == "symbolic link, not followed"
    assert b"not yours" not in orjson.dumps(document)
    assert len(nodes) == 9


async def test_an_empty_folder_is_done(tmp_path: Path) -> None:
    nodes = by_path(await Bench(tmp_path).work())
    assert nodes["."]["status"] == "DONE"
    assert nodes["."]["output_summary"] == "0 files, 0 B"


async def test_a_small_folder_needs_nobodys_word(tree: Path) -> None:
    document = await Bench(tree, ask_above=3).work()
    assert document["questions"] == {}


async def test_a_large_folder_waits_for_a_human_and_goes_on_when_approved(tree: Path) -> None:
    bench = Bench(tree, approve, ask_above=2)
    document = await bench.work()
    (question,) = document["questions"].values()
    assert question["question"] == (
        "The folder of the run has 3 entries: 1 sub-folder and 2 files. Inspect all of them?"
    )
    waiting = [one for one in bench.publisher.documents if one["run"]["state"] == "waiting_for_human"]
    assert {one["all_nodes"]["root"]["status"] for one in waiting} == {"WAITING"}
    assert len(document["all_nodes"]) == 7


async def test_modify_takes_only_the_first_entries_and_says_so(tree: Path) -> None:
    nodes = by_path(await Bench(tree, lambda _: {"action": "modify", "limit": 2}, ask_above=2).work())
    assert set(nodes) == {".", "pkg", "pkg/inner", "pkg/one.py", "pkg/inner/two.py", "data.bin"}
    assert "1 entry left out: as Ann decided." in nodes["."]["full_result"]


async def test_abort_ends_everything_at_once(tree: Path) -> None:
    for number in range(5):
        (tree / "pkg" / f"{number}.txt").write_text("text\n" * 50)

    def abort_in_pkg(question: Any) -> dict[str, Any]:
        return {"action": "abort"}

    document = await Bench(tree, abort_in_pkg, ask_above=4).work()
    nodes = by_path(document)
    assert document["run"]["state"] == "aborted"
    assert {node["status"] for node in nodes.values()} <= FINAL
    assert nodes["."]["status"] == nodes["pkg"]["status"] == "SKIPPED"
    assert nodes["pkg"]["output_summary"] == "Ann aborted the run at pkg"


async def test_abort_at_the_root_ends_the_run_too(tree: Path) -> None:
    document = await Bench(tree, lambda _: {"action": "abort"}, ask_above=1).work()
    assert document["run"]["state"] == "aborted"
    assert by_path(document)["."]["status"] == "SKIPPED"


async def test_abort_withdraws_the_other_questions(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number in range(4):
            (tmp_path / folder / f"{number}.txt").write_text("text")

    def abort_in_b(question: Any) -> dict[str, Any] | None:
        return {"action": "abort"} if "folder b" in question["question"] else None

    document = await Bench(tmp_path, abort_in_b, ask_above=3).work()
    actions = {question["answer"]["action"] for question in document["questions"].values()}
    assert document["run"]["state"] == "aborted"
    assert "abort" in actions
    assert actions <= {"abort", "withdrawn"}


async def test_silence_skips_the_folder_and_the_run_goes_on(tree: Path) -> None:
    for number in range(5):
        (tree / "pkg" / f"{number}.txt").write_text("text\n")
    document = await Bench(tree, ask_above=4, question_timeout_s=0.02).work()
    nodes = by_path(document)
    assert nodes["pkg"]["status"] == "SKIPPED"
    assert nodes["pkg"]["output_summary"] == "nobody approved it within 0.02 seconds"
    assert not nodes["pkg"]["planned_sub_task_ids"]
    assert nodes["."]["status"] == "DONE"
    assert document["run"]["state"] == "done"


async def test_the_graph_stops_growing_and_says_so(tree: Path) -> None:
    nodes = by_path(await Bench(tree, max_nodes=3).work())
    assert set(nodes) == {".", "pkg", "data.bin"}
    assert "1 entry left out: the graph is full at 3 nodes." in nodes["."]["full_result"]
    assert "2 entries left out" in nodes["pkg"]["full_result"]


async def test_a_run_that_is_stopped_leaves_no_node_unfinished(tree: Path) -> None:
    bench = Bench(tree, pace_ms=1_000)
    running = asyncio.create_task(bench.run.run())
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.publisher.document["all_nodes"]["root"]["status"] == "RUNNING"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    document = bench.publisher.document
    assert document["run"]["state"] == "aborted"
    assert {node["status"] for node in document["all_nodes"].values()} == {"SKIPPED"}
    assert by_path(document)["."]["output_summary"] == "the run was stopped"
