"""After `revoke` has returned, nothing that is captured reaches who was revoked: from any thread, under load."""

import asyncio
import functools
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.broadcast.threaded_broadcaster import ThreadedBroadcaster
from realtime_sync.limits import Limits, ReaderLimits
from realtime_sync.testing import MemoryClient, MemoryTransport
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

WRITERS = 8
CLIENTS = 24
CODECS = ("json", "msgpack")
"""In both, text stands in the bytes as it is."""

PATIENT = ReaderLimits(max_unacked_frames=10**6, max_unacked_bytes=2**40)
MARK = re.compile(r"<after (\d+)>")


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def hello(number: int) -> dict[str, Any]:
    codec = CODECS[number % len(CODECS)]
    return {"version": 1, "channel": "c", "request": "1", "codecs": [codec], "position": None}


@attrs.define
class Writing:
    """What eight threads write: how many clients had been revoked when they wrote it.

    Attributes:
        revoked: As many `revoke`s have returned.
        frames: How often a writer has written.
    """

    channel: Any
    revoked: int = 0
    frames: int = 0
    ended: threading.Event = attrs.field(factory=threading.Event)

    def write(self, worker: int, flush: Callable[[], object]) -> None:
        while not self.ended.is_set():
            self.channel.publish(f"<after {self.revoked}>", at=f"/w{worker}")
            self.channel.emit("wrote", f"<after {self.revoked}>")
            flush()
            self.frames += 1

    def wait_for_frames(self, count: int) -> None:
        until = self.frames + count
        while self.frames < until:
            threading.Event().wait(0.001)


def newest_mark(client: MemoryClient) -> int:
    """Return how many had been revoked when the newest thing was written that a client was sent."""
    return max((int(mark) for mark in MARK.findall(repr(client.inbox))), default=-1)


def check(clients: list[MemoryClient], transport: MemoryTransport) -> None:
    for number, client in enumerate(clients):
        assert newest_mark(client) >= 0, "it was sent something before"
        assert newest_mark(client) <= number, f"client {number} was sent what was written after it was revoked"
        outcomes = [arguments[2]["outcome"] for _, arguments in client.inbox if len(arguments) > 2]
        assert outcomes[-1] == "forbidden"
    assert transport.rooms == {}


@pytest.mark.usefixtures("hasty_threads")
def test_on_threads_a_foreign_thread_revokes_while_eight_publish() -> None:
    transport = MemoryTransport()
    hub = ThreadedBroadcaster(transport, authorize=allow_everyone, window_ms=0, readers=PATIENT)
    writing = Writing(hub.channel("c", initial={}))
    clients = [transport.connect() for _ in range(CLIENTS)]
    threads = [
        threading.Thread(target=functools.partial(writing.write, worker, writing.channel.flush))
        for worker in range(WRITERS)
    ]
    for number, client in enumerate(clients):
        client.send_now("sync:subscribe", hello(number))
    for thread in threads:
        thread.start()
    for number, client in enumerate(clients):
        writing.wait_for_frames(4)
        assert hub.revoke(sid=client.sid) == 1
        writing.revoked = number + 1
    writing.wait_for_frames(2 * WRITERS)
    writing.ended.set()
    for thread in threads:
        thread.join()
    hub.close()
    check(clients, transport)


async def test_on_a_loop_a_foreign_thread_revokes_while_eight_publish() -> None:
    transport = MemoryTransport()
    hub = AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=0, readers=PATIENT)
    async with hub:
        writing = Writing(hub.channel("c", initial={}))
        clients = [transport.connect() for _ in range(CLIENTS)]
        for number, client in enumerate(clients):
            await client.send("sync:subscribe", hello(number))
        sent = threading.Event()

        def breathe() -> None:
            sent.wait(0.0005)

        def revoke_all() -> None:
            for number, client in enumerate(clients):
                writing.wait_for_frames(4)
                before = writing.channel.position.offset
                while writing.channel.position.offset < before + 2:
                    breathe()
                assert hub.revoke(sid=client.sid) == 1
                writing.revoked = number + 1
            writing.wait_for_frames(2 * WRITERS)
            writing.ended.set()

        await asyncio.gather(
            asyncio.to_thread(revoke_all),
            *(asyncio.to_thread(writing.write, worker, breathe) for worker in range(WRITERS)),
        )
        await hub.flush_all()
        await asyncio.sleep(0.05)
        check(clients, transport)


