"""One who does not read costs one catch-up, and nobody else anything."""

from typing import Any

import attrs

from realtime_sync.limits import HistoryLimits, ReaderLimits
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import Watcher, World

READERS = ReaderLimits(max_unacked_frames=10, max_unacked_bytes=100_000, let_go_after_s=60)
PATIENT = attrs.evolve(READERS, let_go_after_s=10_000)


OTHER = "y" * 2_000
"""Makes the document larger than a patch."""


async def write(channel: Any, count: int) -> None:
    for _ in range(count):
        channel.append_text("/text", "x")
        await channel.flush()


def frames_in(watcher: Watcher) -> int:
    """Return how many messages wait for a client that does not read."""
    return len(watcher.client.inbox)


async def catch_up(world: World, watcher: Watcher) -> None:
    """Let a client read, and be idle for a while, until it has nothing more to say."""
    for _ in range(3):
        await watcher.pump()
        await world.clock.advance(1.5)
        watcher.happened += watcher.subscription.tick(world.clock.now())
    await watcher.pump()


@on_both_shells
async def test_one_that_does_not_read_is_parked_and_brought_back_by_one_catch_up(world: World) -> None:
    hub = world.hub(readers=PATIENT)
    channel = hub.channel("c", initial={"text": "", "other": OTHER})
    slow, quick = await world.watcher().join(), await world.watcher().join()
    for _ in range(100):
        await write(channel, 1)
        await quick.pump()
        await world.clock.advance(1.1)
        quick.happened += quick.subscription.tick(world.clock.now())
        await quick.pump()
    assert frames_in(slow) == 11, "ten frames, and the one that was too many"
    assert hub.get_stats().parked == 1
    assert channel.subscriber_count == 2
    await catch_up(world, slow)
    assert slow.document == quick.document == {"text": "x" * 100, "other": OTHER}
    assert slow.status == quick.status == "live"
    assert hub.get_stats().parked == 0
    assert [answer["outcome"] for answer in slow.answers] == ["keyframe", "patch"]
    assert "request" not in slow.answers[-1]
    await write(channel, 1)
    await slow.pump()
    assert slow.document == {"text": "x" * 101, "other": OTHER}


@on_both_shells
async def test_one_that_is_far_behind_comes_back_by_a_keyframe(world: World) -> None:
    hub = world.hub(readers=READERS, history=HistoryLimits(max_frames=5))
    channel = hub.channel("c", initial={"text": ""})
    slow = await world.watcher().join()
    await write(channel, 40)
    await catch_up(world, slow)
    assert slow.document == {"text": "x" * 40}
    assert slow.answers[-1]["outcome"] == "keyframe"


@on_both_shells
async def test_one_that_never_reads_is_let_go_and_may_come_back(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"text": ""})
    stuck = await world.watcher().join()
    await write(channel, 20)
    await world.clock.advance(61.0)
    await write(channel, 1)
    await world.settle()
    assert hub.get_stats().let_go == 1
    assert channel.subscriber_count == 0
    assert hub.get_stats().parked == 0
    await stuck.pump()
    assert stuck.answers[-1] == {"outcome": "too_slow", "message": "you did not keep up; subscribe again when you can"}
    assert stuck.status == "stale"
    deadline = stuck.subscription.deadline
    assert deadline is not None
    stuck.happened += stuck.subscription.tick(deadline)
    await stuck.pump()
    assert stuck.status == "live"
    assert stuck.document == {"text": "x" * 21}


@on_both_shells
async def test_a_hidden_tab_that_still_acknowledges_is_not_slow(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"text": ""})
    hidden = await world.watcher().join()
    for _ in range(30):
        await write(channel, 5)
        await catch_up(world, hidden)
    assert hub.get_stats().parked == hub.get_stats().let_go == 0
    assert [answer["outcome"] for answer in hidden.answers] == ["keyframe"]


