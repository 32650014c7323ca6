"""Whoever was away for longer than history lasts is told how many events it missed, by one keyframe for all."""

from typing import Any

from realtime_sync.broadcast.stats import Drop
from realtime_sync.limits import HistoryLimits
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

pytestmark = on_both_shells


async def emit(channel: Any, frames: int) -> None:
    """Send frames with two events each."""
    for number in range(frames):
        channel.emit("tick", number)
        channel.emit("tock", number)
        await channel.flush()


async def test_events_older_than_history_are_counted_for_each_who_missed_them(world: World) -> None:
    hub = world.hub(history=HistoryLimits(max_frames=2))
    channel = hub.channel("c", initial={"n": 0})
    early, late = [await world.watcher().join() for _ in range(2)]
    early.leave()
    await emit(channel, 3)
    await late.pump()
    late.leave()
    await emit(channel, 4)
    encodings = hub.get_stats().encodings
    for watcher in (early, late):
        await watcher.come_back()
        assert watcher.status == "live"
        assert watcher.answers[-1]["outcome"] == "keyframe"
    assert early.dropped == 2 * 7
    assert late.dropped == 2 * 4
    assert len(late.events) == 2 * 3, "what it had is not counted"
    assert hub.get_stats().encodings == encodings + 1, "one keyframe for both"
    assert hub.get_stats().dropped[Drop.CATCH_UP] == 2 * 7 + 2 * 4


async def test_a_newcomer_missed_nothing(world: World) -> None:
    channel = world.hub(history=HistoryLimits(max_frames=2)).channel("c", initial={"n": 0})
    await channel.flush()
    await emit(channel, 10)
    newcomer = await world.watcher().join()
    assert newcomer.status == "live"
    assert newcomer.dropped == 0
    assert "dropped" not in newcomer.answers[-1]
