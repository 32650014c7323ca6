"""Catching up over plain HTTP, on both shells: the same positions, frames and rights as over a socket."""

import inspect
from typing import Any

import orjson
import pytest

from realtime_sync.broadcast.ports import Subscriber
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.replica import EventReceived, Replica
from realtime_sync.wire.frames import frame_from_wire
from realtime_sync.wire.messages import Answer
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

BROWSER = Subscriber("poll-1", "poll-1", "/", {"HTTP_COOKIE": "session=1"}, {"token": "t"})
GRAPH = {"nodes": {"n7": {"text": "a text that is long enough for a patch to pay", "status": "RUNNING"}}}


async def poll(hub: Any, channel: str = "c", position: Position | None = None) -> dict[str, Any]:
    reply: Any = hub.poll(channel, position, subscriber=BROWSER)
    return dict(await reply if inspect.isawaitable(reply) else reply)


async def ask(hub: Any, message: Any) -> dict[str, Any]:
    reply: Any = hub.answer_poll(message, subscriber=BROWSER)
    return dict(await reply if inspect.isawaitable(reply) else reply)


class Poller:
    """A replica that is brought up to date by polls alone."""

    def __init__(self, hub: Any, channel: str = "c") -> None:
        self.hub, self.channel, self.replica = hub, channel, Replica(uniform=lambda: 0.0)
        self.events: list[Any] = []

    async def poll(self) -> str:
        asked = self.replica.request(0.0)
        message = {"version": 1, "channel": self.channel, "request": asked.request, "codecs": []}
        message |= {"position": asked.position and asked.position.to_wire()}
        message |= {"heard": asked.heard.to_wire()} if asked.heard else {}
        reply = await ask(self.hub, message)
        answer = Answer.from_wire(reply["answer"])
        if reply["body"] is None:
            self.replica.receive_answer(answer, 0.0)
        else:
            happened = self.replica.receive_frame(frame_from_wire(reply["body"]), answer, 0.0)
            self.events += [one.data for one in happened if isinstance(one, EventReceived)]
        return answer.outcome.value


@on_both_shells
async def test_a_client_that_only_polls_holds_the_channels_document(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial=GRAPH)
    poller = Poller(hub)
    assert await poller.poll() == "keyframe"
    assert poller.replica.document == GRAPH
    assert await poller.poll() == "up_to_date"
    for number in range(3):
        with channel.edit() as doc:
            doc["nodes"]["n7"]["text"] += f" {number}"
        channel.emit("beat", number)
        await channel.flush()
    assert await poller.poll() == "patch"
    assert poller.replica.document == channel.document
    assert poller.replica.position == channel.position
    assert poller.events == [0, 1, 2]
    stats = hub.get_stats()
    assert (stats.polls, stats.keyframes_sent, stats.patches_sent, stats.up_to_date) == (3, 1, 1, 1)
    assert (stats.subscriptions, hub.sessions) == (0, 0), "nothing is kept of who polls"


@on_both_shells
async def test_who_is_up_to_date_costs_a_few_bytes(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial=GRAPH)
    await channel.flush()
    await poll(hub)
    reply = await poll(hub, position=channel.position)
    assert reply["body"] is None
    assert reply["answer"]["outcome"] == "up_to_date"
    assert len(orjson.dumps(reply)) < 150


@on_both_shells
async def test_a_poll_is_authorized_as_a_subscription_is(world: World) -> None:
    asked: list[tuple[Subscriber, str, str]] = []

    def may_watch(subscriber: Subscriber, channel: str, action: str) -> bool:
        asked.append((subscriber, channel, action))
        return channel == "mine"

    hub = world.hub(authorize=may_watch)
    hub.channel("mine", initial=GRAPH)
    hub.channel("theirs", initial={"secret": 1})
    assert (await poll(hub, "mine"))["body"]["document"] == GRAPH
    assert asked == [(BROWSER, "mine", "subscribe")]
    refused = await poll(hub, "theirs")
    assert refused == {"answer": {"outcome": "forbidden", "request": "poll"}, "body": None}
    assert await poll(hub, "unknown") == refused
    assert await poll(hub, "no\nname") == refused
    assert hub.get_stats().refused == 3


@on_both_shells
async def test_a_channel_without_a_document_says_so_and_one_that_load_cannot_bring_too(world: World) -> None:
    def load(name: str) -> Any:
        if name == "broken":
            raise OSError("no database")
        return GRAPH if name == "stored" else None

    hub = world.hub(load=load)
    assert (await poll(hub, "empty"))["answer"]["outcome"] == "waiting"
    assert (await poll(hub, "stored"))["body"]["document"] == GRAPH
    assert (await poll(hub, "broken"))["answer"]["outcome"] == "unavailable"


@on_both_shells
async def test_what_is_no_message_is_told(world: World) -> None:
    hub = world.hub()
    messages: list[Any] = [None, [], {"channel": "c"}, {"channel": "c", "version": 1, "codecs": [], "request": ""}]
    for message in messages:
        assert (await ask(hub, message))["answer"]["outcome"] == "invalid"
    future = {"channel": "c", "version": 99, "codecs": [], "request": "7", "position": None}
    answer = (await ask(hub, future))["answer"]
    assert (answer["outcome"], answer["request"]) == ("upgrade_required", "7")


@on_both_shells
async def test_a_document_over_the_limits_is_unavailable_with_both_numbers(world: World) -> None:
    hub = world.hub(limits=Limits(max_decoded_bytes=1_000))
    hub.channel("c", initial={"text": "x" * 2_000})
    answer = (await poll(hub))["answer"]
    assert answer["outcome"] == "unavailable"
    assert "max_decoded_bytes=1000" in answer["message"]


@on_both_shells
async def test_a_large_frame_is_one_body_and_encoded_once_for_all(world: World) -> None:
    hub = world.hub(limits=Limits(max_message_bytes=1_000))
    document = {"text": "x" * 100_000}
    hub.channel("c", initial=document)
    for _ in range(3):
        assert (await poll(hub))["body"]["document"] == document
    assert hub.get_stats().encodings == 1


@on_both_shells
async def test_after_close_nobody_is_served(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial=GRAPH)
    await hub.close()
    assert (await poll(hub))["answer"]["outcome"] == "unavailable"


@pytest.mark.parametrize("revoked", [{"channel": "c"}, {"sid": BROWSER.sid}, {"sid": BROWSER.sid, "channel": "c"}])
async def test_what_was_allowed_before_a_revocation_is_asked_again(revoked: dict[str, str], world: World) -> None:
    allowed = [True, False]

    async def may_watch(subscriber: Subscriber, channel: str, action: str) -> bool:
        answer = allowed.pop(0)
        if answer:
            hub.revoke(**revoked)  # while the answer is on its way
        return answer

    hub = world.hub(authorize=may_watch)
    hub.channel("c", initial=GRAPH)
    assert (await poll(hub))["answer"]["outcome"] == "forbidden"
    assert allowed == []


async def test_a_revocation_of_another_channel_is_none_of_its_business(world: World) -> None:
    async def may_watch(subscriber: Subscriber, channel: str, action: str) -> bool:
        hub.revoke(channel="other")
        return True

    hub = world.hub(authorize=may_watch)
    hub.channel("c", initial=GRAPH)
    assert (await poll(hub))["answer"]["outcome"] == "keyframe"


@on_both_shells
async def test_whoever_asks_for_readiness_is_told(world: World) -> None:
    hub = world.hub()
    hub.channel("a")
    hub.channel("b")
    client = world.transport.connect()
    assert await client.send("check_readiness", None) == {"ready": True, "channels": 2}
