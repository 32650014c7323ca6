"""Counting."""

import sys
import threading
from collections.abc import Iterator

import pytest

from realtime_sync.broadcast.stats import Counters, Drop, ResyncCause, Stats
from tests.broadcast.world import World


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_eight_threads_lose_no_count() -> None:
    counters, start = Counters(), threading.Barrier(8)

    def count() -> None:
        start.wait()
        for _ in range(2_000):
            counters.add(messages=1, encode_s=0.5)
            counters.drop(Drop.QUEUE_FULL, 2)
            counters.resync(ResyncCause.GAP)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = counters.stats()
    assert stats.messages == 16_000
    assert stats.encode_s == 8_000
    assert stats.dropped == {Drop.QUEUE_FULL: 32_000, Drop.CATCH_UP: 0}
    assert stats.total_resyncs == 16_000


def test_what_was_never_counted_is_zero_for_every_cause() -> None:
    assert Counters().stats() == Stats()
    assert set(Stats().resyncs) == set(ResyncCause)


async def test_a_delta_saves_what_the_whole_document_would_have_taken() -> None:
    world = World()
    async with world.hub() as hub:
        channel = hub.channel("c", initial={"text": "x" * 5_000, "number": 0})
        one = await world.watcher().join()
        two = await world.watcher().join()
        keyframe_bytes = hub.get_stats().bytes_sent // 2
        before = hub.get_stats()
        with channel.edit() as doc:
            doc["number"] = 1
        await channel.flush()
        await one.pump()
        await two.pump()
        after = hub.get_stats()
    sent = after.bytes_sent - before.bytes_sent
    assert 0 < sent < 400
    assert after.bytes_saved - before.bytes_saved == 2 * keyframe_bytes - sent
    assert after.encode_s > 0
    assert (after.diffs, after.keyframes, after.frames, after.batches) == (1, 1, 2, 2)


async def test_a_resync_is_counted_by_where_the_subscriber_stood() -> None:
    world = World()
    async with world.hub() as hub:
        channel = hub.channel("c", initial={"n": 0})
        watcher = await world.watcher().join()
        channel.publish({"n": 1})
        await channel.flush()
        epoch = channel.position.epoch
        for position in (None, [epoch, 1], [epoch, 90], ["another", 1]):
            message = {"channel": "c", "request": "r", "position": position}
            await watcher.client.send("sync:resync", message)
            await world.clock.advance(5.0)
        resyncs = hub.get_stats().resyncs
    assert resyncs == {
        ResyncCause.NO_DOCUMENT: 1,
        ResyncCause.GAP: 1,
        ResyncCause.HISTORY_TOO_SHORT: 1,
        ResyncCause.OTHER_EPOCH: 1,
    }


async def test_events_that_a_catch_up_leaves_out_are_counted() -> None:
    from realtime_sync import HistoryLimits

    world = World()
    async with world.hub(history=HistoryLimits(max_catchup_events=2)) as hub:
        channel = hub.channel("c", initial={"n": 0})
        watcher = await world.watcher().join()
        position = watcher.subscription.replica.position
        assert position is not None
        for number in range(5):
            channel.emit("happened", number)
        await channel.flush()
        await watcher.client.send("sync:resync", {"channel": "c", "request": "r", "position": position.to_wire()})
        assert hub.get_stats().dropped == {Drop.QUEUE_FULL: 0, Drop.CATCH_UP: 3}