@on_both_shells
async def test_one_who_comes_back_and_is_revoked_again_and_again_sees_only_what_it_may(world: World) -> None:
    """Revoked while it watches, while it is parked, while its request waits for its turn."""
    allowed = True
    hub = world.hub(authorize=lambda *_: allowed, readers=ReaderLimits(max_unacked_frames=3))
    channel = hub.channel("c", initial={"n": 0})
    client = world.transport.connect()
    for number in range(1, 30):
        allowed = True
        await world.clock.advance(number % 3)
        await client.send("sync:subscribe", hello(0))
        await world.clock.advance(2)
        for _ in range(number % 6):
            channel.publish({"n": number, "step": channel.position.offset})
            await channel.flush()
        if number % 2:
            await client.send("sync:resync", {"channel": "c", "request": "2", "position": None})
        client.take()
        allowed = False
        assert hub.revoke(sid=client.sid) == 1
        channel.publish({"n": f"canary {number}"})
        channel.emit("happened", f"canary {number}")
        await channel.flush()
        await world.clock.advance(5)
        assert "canary" not in repr(client.take())
        channel.publish({"n": 0})
        await channel.flush()
    assert hub.get_stats().parked == 0
    assert world.transport.rooms == {}


@on_both_shells
async def test_revoking_a_channel_leaves_the_other_channels_of_a_client_alone(world: World) -> None:
    hub = world.hub()
    channels = [hub.channel(name, initial={"of": name}) for name in ("c", "d")]
    watchers = [await world.watcher(name).join() for name in ("c", "d", "c")]
    assert hub.revoke(channel="c") == 2
    for channel in channels:
        channel.publish({"of": "canary"})
        await channel.flush()
    for watcher in watchers:
        await watcher.pump()
    assert [watcher.document for watcher in watchers] == [{"of": "c"}, {"of": "canary"}, {"of": "c"}]
    assert [watcher.status for watcher in watchers] == ["forbidden", "live", "forbidden"]


class Interrupted(MemoryTransport):
    """Lets something happen in the middle of an answer.

    Attributes:
        after_next: Called once, when the next message to one client was delivered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.after_next: Callable[[], object] | None = None

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await super().deliver_to(sid, event, arguments)
        happens, self.after_next = self.after_next, None
        if happens is not None:
            happens()


@pytest.mark.parametrize("max_message_bytes", [2**20, 1_000])
@on_both_shells
async def test_one_who_is_revoked_while_it_is_answered_gets_no_further_part_and_does_not_join(
    world: World, max_message_bytes: int
) -> None:
    world.transport = transport = Interrupted()
    hub = world.hub(limits=Limits(max_message_bytes=max_message_bytes))
    channel = hub.channel("c", initial={"text": "x" * 10_000})
    await world.settle()
    let_in, revoked = await world.watcher().join(), world.watcher()
    assert (len(let_in.frames_bytes) > 1) is (max_message_bytes < 10_000)
    transport.after_next = functools.partial(hub.revoke, sid=revoked.client.sid)
    await revoked.join()
    assert transport.after_next is None
    assert len(revoked.frames_bytes) == 1
    assert (revoked.status, revoked.answers[-1]["outcome"]) == ("forbidden", "forbidden")
    assert hub.get_stats().subscriptions == channel.subscriber_count == 1
    assert {sid for members in transport.rooms.values() for sid in members} == {let_in.client.sid}
