"""Both ends are told of every resync: what was missed, and why; and nobody waits for those who listen."""

from collections.abc import Coroutine
from typing import Any

import pytest

from realtime_sync.broadcast.ports import Job, Subscriber
from realtime_sync.broadcast.resync_reports import MAX_WAITING, ResyncReports
from realtime_sync.broadcast.run_now import run_now
from realtime_sync.broadcast.stats import ResyncCause
from realtime_sync.limits import HistoryLimits, ReaderLimits
from realtime_sync.position import Position
from realtime_sync.replication.replica import State
from realtime_sync.wire.messages import Resync
from tests.broadcast.threaded_world import AwaitedHub, on_both_shells
from tests.broadcast.world import World

LARGE = "y" * 2_000
"""Makes the document larger than a patch."""


class Heard:
    """An application's `on_resync`, and what it was told."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, str, ResyncCause, Position | None, Position]] = []

    def __call__(
        self, channel: str, subscriber: Subscriber, cause: ResyncCause, before: Position | None, after: Position
    ) -> None:
        self.reports.append((channel, subscriber.sid, cause, before, after))

    @property
    def causes(self) -> list[ResyncCause]:
        return [report[2] for report in self.reports]


async def write(channel: Any, count: int) -> None:
    for _ in range(count):
        channel.append_text("/text", "x")
        await channel.flush()


# ---- what is told ----------------------------------------------------------------------------------------------------


@on_both_shells
async def test_both_ends_are_told_of_a_reconnect_with_the_same_positions(world: World) -> None:
    heard = Heard()
    hub = world.hub(on_resync=heard)
    channel = hub.channel("c", initial={"text": "", "other": LARGE})
    watcher = await world.watcher().join()
    assert (heard.reports, watcher.resyncs) == ([], []), "who comes anew is not brought back"
    before = channel.position
    watcher.leave()
    await write(channel, 3)
    await watcher.come_back()
    assert watcher.resyncs == [("reconnect", before, channel.position)]
    assert heard.reports == [("c", watcher.client.sid, ResyncCause.GAP, before, channel.position)]
    watcher.leave()
    await watcher.come_back()
    assert watcher.resyncs[1:] == [("reconnect", channel.position, channel.position)], "nothing was missed"
    assert heard.reports[1:] == [("c", watcher.client.sid, ResyncCause.GAP, channel.position, channel.position)]


@on_both_shells
async def test_the_cause_says_where_it_stood(world: World) -> None:
    heard = Heard()
    hub = world.hub(on_resync=heard, history=HistoryLimits(max_frames=2))
    channel = hub.channel("c", initial={"text": ""})
    watcher = await world.watcher().join()
    before = channel.position
    watcher.leave()
    await write(channel, 5)
    await watcher.come_back()
    await channel.delete("a new beginning")
    await watcher.pump()
    watcher.leave()
    begun_anew = hub.channel("c", initial={"text": "new"})
    await begun_anew.flush()
    await watcher.come_back()
    await watcher.client.send("sync:resync", Resync("c", "doubt", None).to_wire())
    await world.settle()
    assert heard.causes == [ResyncCause.HISTORY_TOO_SHORT, ResyncCause.NO_DOCUMENT, ResyncCause.NO_DOCUMENT]
    assert heard.reports[0][3:] == (before, channel.position)
    assert heard.reports[1][3:] == (None, begun_anew.position), "a channel that was deleted is not held any more"
    assert [reason for reason, *_ in watcher.resyncs] == ["reconnect", "reconnect"]


@on_both_shells
async def test_a_position_of_another_life_is_told_as_such(world: World) -> None:
    heard = Heard()
    hub = world.hub(on_resync=heard)
    channel = hub.channel("c", initial={"text": ""})
    watcher = await world.watcher().join()
    watcher.leave()
    replica = watcher.subscription.replica
    replica.position = stranger = Position("before the restart", 7)
    await watcher.come_back()
    assert heard.reports == [("c", watcher.client.sid, ResyncCause.OTHER_EPOCH, stranger, channel.position)]
    assert replica.state is State.LIVE


@on_both_shells
async def test_one_that_was_parked_is_told_on_both_ends_when_it_missed_something(world: World) -> None:
    heard = Heard()
    readers = ReaderLimits(max_unacked_frames=10, let_go_after_s=10_000)
    hub = world.hub(on_resync=heard, readers=readers)
    channel = hub.channel("c", initial={"text": "", "other": LARGE})
    slow = await world.watcher().join()
    await write(channel, 40)
    for _ in range(3):
        await slow.pump()
        await world.clock.advance(1.5)
        slow.happened += slow.subscription.tick(world.clock.now())
    await slow.pump()
    ((_, sid, cause, before, after),) = heard.reports
    assert (sid, cause, after) == (slow.client.sid, ResyncCause.GAP, channel.position)
    assert slow.resyncs == [("slow", before, after)]


# ---- how it is told --------------------------------------------------------------------------------------------------


@on_both_shells
async def test_no_lock_is_held_while_the_application_is_told(world: World) -> None:
    done: list[int] = []

    def on_resync(name: str, subscriber: Subscriber, *_: Any) -> None:
        hub.channel(name).append_text("/text", "!")
        if isinstance(hub, AwaitedHub):
            hub.channel(name).threaded.flush()  # waits for the send lock
        done.append(hub.revoke(sid=subscriber.sid))

    hub: Any = world.hub(on_resync=on_resync)
    channel = hub.channel("c", initial={"text": ""})
    watcher = await world.watcher().join()
    watcher.leave()
    await watcher.come_back()
    await channel.flush()
    await watcher.pump()
    assert done == [1]
    assert watcher.status == "forbidden"
    assert channel.document == {"text": "!"}


async def test_on_an_event_loop_it_may_wait(world: World) -> None:
    told: list[Position] = []

    async def on_resync(name: str, subscriber: Subscriber, cause: ResyncCause, before: Any, after: Position) -> None:
        await hub.channel(name).flush()
        told.append(after)

    hub = world.hub(on_resync=on_resync)
    channel = hub.channel("c", initial={})
    watcher = await world.watcher().join()
    watcher.leave()
    await watcher.come_back()
    assert told == [channel.position]


@on_both_shells
async def test_what_it_raises_is_logged_and_the_next_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def on_resync(name: str, subscriber: Subscriber, *_: Any) -> None:
        told.append(subscriber.sid)
        raise ZeroDivisionError

    hub = world.hub(on_resync=on_resync)
    hub.channel("c", initial={})
    watcher = await world.watcher().join()
    for _ in range(2):
        watcher.leave()
        await watcher.come_back()
    assert len(told) == 2
    assert watcher.status == "live"
    logged = [record for record in caplog.records if record.message.startswith("on_resync raised for channel 'c'")]
    assert len(logged) == 2


@on_both_shells
async def test_nothing_runs_when_nobody_has_to_be_told(world: World) -> None:
    hub = world.hub(on_resync=Heard())
    hub.channel("c", initial={})
    watcher = await world.watcher().join()
    watcher.leave()
    await watcher.come_back()
    await hub.close()
    assert world.clock.tasks == 0


def test_it_has_to_be_callable() -> None:
    with pytest.raises(TypeError, match="on_resync"):
        World().hub(on_resync="yes")


# ---- one that does not keep up ---------------------------------------------------------------------------------------


class OneJob:
    """Keeps the job that would tell, and whether it ended."""

    def __init__(self) -> None:
        self.begun: list[Coroutine[Any, Any, None]] = []
        self.refuses = False

    def spawn(self, job: Coroutine[Any, Any, None]) -> Job:
        if self.refuses:
            raise RuntimeError("can't start new thread")
        self.begun.append(job)
        return self

    def cancel(self) -> None:
        raise AssertionError("nobody cancels it")

    def done(self) -> bool:
        return False


def report(number: int) -> Any:
    who = Subscriber(id=str(number), sid=str(number), namespace="/", environ={})
    return "c", who, ResyncCause.GAP, Position("A", number + 1), Position("A", number + 2)


def test_what_waits_is_bounded_and_what_is_left_out_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    heard, jobs = Heard(), OneJob()
    reports = ResyncReports(heard, jobs.spawn)
    for number in range(MAX_WAITING + 5):
        reports.add(report(number))
    assert len(jobs.begun) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    run_now(jobs.begun.pop())
    assert [sid for _, sid, *_ in heard.reports] == [str(number) for number in range(MAX_WAITING)]
    reports.add(report(0))
    run_now(jobs.begun.pop())
    assert len(heard.reports) == MAX_WAITING + 1


def test_without_a_thread_to_tell_it_the_report_waits_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    heard, jobs = Heard(), OneJob()
    reports = ResyncReports(heard, jobs.spawn)
    jobs.refuses = True
    reports.add(report(0))
    assert "nobody can call on_resync" in caplog.text
    jobs.refuses = False
    reports.add(report(1))
    run_now(jobs.begun.pop())
    assert [sid for _, sid, *_ in heard.reports] == ["0", "1"]


def test_a_forked_process_tells_nothing_of_its_parents_clients() -> None:
    heard, jobs = Heard(), OneJob()
    reports = ResyncReports(heard, jobs.spawn)
    reports.add(report(0))
    jobs.begun.pop().close()
    reports.begin_in_child()
    reports.add(report(1))
    run_now(jobs.begun.pop())
    assert [sid for _, sid, *_ in heard.reports] == ["1"]
