"""Lossless events through a hub: once to each subscriber, or reported; and the receipts of those who emit them."""

import asyncio
import threading
from typing import Any

import pytest

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.overflow import Overflow
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.errors import ChannelClosed, LogRefused, QueueFull
from realtime_sync.limits import HistoryLimits, ReaderLimits
from realtime_sync.testing import MemoryTransport
from realtime_sync.wire.frames import Delta, Keyframe
from tests.broadcast.threaded_world import ThreadedWorld, on_both_shells
from tests.broadcast.world import World

SHORT = HistoryLimits(max_frames=2)


async def ask(channel: Any, *questions: Any) -> None:
    for question in questions:
        channel.emit("question", question, lossless=True)
        await channel.flush()


# ---- readers ---------------------------------------------------------------------------------------------------------


@on_both_shells
async def test_one_that_was_away_for_longer_than_history_gets_each_once(world: World) -> None:
    hub = world.hub(history=SHORT)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await ask(channel, 1)
    await watcher.pump()
    watcher.leave()
    await ask(channel, *range(2, 30))
    channel.emit("beat", None)
    await channel.flush()
    await watcher.come_back()
    assert [data for name, data in watcher.events if name == "question"] == list(range(1, 30))
    assert watcher.lost == []
    assert watcher.dropped == 1, "the ordinary one"
    assert watcher.answers[-1]["outcome"] == "keyframe"


@on_both_shells
async def test_a_fresh_join_begins_at_the_present(world: World) -> None:
    channel = world.hub(history=SHORT).channel("c", initial={"n": 0})
    await ask(channel, 1, 2, 3)
    watcher = await world.watcher().join()
    await ask(channel, 4)
    await watcher.pump()
    assert watcher.events == [("question", 4)]
    assert watcher.lost == []


@on_both_shells
async def test_what_the_lane_no_longer_has_is_reported_by_number(world: World) -> None:
    hub = world.hub(history=HistoryLimits(max_frames=2, max_lossless_events=2))
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    watcher.leave()
    await ask(channel, 1, 2, 3, 4, 5)
    await watcher.come_back()
    assert watcher.lost == [(1, 3)]
    assert watcher.events == [("question", 4), ("question", 5)]


@on_both_shells
async def test_an_event_older_than_its_bound_is_lost_by_number_and_the_next_one_comes(world: World) -> None:
    hub = world.hub(history=HistoryLimits(max_frames=2, max_lossless_age_s=60))
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    watcher.leave()
    await ask(channel, 1, 2)
    await world.clock.advance(61)
    for number in range(5):
        channel.publish({"n": number})
        await channel.flush()
    await watcher.come_back()
    assert (watcher.lost, watcher.events) == ([(1, 2)], [])
    await ask(channel, 3)
    await watcher.pump()
    assert watcher.events == [("question", 3)]


@on_both_shells
async def test_two_that_missed_different_events_get_keyframes_of_their_own(world: World) -> None:
    """One encoding for each number that readers come back with, and never one for another."""
    hub = world.hub(history=SHORT)
    channel = hub.channel("c", initial={"n": 0})
    watchers = [await world.watcher().join() for _ in range(6)]
    for number, watcher in enumerate(watchers):
        await ask(channel, number)
        for one in watchers:
            await one.pump()
        watcher.leave()
    await ask(channel, "last", *range(10, 14))
    before = hub.get_stats().encodings
    for watcher in watchers:
        await watcher.come_back()
        assert [data for _, data in watcher.events] == [0, 1, 2, 3, 4, 5, "last", 10, 11, 12, 13]
    twins = [await world.watcher().join() for _ in range(3)]
    assert all(twin.events == [] and twin.lost == [] for twin in twins)
    assert hub.get_stats().encodings - before == len(watchers) + 1


@on_both_shells
async def test_a_restart_with_a_log_loses_nothing(world: World) -> None:
    log = MemoryLog()
    first = world.hub(log=log, history=SHORT)
    channel = first.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await ask(channel, 1)
    await watcher.pump()
    watcher.leave()
    await ask(channel, *range(2, 150))  # more than are between two keyframes of the log
    world.transport = MemoryTransport()
    second = world.hub(log=log, history=SHORT)
    await watcher.come_back()
    await ask(second.channel("c"), 150)
    await watcher.pump()
    assert [data for _, data in watcher.events] == list(range(1, 151))
    assert watcher.lost == []


