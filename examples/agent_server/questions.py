"""Asking a human, and waiting for the answer."""

import asyncio
import secrets
from collections.abc import Mapping
from enum import Enum

import attrs

from examples.agent_server.task_graph import TaskGraph


class Action(Enum):
    """What became of a question; only the first three can be answered by a person."""

    APPROVE = "approve"
    MODIFY = "modify"
    ABORT = "abort"
    TIMEOUT = "timeout"


OPTIONS = (Action.APPROVE, Action.MODIFY, Action.ABORT)


@attrs.frozen
class Decision:
    """The answer to a question.

    Attributes:
        limit: With MODIFY, how many entries are approved; None with every other action.
        by: Who decided, as it is shown.
    """

    action: Action
    by: str
    limit: int | None = None


@attrs.frozen
class Reply:
    """What the one who answered is told, as a Socket.IO acknowledgement."""

    ok: bool
    message: str

    def to_json(self) -> dict[str, object]:
        """Return it for the wire."""
        return attrs.asdict(self)


class Questions:
    """The questions of one run that wait for an answer: the first valid one wins, and silence approves nothing."""

    def __init__(self, graph: TaskGraph) -> None:
        self._graph = graph
        self._open: dict[str, asyncio.Future[Decision]] = {}

    async def ask(self, task_id: str, text: str, *, timeout_s: float) -> Decision:
        """Ask, and return what was decided; after `timeout_s` seconds that is `Action.TIMEOUT`."""
        request_id = f"ask_{task_id}_{secrets.token_hex(4)}"  # an old click must not answer the next run's question
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._open[request_id] = future
        options = [option.value for option in OPTIONS]
        self._graph.ask(request_id, task_id, text, options=options, timeout_s=timeout_s)
        try:
            await asyncio.wait([future], timeout=timeout_s)
        except asyncio.CancelledError:
            if not future.done():
                self._graph.answered(request_id, "withdrawn", by="the run")
            raise
        finally:
            del self._open[request_id]
        if not future.done():
            future.set_result(Decision(Action.TIMEOUT, "nobody"))
            self._graph.answered(request_id, Action.TIMEOUT.value, by="nobody")
        return future.result()

    def answer(self, payload: object, *, by: str) -> Reply:
        """Take an answer as it came over the wire.

        Args:
            payload: Shape: `{"request_id": id, "action": "approve" | "modify" | "abort", "limit"?: int}`.
        """
        if not isinstance(payload, Mapping) or not isinstance(payload.get("request_id"), str):
            return Reply(False, "an answer is an object with request_id and action")
        request_id = payload["request_id"]
        decision = _decision(payload, by)
        if isinstance(decision, str):
            return Reply(False, decision)
        future = self._open.get(request_id)
        if future is None or future.done():
            return Reply(False, self._why_closed(request_id))
        future.set_result(decision)
        self._graph.answered(request_id, decision.action.value, by=by, limit=decision.limit)
        return Reply(True, f"{decision.action.value}: taken")

    def _why_closed(self, request_id: str) -> str:
        question = self._graph.document["questions"].get(request_id)
        if question is None or question["answer"] is None:
            return "there is no such question"
        answer = question["answer"]
        return f"already answered: {answer['action']} by {answer['by']}"


def _decision(payload: Mapping[str, object], by: str) -> Decision | str:
    """Return what an answer decides, or why it decides nothing."""
    action = next((option for option in OPTIONS if option.value == payload.get("action")), None)
    if action is None:
        return f"the action must be one of {', '.join(option.value for option in OPTIONS)}"
    if action is not Action.MODIFY:
        return Decision(action, by)
    limit = payload.get("limit")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        return "modify needs a limit: how many entries, at least 1"
    return Decision(action, by, limit)
