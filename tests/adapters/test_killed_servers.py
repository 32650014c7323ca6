"""Servers that are killed and connections that are cut, under load: nobody is shown as live what was never true."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import attrs
import pytest

from realtime_sync.client import AsyncSyncClient, Status, SyncClient, SyncWatchedChannel, WatchedChannel
from tests.adapters.spawned import SERVERS, SOON, WORKERS, ServerProcess, Watcher
from tests.adapters.wire import Wire
from tests.client.test_sync_client import hasty_sio
from tests.servers import eventually

CHANNEL = "project_42"
EVERY_SERVER = pytest.mark.parametrize("options", SERVERS.values(), ids=list(SERVERS))
LOAD = {"edits": 100_000, "pause_s": 0.005}
"""Some hundred edits, events and messages with bytes in a second, for longer than a test lasts."""

Moment = tuple[int, int]
"""How far a document is: (life of the server, words written in it)."""


def moment_of(document: dict[str, Any]) -> Moment:
    """Return which moment a document shows.

    A worker first sets its own member to a number, and then appends its name and the number to `shared`: what no server
    ever held shows in the one or the other.

    Raises:
        AssertionError: The document was never true.
    """
    written: dict[int, int] = dict.fromkeys(range(WORKERS), 0)
    words = document["shared"].split()
    for word in words:
        worker, number = map(int, word.split(":"))
        assert number == written[worker], f"{word} comes after {written[worker]} words of this worker"
        written[worker] += 1
    for worker, count in written.items():
        assert document.get(f"w{worker}", -1) in (count - 1, count), f"worker {worker} has written {count} words"
    return document["life"], len(words)


@attrs.define
class Eyewitness:
    """Looks at everything that a client shows as live.

    Attributes:
        watched: The channel.
        seen: How many documents it saw.
        seen_since_cut: Of these, since it was offline.
        cuts: How often it was offline.
        newest: The moment of the last one.
        wrong: What was never true, or was true before another one that it had seen.
    """

    watched: WatchedChannel | SyncWatchedChannel
    seen: int = 0
    seen_since_cut: int = 0
    cuts: int = 0
    newest: Moment = (0, 0)
    wrong: list[str] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.watched.subscribe(self.look)

    def look(self) -> None:
        status = self.watched.status
        if status is Status.OFFLINE and self.seen_since_cut > 0:
            self.cuts, self.seen_since_cut = self.cuts + 1, 0
        if status is not Status.LIVE:
            return
        self.seen += 1
        self.seen_since_cut += 1
        try:
            moment = moment_of(self.watched.document)
        except AssertionError as error:
            self.wrong.append(str(error))
            return
        if moment < self.newest:
            self.wrong.append(f"{moment} after {self.newest}")
        self.newest = moment

    @property
    def epoch(self) -> str:
        assert self.watched.position is not None
        return self.watched.position.epoch


async def open_channel(author: Watcher, life: int) -> None:
    await author.tell("open", channel=CHANNEL, document={"life": life, "shared": ""})


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[list[Eyewitness]]:
    """Clients of both kinds and of several codecs, that come back by themselves."""
    async with AsyncExitStack() as stack:
        witnesses = []
        for codec in ("json", "msgpack+zstd", "msgpack+zstd+dictionary"):
            client = AsyncSyncClient(url, transports=["websocket"], backoff=SOON, codecs=(codec,))
            await stack.enter_async_context(client)
            witnesses.append(Eyewitness(await client.channel(CHANNEL).ready()))
        threaded = SyncClient(url, transports=["websocket"], backoff=SOON, sio=hasty_sio())
        await asyncio.to_thread(threaded.connect)
        stack.push_async_callback(asyncio.to_thread, threaded.close)
        witnesses.append(Eyewitness(await asyncio.to_thread(threaded.channel(CHANNEL).ready, 10)))
        yield witnesses


def all_are(witnesses: list[Eyewitness], status: Status) -> bool:
    return all(witness.watched.status is status for witness in witnesses)


def all_show(witnesses: list[Eyewitness], document: Any) -> bool:
    return all_are(witnesses, Status.LIVE) and all(witness.watched.document == document for witness in witnesses)


@EVERY_SERVER
async def test_a_server_killed_under_load_is_followed_into_its_next_epoch(options: dict[str, Any]) -> None:
    with ServerProcess(**options) as server:
        async with server.client() as control:
            author = Watcher(control, CHANNEL)
            await open_channel(author, life=1)
            async with crowd(server.url) as witnesses:
                first_epochs = {witness.epoch for witness in witnesses}
                load = asyncio.ensure_future(author.tell("work", channel=CHANNEL, **LOAD))
                await eventually(lambda: all(witness.seen > 10 for witness in witnesses))
                server.kill()
                await eventually(lambda: all_are(witnesses, Status.OFFLINE))
                load.cancel()
                for witness in witnesses:
                    assert witness.newest > (1, 0), "it was killed in the middle of its work"
                    witness.newest = (2, 0)  # from here on the first life is the past
                server.start()
                await eventually(lambda: control.connected)
                await open_channel(author, life=2)
                result = await author.tell("work", channel=CHANNEL, edits=40)
                await eventually(lambda: all_show(witnesses, result["document"]))
                assert result["document"]["life"] == 2
                assert [witness.wrong for witness in witnesses] == [[]] * len(witnesses)
                assert first_epochs.isdisjoint(witness.epoch for witness in witnesses)
                assert len({witness.watched.position for witness in witnesses}) == 1


@EVERY_SERVER
async def test_clients_that_are_cut_again_and_again_under_load_are_right_each_time(options: dict[str, Any]) -> None:
    with ServerProcess(**options) as server:
        async with server.client() as control, Wire(server.port) as wire:
            author = Watcher(control, CHANNEL)
            await open_channel(author, life=1)
            async with crowd(wire.url) as witnesses:
                load = asyncio.ensure_future(author.tell("work", channel=CHANNEL, **LOAD))
                for cut in range(5):
                    for witness in witnesses:
                        await eventually(lambda witness=witness: witness.seen_since_cut > 0)
                    assert wire.cut() >= len(witnesses)
                    for witness in witnesses:
                        await eventually(lambda witness=witness, cut=cut: witness.cuts > cut)
                assert not load.done()
                await author.tell("halt")
                result = await load
                await eventually(lambda: all_show(witnesses, result["document"]))
                assert [witness.wrong for witness in witnesses] == [[]] * len(witnesses)