@on_both_shells
async def test_a_restart_without_a_log_is_reported(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await ask(channel, 1, 2)
    await watcher.pump()
    watcher.leave()
    world.transport = MemoryTransport()
    again = world.hub().channel("c", initial={"n": 0})
    await ask(again, "new")
    await watcher.come_back()
    assert watcher.lost == [(3, None)]
    assert watcher.events == [("question", 1), ("question", 2), ("question", "new")]


@on_both_shells
async def test_one_that_waits_gets_with_the_first_document_what_came_since(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c")
    outsider = world.transport.connect()
    await world.transport.enter(outsider.sid, "c")
    await ask(channel, "before")
    watcher = await world.watcher().join()
    assert watcher.status == "waiting"
    await ask(channel, "while it waits")
    channel.publish({"n": 1})
    channel.emit("question", "with it", lossless=True)
    await channel.flush()
    await watcher.pump()
    assert watcher.events == [("question", "while it waits"), ("question", "with it")]
    assert watcher.lost == []
    assert [arguments[0] for _, arguments in outsider.take()] == ["before", "while it waits", "with it"]


@on_both_shells
async def test_one_that_was_parked_gets_them_when_it_comes_back(world: World) -> None:
    hub = world.hub(history=SHORT, readers=ReaderLimits(max_unacked_frames=3, let_go_after_s=10_000))
    channel = hub.channel("c", initial={"n": 0})
    slow = await world.watcher().join()
    await ask(channel, *range(50))
    assert hub.get_stats().parked == 1
    for _ in range(3):
        await slow.pump()
        await world.clock.advance(1.5)
        slow.happened += slow.subscription.tick(world.clock.now())
    await slow.pump()
    assert [data for _, data in slow.events] == list(range(50))
    assert slow.lost == []


@on_both_shells
async def test_a_deleted_channel_says_how_many_there_were(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    await ask(channel, 1, 2)
    await channel.delete("over")
    await watcher.pump()
    assert watcher.lost == []
    assert watcher.frames_bytes[-1]["serial"] == 2


# ---- receipts --------------------------------------------------------------------------------------------------------


class SlowLog(MemoryLog):
    """A log that does not take frames for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        if self.fails:
            raise LogRefused("not now")
        super().append(channel, frame)


def kept(receipt: Receipt | None) -> Receipt:
    assert receipt is not None
    return receipt


@on_both_shells
async def test_a_receipt_is_there_when_the_log_has_the_event_and_not_before(world: World) -> None:
    log = SlowLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    await channel.flush()
    log.fails = True
    receipt = kept(channel.emit("question", 1, lossless=True))
    with pytest.raises(LogRefused):
        await channel.flush()
    assert receipt.serial is None
    log.fails = False
    second = kept(channel.emit("question", 2, lossless=True))
    await channel.flush()
    await channel.flush()
    assert [receipt.serial, second.serial] == [1, 2]


@on_both_shells
async def test_which_events_are_lossless_unless_told_otherwise(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    assert channel.emit("hitl_request", {}) is not None
    assert channel.emit("error_notification", {}) is not None
    assert channel.emit("task_update", {}) is None
    assert channel.emit("hitl_request", {}, lossless=False) is None
    assert channel.emit("hitl_request", {}, key="k") is None
    with pytest.raises(ValueError, match="key"):
        channel.emit("task_update", {}, key="k", lossless=True)


@on_both_shells
async def test_a_hub_passes_on_what_its_channel_returns(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    receipt = kept(hub.emit("question", 1, room="c", lossless=True))
    hub.emit("state", 1, room="c", key="k")
    hub.emit("state", 2, room="c", key="k")
    watcher = await world.watcher().join()
    await channel.flush()
    await watcher.pump()
    assert receipt.serial == 1


async def test_a_receipt_can_be_awaited_by_many_and_one_who_stops_takes_it_from_nobody(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    receipt = kept(channel.emit("question", 1, lossless=True))

    async def wait() -> int:
        return await receipt

    impatient, patient = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await channel.flush()
    assert await patient == await receipt == receipt.serial == 1


async def test_a_receipt_can_be_awaited_in_another_loop_and_waited_for_in_a_thread(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    receipt = kept(channel.emit("question", 1, lossless=True))

    async def wait() -> int:
        return await receipt

    elsewhere = [
        asyncio.ensure_future(asyncio.to_thread(asyncio.run, wait())),
        asyncio.ensure_future(asyncio.to_thread(receipt.wait, 10)),
    ]
    await channel.flush()
    assert await asyncio.gather(*elsewhere) == [1, 1]


async def test_waiting_for_a_receipt_in_the_thread_of_a_loop_is_refused(world: World) -> None:
    receipt = kept(world.hub().channel("c").emit("question", 1, lossless=True))
    with pytest.raises(RuntimeError, match="await"):
        receipt.wait()


def test_a_receipt_that_does_not_come_in_time_may_still_come() -> None:
    receipt = Receipt(threading.Event)
    with pytest.raises(TimeoutError):
        receipt.wait(0)
    receipt.keep(7)
    assert receipt.wait(0) == receipt.serial == 7


@on_both_shells
async def test_receipts_of_a_channel_that_is_deleted_fail(world: World) -> None:
    log = SlowLog()
    channel = world.hub(log=log).channel("c", initial={"n": 0})
    await channel.flush()
    log.fails = True
    receipt = kept(channel.emit("question", 1, lossless=True))
    await channel.delete("over")
    assert receipt.serial is None
    with pytest.raises(ChannelClosed, match="over"):
        await receipt


@on_both_shells
async def test_a_channel_that_is_closed_keeps_what_was_emitted_before(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    receipt = kept(channel.emit("question", 1, lossless=True))
    await channel.close()
    assert receipt.serial == 1


@on_both_shells
async def test_receipts_fail_when_the_hub_closes_and_the_log_takes_nothing(world: World) -> None:
    log = SlowLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    await channel.flush()
    log.fails = True
    receipt = kept(channel.emit("question", 1, lossless=True))
    await hub.close(timeout_s=0.1)
    with pytest.raises(ChannelClosed):
        await receipt


def test_receipts_of_eight_threads_name_their_own_events(threaded_world: ThreadedWorld) -> None:
    channel = threaded_world.hub().channel("c", initial={"n": 0})
    watcher = threaded_world.watcher().join_now()
    receipts: dict[tuple[int, int], Receipt] = {}

    def emit(thread: int) -> None:
        for number in range(50):
            receipts[thread, number] = kept(channel.emit("question", [thread, number], lossless=True))
            if number % 7 == 0:
                channel.flush()

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    channel.flush()
    watcher.pump_now()
    told = [tuple(data) for _, data in watcher.events]
    assert len(told) == 400
    assert [receipts[one].serial for one in told] == list(range(1, 401))


# ---- queues ----------------------------------------------------------------------------------------------------------


@on_both_shells
async def test_a_full_queue_takes_no_further_lossless_event(world: World) -> None:
    channel = world.hub(max_queue_size=2).channel("c", initial={"n": 0})
    await world.watcher().join()
    first = [kept(channel.emit("question", number, lossless=True)) for number in range(2)]
    with pytest.raises(QueueFull):
        channel.emit("question", 2, lossless=True)
    await channel.flush()
    channel.emit("question", 2, lossless=True)
    await channel.flush()
    assert [receipt.serial for receipt in first] == [1, 2]


@on_both_shells
async def test_overflow_can_be_an_error(world: World) -> None:
    channel = world.hub(max_queue_size=1, overflow=Overflow.RAISE).channel("c", initial={"n": 0})
    channel.emit("state", 1, key="k")
    with pytest.raises(QueueFull):
        channel.emit("beat", 2)
    channel.emit("state", 3, key="k")
    watcher = await world.watcher().join()
    await channel.flush()
    await watcher.pump()
    assert watcher.dropped == 0


async def test_overflow_never_blocks_the_thread_of_a_loop(world: World) -> None:
    channel = world.hub(max_queue_size=1, overflow=Overflow.BLOCK).channel("c", initial={"n": 0})
    await channel.flush()
    channel.emit("beat", 1)
    with pytest.raises(QueueFull):
        channel.emit("beat", 2)
    for number in range(2, 5):  # another thread may wait, because the loop goes on
        await asyncio.gather(asyncio.to_thread(channel.emit, "beat", number), channel.flush())
    await channel.flush()
    assert channel.position.offset > 1


def test_overflow_blocks_a_thread_until_there_is_room_and_loses_nothing(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub(max_queue_size=3, overflow=Overflow.BLOCK)
    channel = hub.channel("c", initial={"n": 0})
    with pytest.raises(QueueFull):
        for number in range(4):  # nobody sends before the first client, so nobody would make room
            channel.emit("early", number)
    watcher = threaded_world.watcher().join_now()

    def emit(thread: int) -> None:
        for number in range(30):
            channel.emit("beat", [thread, number])

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        channel.flush()
    channel.flush()
    watcher.pump_now()
    beats = [data for name, data in watcher.events if name == "beat"]
    assert watcher.dropped == 0
    assert sorted(beats) == [[thread, number] for thread in range(4) for number in range(30)]


def test_one_that_waits_for_room_hears_that_the_channel_was_closed(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub(max_queue_size=1, overflow=Overflow.BLOCK)
    channel = hub.channel("c", initial={"n": 0})
    channel.flush()
    channel.lock.acquire()  # the worker cannot take what waits
    channel.emit("beat", 1)
    problems: list[BaseException] = []
    begun = threading.Event()

    def emit() -> None:
        begun.set()
        try:
            channel.emit("beat", 2)
        except ChannelClosed as error:
            problems.append(error)

    thread = threading.Thread(target=emit)
    thread.start()
    begun.wait()
    channel.refuse_captures("over")
    channel.lock.release()
    thread.join()
    assert [str(problem) for problem in problems] == ["channel 'c' is closed: over"]
    channel.accept_captures()


@on_both_shells
async def test_a_channel_can_collect_for_longer_than_others(world: World) -> None:
    hub = world.hub(window_ms=50)
    slow, usual = hub.channel("slow", initial={"n": 0}, window_ms=1_000), hub.channel("usual", initial={"n": 0})
    for channel in (slow, usual):
        await channel.flush()
    await world.clock.advance(5)
    for number in range(40):
        for channel in (slow, usual):
            channel.publish({"n": number})
            channel.emit("state", number, key="k")
        await world.clock.advance(0.05)
    assert usual.position.offset > 30
    assert 2 <= slow.position.offset <= 5
    hub.channel("slow", window_ms=0)
    before = slow.position.offset
    for number in range(5):
        slow.publish({"m": number})
        await world.clock.advance(1.1 if number == 0 else 0.01)
    assert slow.position.offset - before >= 5
    with pytest.raises(ValueError, match="window_ms"):
        hub.channel("slow", window_ms=-1)
