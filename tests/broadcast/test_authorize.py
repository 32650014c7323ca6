"""Nobody gets in, or stays in by asking again, without the application's word: `True`, and nothing like it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from realtime_sync.broadcast.ports import Subscriber
from tests.broadcast.threaded_world import ThreadedWorld, on_both_shells
from tests.broadcast.world import World

HELLO = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}


class Door:
    """An `authorize` whose answer can be changed; it remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = True
        self.asked: list[tuple[str, str, str]] = []

    def __call__(self, subscriber: Subscriber, channel: str, action: str) -> Any:
        self.asked.append((subscriber.sid, channel, action))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class AlwaysTrue:
    """Something that a careless comparison takes for yes."""

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


async def answered(value: Any) -> Any:
    return value


@on_both_shells
async def test_every_action_asks_anew(world: World) -> None:
    door = Door()
    hub = world.hub(authorize=door)
    hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    first = watcher.client.sid
    await watcher.client.send("sync:resync", {"channel": "c", "request": "r", "position": None})
    await watcher.client.send("sync:fetch", {"channel": "c", "pointer": "/n"})
    watcher.client.disconnect()
    watcher.subscription.disconnected()
    watcher.client = world.transport.connect()
    await watcher.join()
    assert [action for _, _, action in door.asked] == ["subscribe", "resync", "fetch", "subscribe"]
    assert [sid for sid, _, _ in door.asked] == [first] * 3 + [watcher.client.sid]
    assert {channel for _, channel, _ in door.asked} == {"c"}


@on_both_shells
@pytest.mark.parametrize("action", ["subscribe", "resync"])
async def test_one_who_may_no_longer_is_out_as_soon_as_it_asks(world: World, action: str) -> None:
    door = Door()
    hub = world.hub(authorize=door)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    door.answer = False
    await watcher.client.send(f"sync:{action}", {**HELLO, "request": "again"})
    assert watcher.client.take()[-1][1] == ("c", None, {"outcome": "forbidden", "request": "again"})
    assert channel.subscriber_count == 0
    assert world.transport.rooms == {}
    channel.publish({"n": "canary"})
    await channel.flush()
    assert watcher.client.take() == []


@on_both_shells
async def test_one_who_may_no_longer_gets_nothing_by_coming_back(world: World) -> None:
    door = Door()
    hub = world.hub(authorize=door)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    watcher.client.disconnect()
    watcher.subscription.disconnected()
    door.answer = False
    channel.publish({"n": "canary"})
    await channel.flush()
    watcher.client = world.transport.connect()
    await watcher.join()
    assert watcher.status == "forbidden"
    assert watcher.document == {"n": 0}
    assert watcher.answers[-1] == {"outcome": "forbidden", "request": "2"}


@on_both_shells
@pytest.mark.parametrize(
    "answer",
    [
        False,
        None,
        1,
        "yes",
        [True],
        (True,),
        {"allowed": True},
        AlwaysTrue(),
        ValueError("no"),
        RuntimeError(),
        object(),
    ],
    ids=repr,
)
async def test_whatever_is_not_true_is_no(world: World, answer: Any) -> None:
    door = Door()
    door.answer = answer
    hub = world.hub(authorize=door)
    channel = hub.channel("c", initial={"n": "canary"})
    await channel.flush()
    client = world.transport.connect()
    await client.send("sync:subscribe", HELLO)
    assert client.take() == [("batch_update", ("c", None, {"outcome": "forbidden", "request": "1"}))]
    assert await client.send("sync:fetch", {"channel": "c", "pointer": ""}) == {"error": "forbidden"}
    assert channel.subscriber_count == 0


@pytest.mark.parametrize("answer", [False, None, 1, "yes", AlwaysTrue()])
async def test_whatever_is_not_true_is_no_when_it_is_awaited_as_well(world: World, answer: Any) -> None:
    hub = world.hub(authorize=lambda *_: answered(answer))
    hub.channel("c", initial={"n": "canary"})
    watcher = await world.watcher().join()
    assert watcher.status == "forbidden"
    assert watcher.frames_bytes == []


@pytest.mark.parametrize("make", [lambda: answered(True), lambda: answered(answered(True))], ids=["once", "twice"])
async def test_a_coroutine_is_not_taken_for_yes(world: World, make: Callable[[], Any]) -> None:
    """A coroutine function that forgets an `await` returns a coroutine; that is no answer."""
    made: list[Any] = []

    async def authorize(*_: Any) -> Any:
        made.append(make())
        return made[-1]

    world.hub(authorize=authorize).channel("c", initial={"n": "canary"})
    watcher = await world.watcher().join()
    assert watcher.status == "forbidden"
    for coroutine in made:
        inner = await coroutine
        if asyncio.iscoroutine(inner):
            await inner


@on_both_shells
async def test_an_error_in_authorize_is_logged_and_the_client_does_not_hear_what_it_was(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door()
    door.answer = RuntimeError("password=hunter2")
    world.hub(authorize=door).channel("c", initial={})
    client = world.transport.connect()
    await client.send("sync:subscribe", HELLO)
    assert "hunter2" not in repr(client.take())
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "authorize raised for subscribe of channel 'c'" in record.getMessage()


async def test_a_slow_authorize_holds_up_nobody_but_its_own_client(world: World) -> None:
    asked, answers = asyncio.Event(), asyncio.Event()

    async def authorize(subscriber: Subscriber, channel: str, action: str) -> bool:
        if subscriber.auth == "slow":
            asked.set()
            await answers.wait()
        return True

    hub = world.hub(authorize=authorize)
    channel = hub.channel("c", initial={"n": 0})
    slow = world.transport.connect(auth="slow")
    asking = [asyncio.ensure_future(slow.send("sync:subscribe", {**HELLO, "channel": name})) for name in ("c", "d")]
    await asked.wait()
    quick = await world.watcher().join()
    channel.publish({"n": 1})
    await channel.flush()
    await quick.pump()
    assert quick.document == {"n": 1}
    assert slow.take() == [], "not before it was answered"
    assert channel.subscriber_count == 1
    answers.set()
    await asyncio.gather(*asking)
    assert [arguments[0] for _, arguments in slow.take()] == ["c", "d"]


async def test_one_who_leaves_while_authorize_thinks_is_in_no_room_afterwards(world: World) -> None:
    asked, answers = asyncio.Event(), asyncio.Event()

    async def authorize(*_: Any) -> bool:
        asked.set()
        await answers.wait()
        return True

    hub = world.hub(authorize=authorize)
    channel = hub.channel("c", initial={"n": 0})
    client = world.transport.connect()
    asking = asyncio.ensure_future(client.send("sync:subscribe", HELLO))
    await asked.wait()
    client.disconnect()
    answers.set()
    await asking
    assert (channel.subscriber_count, hub.sessions, world.transport.rooms) == (0, 0, {})


def test_on_threads_an_authorize_that_waits_for_a_loop_lets_nobody_in(threaded_world: ThreadedWorld) -> None:
    async def waits() -> bool:
        await asyncio.sleep(0)
        return True

    hub = threaded_world.hub(authorize=lambda *_: waits())  # not seen by what `attach` checks
    channel = hub.channel("c", initial={"n": "canary"})
    client = threaded_world.transport.connect()
    with pytest.raises(RuntimeError, match="authorize"):
        client.send_now("sync:subscribe", HELLO)
    assert client.take() == []
    assert channel.subscriber_count == 0
    assert threaded_world.transport.rooms == {}
