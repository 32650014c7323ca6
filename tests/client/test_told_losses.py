"""What Python's clients and their servers tell of losses and of resyncs, after real cuts."""

import asyncio
import threading
from typing import Any

import realtime_sync as rs
from realtime_sync.client import Status
from tests.client import test_async_client as on_asyncio
from tests.client import test_sync_client as on_threads
from tests.servers import eventually, serving

SHORT = rs.HistoryLimits(max_frames=2, max_catchup_events=1, max_lossless_events=2)


class Told:
    """What an application hears of one channel, name by name."""

    def __init__(self, watched: Any) -> None:
        self.questions: list[Any] = []
        self.beats: list[Any] = []
        self.dropped: list[int] = []
        self.lost: list[rs.EventsLost] = []
        self.resyncs: list[rs.Resynced] = []
        watched.on("question", self.questions.append)
        watched.on("beat", self.beats.append)
        watched.on("sync:dropped", self.dropped.append)
        watched.on("sync:lost", self.lost.append)
        watched.on("sync:resync", self.resyncs.append)


def emit(channel: Any, number: int) -> None:
    channel.emit("question", number, lossless=True)
    channel.emit("beat", number)


def check_cut(told: Told, watched: Any, before: rs.Position, after: rs.Position) -> None:
    """Of 1 to 9 the first was heard, and then the connection was away for longer than the server remembers."""
    assert told.questions == [1, 8, 9]
    assert told.lost == [rs.EventsLost(before.epoch, 2, 7)]
    assert watched.lost_events == 6
    assert len(told.beats) + sum(told.dropped) == 9
    assert told.beats[0] == 1
    assert watched.dropped_events == sum(told.dropped) > 0
    assert told.resyncs == [rs.Resynced(rs.ResyncReason.RECONNECT, before, after)]


def check_server(reports: list[tuple[Any, ...]], before: rs.Position, after: rs.Position) -> None:
    ((channel, subscriber, cause, *positions),) = reports
    assert (channel, cause) == ("c", rs.ResyncCause.HISTORY_TOO_SHORT)
    assert isinstance(subscriber, rs.Subscriber)
    assert positions == [before, after], "what the client is told"


def check_restart(told: Told, watched: Any, before: rs.Position, after: rs.Position) -> None:
    """The server began anew after the first question, and asked another one."""
    assert told.questions == [1, "in a new life"]
    assert told.lost == [rs.EventsLost(before.epoch, 2, None)]
    assert watched.lost_events == 1, "at least"
    assert told.resyncs == [rs.Resynced(rs.ResyncReason.RECONNECT, before, after)]
    assert before.epoch != after.epoch


async def test_on_asyncio_a_cut_longer_than_history_is_told_by_numbers() -> None:
    may_join = asyncio.Event()
    may_join.set()

    async def authorize(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
        await may_join.wait()
        return True

    reports: list[tuple[Any, ...]] = []

    async def on_resync(*report: Any) -> None:
        reports.append(report)

    _, hub, app = on_asyncio.served({"n": 0}, history=SHORT, authorize=authorize, on_resync=on_resync)
    async with hub, serving(app) as server, on_asyncio.client_of(server.url) as client:
        watched, channel = await client.channel("c").ready(), hub.channel("c")
        told = Told(watched)
        emit(channel, 1)
        await eventually(lambda: told.questions and told.beats)
        before = channel.position
        may_join.clear()
        await client.sio.eio.disconnect(abort=True)
        for number in range(2, 10):
            emit(channel, number)
            await channel.flush()
        may_join.set()
        await eventually(lambda: told.resyncs and reports)
        check_cut(told, watched, before, channel.position)
        check_server(reports, before, channel.position)


def test_on_threads_a_cut_longer_than_history_is_told_by_numbers() -> None:
    may_join = threading.Event()
    may_join.set()

    def authorize(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
        return may_join.wait(20)

    reports: list[tuple[Any, ...]] = []

    def on_resync(*report: Any) -> None:
        reports.append(report)

    options: dict[str, Any] = {"history": SHORT, "authorize": authorize, "on_resync": on_resync}
    with (
        on_threads.served({"c": {"n": 0}}, **options) as server,
        on_threads.client_of(server.url) as client,
    ):
        watched, channel = client.channel("c").ready(10), server.hub.channel("c")
        told = Told(watched)
        emit(channel, 1)
        on_threads.eventually(lambda: bool(told.questions and told.beats))
        before = channel.position
        may_join.clear()
        server.cut()
        on_threads.eventually(lambda: watched.status is not Status.LIVE)
        for number in range(2, 10):
            emit(channel, number)
            channel.flush()
        may_join.set()
        on_threads.eventually(lambda: bool(told.resyncs and reports))
        check_cut(told, watched, before, channel.position)
        check_server(reports, before, channel.position)


async def test_on_asyncio_a_restart_without_a_log_says_that_nobody_knows_what_was_lost() -> None:
    _, hub, app = on_asyncio.served({"n": 0})
    async with hub, serving(app) as server:
        port, client = server.port, on_asyncio.client_of(server.url)
        await client.connect()
        watched, channel = await client.channel("c").ready(), hub.channel("c")
        told = Told(watched)
        emit(channel, 1)
        await eventually(lambda: told.questions and told.beats)
        before = channel.position
    _, hub, app = on_asyncio.served({"n": 1})
    hub.channel("c").emit("question", "in a new life", lossless=True)
    async with hub, serving(app, port):
        await eventually(lambda: told.resyncs)
        check_restart(told, watched, before, hub.channel("c").position)
        await client.close()


def test_on_threads_a_restart_without_a_log_says_that_nobody_knows_what_was_lost() -> None:
    with on_threads.served({"c": {"n": 0}}) as server:
        client = on_threads.client_of(server.url)
        client.connect()
        watched, channel = client.channel("c").ready(10), server.hub.channel("c")
        told = Told(watched)
        emit(channel, 1)
        on_threads.eventually(lambda: bool(told.questions and told.beats))
        before = channel.position
    port = int(server.url.rpartition(":")[2])
    may_join = threading.Event()

    def authorize(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
        return may_join.wait(20)

    with on_threads.served({"c": {"n": 1}}, port, authorize=authorize) as server:
        server.hub.channel("c").emit("question", "in a new life", lossless=True)
        server.hub.channel("c").flush()
        may_join.set()
        on_threads.eventually(lambda: bool(told.resyncs))
        check_restart(told, watched, before, server.hub.channel("c").position)
        client.close()
