"""Requests that are too large, too many, or none: each is answered, and nothing of it is kept."""

import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from realtime_sync.broadcast.session import OTHER_CHANNELS, Session
from realtime_sync.broadcast.thread_runtime import ThreadRuntime
from realtime_sync.testing import MemoryClient
from realtime_sync.wire.messages import MAX_CODECS_OFFERED, MAX_DICTIONARIES_READ
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

LARGE = "x" * 10 * 2**20
HELLO = {"version": 1, "channel": "c", "request": "1", "codecs": ["json"], "position": None}


async def outcome_of(client: MemoryClient, event: str, message: Any) -> str:
    """Send a request; return how it was answered."""
    await client.send(event, message)
    answers = [arguments[2] for _, arguments in client.take() if len(arguments) > 2]
    assert len(answers) == 1
    assert len(repr(answers)) < 1_000, "what was large is not sent back"
    outcome: str = answers[0]["outcome"]
    return outcome


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@on_both_shells
@pytest.mark.usefixtures("traced")
async def test_ten_megabytes_for_a_hello_are_refused_and_forgotten(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={"n": 0})
    client = world.transport.connect()
    assert await outcome_of(client, "sync:subscribe", HELLO) == "keyframe"
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    expected: list[tuple[dict[str, Any], str]] = [
        ({"channel": LARGE}, "forbidden"),
        ({"codecs": [LARGE]}, "invalid"),
        ({"codecs": ["json"] * 10_000}, "invalid"),
        ({"request": LARGE}, "invalid"),
        ({"version": LARGE}, "invalid"),
        ({"position": LARGE}, "invalid"),
        ({"position": [LARGE, 1]}, "invalid"),
        ({"position": [0] * 10_000}, "invalid"),
        ({"dictionaries": [LARGE]}, "invalid"),
        ({"dictionaries": LARGE}, "invalid"),
    ]
    for change, outcome in expected:
        assert await outcome_of(client, "sync:subscribe", {**HELLO, **change}) == outcome
        if "position" in change:
            assert await outcome_of(client, "sync:resync", {**HELLO, **change}) == outcome
    assert await outcome_of(client, "sync:subscribe", LARGE) == "invalid"
    for pointer in (LARGE, "/" * len(LARGE), f"/{LARGE}"):
        reply = await client.send("sync:fetch", {"channel": "c", "pointer": pointer})
        assert reply in ({"error": "not_found"}, {"error": "invalid"})
    del pointer
    assert await client.send("sync:fetch", {"channel": LARGE, "pointer": ""}) == {"error": "forbidden"}
    await client.send("sync:unsubscribe", {"channel": LARGE})
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    assert after - before < 1_000_000, "of 150 MB that were sent"


@on_both_shells
async def test_of_ten_thousand_dictionaries_the_first_few_are_read(world: World) -> None:
    world.hub().channel("c", initial={"n": 0})
    client = world.transport.connect()
    hello = {**HELLO, "dictionaries": ["a1b2c3d4"] * MAX_DICTIONARIES_READ + ["x" * 100, 7, None] * 3_000}
    assert await outcome_of(client, "sync:subscribe", hello) == "keyframe"
    assert await outcome_of(client, "sync:subscribe", {**HELLO, "codecs": ["x"] * MAX_CODECS_OFFERED}) == "keyframe"


@on_both_shells
@pytest.mark.parametrize(
    "position",
    [
        [],
        ["A"],
        ["A", 1, 2],
        ["A", -1],
        ["A", 1.5],
        ["A", True],
        ["A", "1"],
        ["A", None],
        [None, 1],
        ["", 1],
        ["A" * 65, 1],
        ["A", 2**53],
        {"epoch": "A", "offset": 1},
        "A:1",
        7,
        False,
    ],
)
async def test_a_position_that_is_none_is_answered_as_invalid(world: World, position: Any) -> None:
    hub = world.hub()
    hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    for event in ("sync:subscribe", "sync:resync"):
        assert await outcome_of(watcher.client, event, {**HELLO, "position": position}) == "invalid"
    assert await outcome_of(watcher.client, "sync:ack", {"channel": "c", "position": position}) == "invalid"
    hub.channel("c").publish({"n": 1})
    await hub.flush_all()
    await watcher.pump()
    assert watcher.document == {"n": 1}, "whoever is subscribed stays so"


@on_both_shells
async def test_one_who_asks_about_ever_more_channels_in_a_moment_is_slowed_down(world: World) -> None:
    asked: list[str] = []

    def authorize(_: Any, channel: str, __: str) -> bool:
        asked.append(channel)
        return False

    hub = world.hub(authorize=authorize)
    client = world.transport.connect()
    for number in range(1_000):
        await client.send("sync:subscribe", {**HELLO, "channel": f"channel {number}"})
    assert len(asked) <= 210
    assert hub.get_stats().channels == 0
    await world.clock.advance(10)
    assert asked[-1] == "channel 999"


def test_a_session_paces_the_channels_that_are_too_many_together() -> None:
    session = Session(None, ThreadRuntime().lock(), max_paces=3)  # type: ignore[arg-type]  # who it is does not matter
    own = [session.pace(name, now=0.0) for name in "abc"]
    for pace in own:
        pace.take(0.0)
    shared = session.pace("d", now=0.0)
    shared.take(0.0)
    assert shared is session.pace("e", now=0.0) is session.paces[OTHER_CHANNELS]
    assert [session.pace(name, now=0.0) for name in "abc"] == own
    assert session.pace("f", now=60.0) is session.paces["f"], "the others have rested, and are forgotten"
    assert list(session.paces) == ["f"]
