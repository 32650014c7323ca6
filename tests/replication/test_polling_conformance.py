"""The cases of conformance/polling.json, which JavaScript runs too."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.poll_schedule import PollSchedule, poll_pace
from realtime_sync.replication.replica import EventReceived, Happening, Replica
from realtime_sync.replication.subscription import Subscription

CASES = json.loads((Path(__file__).parents[2] / "conformance/polling.json").read_text(encoding="utf-8"))
STEPS_AT_MOST = 100
PACE = poll_pace(2.0, Backoff(factor=1.5, jitter=0.0))


class Client:
    """What a shell does with a subscription, and what came of it since `take`."""

    def __init__(self) -> None:
        self.one = Subscription("c", ("json",), Replica(uniform=lambda: 0.0), polls=PollSchedule(PACE))
        self.was_up = False
        self.last_posted = ""
        self.posted: list[dict[str, Any]] = []
        self.events: list[list[Any]] = []

    def obey(self, step: dict[str, Any]) -> None:
        now = next(step[name] for name in ("now", "connected", "disconnected", "failed", "tick") if name in step)
        self.let_time_pass(now)
        match step:
            case {"connected": _}:
                self.was_up = True
                self.one.connected(now)
            case {"disconnected": _}:
                self.one.disconnected()
                self.one.poll_meanwhile(now, at_once=not self.was_up)
            case {"reply": reply}:
                self.hear(self.one.receive_reply(self.last_posted, orjson.dumps(reply), now))
            case {"failed": _}:
                self.one.poll_failed(self.last_posted, None, now)
        self.let_time_pass(now)

    def let_time_pass(self, until: float) -> None:
        for _ in range(STEPS_AT_MOST):
            at = self.one.deadline
            if at is None or at > until:
                return
            self.hear(self.one.tick(at))
            if (message := self.one.poll(at)) is not None:
                self.last_posted = message["request"]
                self.posted.append(message)
        raise AssertionError(f"it is never done with what is due at {self.one.deadline}")

    def hear(self, happened: list[Happening]) -> None:
        self.events += [[each.name, each.data] for each in happened if isinstance(each, EventReceived)]


def shown(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in message.items() if name in ("request", "position", "heard")}
        for message in messages
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_the_case_holds(case: dict[str, Any]) -> None:
    client = Client()
    for number, step in enumerate(case["steps"]):
        client.posted, client.events = [], []
        client.obey(step)
        where = f"step {number}: {step}"
        assert shown(client.posted) == ([step["posted"]] if "posted" in step else []), where
        said = [said.message for said in client.one.outgoing() if said.event in ("sync:subscribe", "sync:resync")]
        assert shown(said) == ([step["said"]] if "said" in step else []), where
        assert client.events == step.get("events", []), where
        if "status" in step:
            assert client.one.status.value == step["status"], where
        if "document" in step:
            assert client.one.replica.document == step["document"], where