@on_both_shells
async def test_a_parked_reader_hears_that_its_channel_ended(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"text": ""})
    slow = await world.watcher().join()
    await write(channel, 20)
    assert hub.get_stats().parked == 1
    await channel.delete("archived")
    await slow.pump()
    assert slow.status == "closed"
    assert world.transport.rooms == {}


@on_both_shells
async def test_a_parked_reader_that_is_revoked_does_not_come_back(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"text": ""})
    slow = await world.watcher().join()
    await write(channel, 20)
    assert hub.revoke(sid=slow.client.sid) == 1
    await world.settle()
    await catch_up(world, slow)
    assert slow.status == "forbidden"
    assert slow.document == {"text": "x" * 11}
    assert hub.get_stats().parked == 0


@on_both_shells
async def test_nothing_is_kept_of_a_parked_reader_that_left(world: World) -> None:
    hub = world.hub(readers=READERS)
    channel = hub.channel("c", initial={"text": ""})
    slow = await world.watcher().join()
    await write(channel, 20)
    slow.client.disconnect()
    assert hub.get_stats().parked == 0
    assert channel.subscriber_count == 0
    await write(channel, 1)
    assert channel.window.parked == {}


@on_both_shells
async def test_a_parked_reader_gets_the_dictionary_that_was_made_meanwhile(world: World) -> None:
    hub = world.hub(readers=PATIENT)
    channel = hub.channel("c", initial={"text": ""})
    codecs = ("json+deflate+dictionary",)
    slow, quick = await world.watcher(codecs=codecs).join(), await world.watcher(codecs=codecs).join()
    for _ in range(130):
        await write(channel, 1)
        await catch_up(world, quick)
    assert quick.subscription.dictionaries
    await catch_up(world, slow)
    assert slow.subscription.dictionaries == quick.subscription.dictionaries
    await write(channel, 3)
    await slow.pump()
    assert slow.document == {"text": "x" * 133}
    assert hub.get_stats().total_resyncs == 0


@on_both_shells
async def test_a_thousand_resyncs_in_a_second_get_three_keyframes_and_one_encoding(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={"text": "x" * 1_000})
    watcher = await world.watcher().join()
    before = hub.get_stats()
    for number in range(1_000):
        await watcher.client.send("sync:resync", {"channel": "c", "request": f"r{number}", "position": None})
        await world.clock.advance(0.001)
    after = hub.get_stats()
    assert 2 <= after.keyframes_sent - before.keyframes_sent <= 3
    assert after.encodings == before.encodings == 1
    assert after.total_resyncs <= 4
    await world.clock.advance(2.0)
    await world.settle()
    answers = [arguments[2]["request"] for _, arguments in watcher.client.take()]
    assert answers[-1] == "r999", "the newest is answered, and no backlog is worked off"
    assert len(answers) <= 4


@on_both_shells
async def test_what_waits_for_its_turn_is_forgotten_with_its_client(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={})
    watcher = await world.watcher().join()
    for number in range(10):
        await watcher.client.send("sync:resync", {"channel": "c", "request": f"r{number}", "position": None})
    watcher.client.disconnect()
    sent = hub.get_stats().keyframes_sent
    await world.clock.advance(5.0)
    await world.settle()
    assert hub.get_stats().keyframes_sent == sent
    assert hub.sessions == 0


@on_both_shells
async def test_garbage_for_an_acknowledgement_is_answered_as_invalid(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={})
    watcher = await world.watcher().join()
    for message in (None, {"channel": "c"}, {"channel": "c", "position": None}, {"channel": 7, "position": ["A", 1]}):
        await watcher.client.send("sync:ack", message)
    assert hub.get_stats().invalid_messages == 4
    for position in (["another", 1], ["another", 0], [hub.channel("c").position.epoch, 2**50]):
        await watcher.client.send("sync:ack", {"channel": "c", "position": position})
    await watcher.client.send("sync:ack", {"channel": "no such", "position": ["A", 1]})
    assert hub.get_stats().invalid_messages == 4
