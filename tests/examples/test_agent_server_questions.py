"""Asking a human: the first valid answer wins, and silence approves nothing."""

import asyncio
from typing import Any

import pytest

from examples.agent_server.document import NewTask, NodeType, empty_document
from examples.agent_server.questions import Action, Decision, Questions
from examples.agent_server.task_graph import TaskGraph
from tests.examples.memory_publisher import MemoryPublisher


class Bench:
    """A run that asks, and what everybody sees of it."""

    def __init__(self) -> None:
        self.publisher = MemoryPublisher(empty_document(project_id="p", goal="g"))
        graph = TaskGraph(self.publisher, project_id="p", goal="g")
        graph.begin(
            NewTask(
                task_id="root",
                node_type=NodeType.PLAN,
                goal="g",
                path=".",
                input_summary="",
                layer=0,
                parent_id=None,
            )
        )
        self.questions = Questions(graph)

    async def ask(self, *, timeout_s: float = 60) -> "tuple[asyncio.Task[Decision], str]":
        """Return who waits for the answer, and the id of the question."""
        before = len(self.publisher.told("hitl_request"))
        asking = asyncio.create_task(self.questions.ask("root", "Go on?", timeout_s=timeout_s))
        await asyncio.sleep(0)
        requests = self.publisher.told("hitl_request")
        assert len(requests) == before + 1
        return asking, requests[-1]["request_id"]

    def seen(self, request_id: str) -> Any:
        return self.publisher.document["questions"][request_id]

    @property
    def states(self) -> tuple[str, str]:
        document = self.publisher.document
        return document["run"]["state"], document["all_nodes"]["root"]["status"]


async def test_a_question_is_in_the_document_and_told_to_all() -> None:
    bench = Bench()
    asking, request_id = await bench.ask(timeout_s=7)
    question = bench.seen(request_id)
    assert bench.publisher.told("hitl_request") == [
        {
            "request_id": request_id,
            "node_id": "root",
            "project_id": "p",
            "question": "Go on?",
            "options": ["approve", "modify", "abort"],
            "timeout_seconds": 7,
        }
    ]
    assert question["answer"] is None
    assert bench.states == ("waiting_for_human", "WAITING")
    bench.questions.answer({"request_id": request_id, "action": "approve"}, by="Ann")
    assert await asking == Decision(Action.APPROVE, "Ann")
    assert bench.states == ("running", "RUNNING")


async def test_the_first_answer_wins_and_the_second_learns_who_gave_it() -> None:
    bench = Bench()
    asking, request_id = await bench.ask()
    first = bench.questions.answer({"request_id": request_id, "action": "modify", "limit": 3}, by="Ann")
    at_once = bench.questions.answer({"request_id": request_id, "action": "approve"}, by="Bob")
    decision = await asking
    later = bench.questions.answer({"request_id": request_id, "action": "abort"}, by="Bob")
    assert first.ok
    assert decision == Decision(Action.MODIFY, "Ann", 3)
    assert at_once == later
    assert (later.ok, later.message) == (False, "already answered: modify by Ann")
    answer = bench.seen(request_id)["answer"]
    assert (answer["action"], answer["limit"], answer["by"]) == ("modify", 3, "Ann")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "approve",
        ["approve"],
        {},
        {"action": "approve"},
        {"request_id": 1, "action": "approve"},
        {"request_id": "another", "action": "approve"},
        {"request_id": "THIS"},
        {"request_id": "THIS", "action": "timeout"},
        {"request_id": "THIS", "action": "Approve"},
        {"request_id": "THIS", "action": {"approve": True}},
        {"request_id": "THIS", "action": "modify"},
        {"request_id": "THIS", "action": "modify", "limit": 0},
        {"request_id": "THIS", "action": "modify", "limit": True},
        {"request_id": "THIS", "action": "modify", "limit": "5"},
        {"request_id": "THIS", "action": "modify", "limit": 2.0},
    ],
)
async def test_an_invalid_answer_answers_nothing(payload: Any) -> None:
    bench = Bench()
    asking, request_id = await bench.ask()
    if isinstance(payload, dict) and payload.get("request_id") == "THIS":
        payload["request_id"] = request_id
    reply = bench.questions.answer(payload, by="Eve")
    assert not reply.ok
    assert reply.message
    assert bench.seen(request_id)["answer"] is None
    bench.questions.answer({"request_id": request_id, "action": "abort"}, by="Ann")
    assert (await asking).action is Action.ABORT


async def test_silence_is_a_timeout_and_comes_too_late_afterwards() -> None:
    bench = Bench()
    asking, request_id = await bench.ask(timeout_s=0.01)
    assert (await asking).action is Action.TIMEOUT
    assert bench.seen(request_id)["answer"]["action"] == "timeout"
    reply = bench.questions.answer({"request_id": request_id, "action": "approve"}, by="Late")
    assert (reply.ok, reply.message) == (False, "already answered: timeout by nobody")


async def test_a_question_of_a_run_that_ends_is_withdrawn() -> None:
    bench = Bench()
    asking, request_id = await bench.ask()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert bench.seen(request_id)["answer"]["action"] == "withdrawn"


async def test_the_run_waits_until_the_last_question_is_answered() -> None:
    bench = Bench()
    one, one_id = await bench.ask()
    two, two_id = await bench.ask()
    bench.questions.answer({"request_id": one_id, "action": "approve"}, by="Ann")
    assert bench.states[0] == "waiting_for_human"
    bench.questions.answer({"request_id": two_id, "action": "approve"}, by="Ann")
    assert bench.states[0] == "running"
    await asyncio.gather(one, two)
