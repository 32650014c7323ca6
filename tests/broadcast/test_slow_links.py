"""A link is too slow when little moves on it, never because a document is large."""

from typing import Any

import orjson

from realtime_sync.limits import HistoryLimits, ReaderLimits
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Subscription
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

MIB = 2**20
A_MINUTE_A_MIB = MIB / 60
"""Bytes a second of the slowest link that is not too slow, under default limits."""

LARGE = {"text": "", "other": "y" * (5 * MIB)}


class SlowClient:
    """A client whose messages arrive one after the other, at so many bytes a second.

    Attributes:
        bytes_a_second: How fast; may change.
        subscriptions: What it watches, by channel.
        to_spoil: So many of the next messages arrive as garbage.
    """

    def __init__(self, world: World, bytes_a_second: float, *channels: str) -> None:
        self.bytes_a_second = bytes_a_second
        self.subscriptions = {name: Subscription(name, ("json",), Replica(uniform=lambda: 0.0)) for name in channels}
        self.to_spoil = 0
        self._world, self._client = world, world.transport.connect()
        self._arrived_bytes = 0.0  # of the message that is arriving
        self._next_bytes: int | None = None

    @property
    def waiting(self) -> int:
        """Messages that are on their way to it."""
        return len(self._client.inbox)

    async def join(self, *channels: str) -> None:
        for channel in channels:
            subscription = self.subscriptions[channel]
            subscription.connected(self._world.clock.now())
            await self._client.send_all(subscription.outgoing())

    async def reopen(self, channel: str) -> None:
        """Close a channel, and open it again on the same connection."""
        before = self.subscriptions[channel]
        before.unsubscribe()
        await self._client.send_all(before.outgoing())
        self.subscriptions[channel] = Subscription(channel, before.codecs, Replica(uniform=lambda: 0.0))
        await self.join(channel)

    async def live(self, seconds: int, *writing: Any, frames_a_second: int = 0) -> None:
        """Let time pass, in which channels are written and messages arrive."""
        for _ in range(seconds):
            for channel in writing:
                for _ in range(frames_a_second):
                    channel.append_text("/text", "x")
                    await channel.flush()
            await self._world.clock.advance(1.0)
            if self.bytes_a_second:
                await self._read()

    async def _read(self) -> None:
        now, inbox = self._world.clock.now(), self._client.inbox
        self._arrived_bytes += self.bytes_a_second
        taken = 0
        while taken < len(inbox):
            channel, body, *answer = inbox[taken][1]
            if self._next_bytes is None:
                self._next_bytes = len(orjson.dumps(body))
            if self._next_bytes > self._arrived_bytes:
                break
            self._arrived_bytes -= self._next_bytes
            self._next_bytes = None
            taken += 1
            if self.to_spoil:
                self.to_spoil -= 1
                body = {"type": "garbage"}
            self.subscriptions[channel].receive(body, answer[0] if answer else None, now)
        del inbox[:taken]
        if not inbox:
            self._arrived_bytes = 0.0
        for subscription in self.subscriptions.values():
            subscription.tick(now)
            await self._client.send_all(subscription.outgoing())


@on_both_shells
async def test_a_document_of_5_mib_reaches_a_link_of_one_a_minute_while_it_is_written(world: World) -> None:
    hub = world.hub(history=HistoryLimits(max_frames=10_000))
    channel = hub.channel("c", initial=LARGE)
    client = SlowClient(world, 1.02 * A_MINUTE_A_MIB, "c")
    await client.join("c")
    await client.live(290, channel, frames_a_second=8)
    stats = hub.get_stats()
    assert (stats.let_go, stats.keyframes_sent) == (0, 1), "it has asked again and again meanwhile"
    assert stats.parked == 1, "more frames wait for it than fit behind a document of that size"
    await client.live(50, channel, frames_a_second=8)
    await client.live(10)
    assert client.subscriptions["c"].status.value == "live"
    assert client.subscriptions["c"].replica.document == channel.document
    stats = hub.get_stats()
    assert (stats.let_go, stats.parked, stats.keyframes_sent, stats.patches_sent) == (0, 0, 1, 1)


@on_both_shells
async def test_a_large_frame_in_the_middle_reaches_it_as_well(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"text": "", "other": ""})
    client = SlowClient(world, 1.1 * A_MINUTE_A_MIB, "c")
    await client.join("c")
    await client.live(5, channel, frames_a_second=2)
    channel.publish(LARGE["other"], at="/other")
    await client.live(300, channel, frames_a_second=2)
    await client.live(10)
    assert client.subscriptions["c"].replica.document == channel.document
    assert (hub.get_stats().let_go, hub.get_stats().parked) == (0, 0)


@on_both_shells
async def test_one_on_whose_link_nothing_moves_any_more_is_let_go_when_that_is_sure(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial=LARGE)
    client = SlowClient(world, 2 * A_MINUTE_A_MIB, "c")
    await client.join("c")
    await client.live(100, channel, frames_a_second=20)
    assert hub.get_stats().parked == 1
    client.bytes_a_second = 0
    await client.live(270, channel, frames_a_second=1)
    assert hub.get_stats().let_go == 0, "5 MiB may take 5 minutes"
    await client.live(30, channel, frames_a_second=1)
    assert (hub.get_stats().let_go, hub.get_stats().parked, channel.subscriber_count) == (1, 0, 0)
    waiting = client.waiting
    await client.live(100, channel, frames_a_second=1)
    assert client.waiting == waiting, "nothing more is sent to it"


@on_both_shells
async def test_a_small_channel_behind_a_large_document_has_its_time_too(world: World) -> None:
    hub = world.hub()
    channels = [hub.channel("large", initial=LARGE), hub.channel("small", initial={"text": ""})]
    client = SlowClient(world, 3 * A_MINUTE_A_MIB, "large", "small")
    await client.join("small")
    await client.live(3)
    await client.join("large")
    await client.live(95, channels[1], frames_a_second=20)
    assert hub.get_stats().parked == 1, "its frames wait behind the document"
    await client.live(30)
    documents = [subscription.replica.document for subscription in client.subscriptions.values()]
    assert documents == [channel.document for channel in channels]
    assert (hub.get_stats().let_go, hub.get_stats().parked) == (0, 0)


@on_both_shells
async def test_a_large_document_behind_another_is_sent_once(world: World) -> None:
    hub = world.hub()
    for name in ("first", "second", "third"):
        hub.channel(name, initial={"text": "z" * MIB})
    client = SlowClient(world, 1.1 * A_MINUTE_A_MIB, "first", "second", "third")
    await client.join(*client.subscriptions)
    await client.live(180)
    assert [subscription.status.value for subscription in client.subscriptions.values()] == ["live"] * 3
    assert hub.get_stats().keyframes_sent == 3


@on_both_shells
async def test_small_documents_behind_a_large_one_are_sent_once(world: World) -> None:
    hub = world.hub()
    channels = [hub.channel(name, initial=LARGE if name == "large" else {"text": ""}) for name in ("large", "a", "b")]
    client = SlowClient(world, 2 * A_MINUTE_A_MIB, "large", "a", "b")
    await client.join(*client.subscriptions)
    await client.live(140, channels[1], frames_a_second=5)
    await client.live(30)
    assert [subscription.replica.document for subscription in client.subscriptions.values()] == [
        channel.document for channel in channels
    ]
    stats = hub.get_stats()
    assert (stats.keyframes_sent, stats.let_go, stats.parked) == (3, 0, 0)


@on_both_shells
async def test_a_large_document_that_was_garbled_comes_again_when_it_would_have_on_the_slowest_link(
    world: World,
) -> None:
    hub = world.hub()
    hub.channel("c", initial={"text": "z" * MIB})
    client = SlowClient(world, 10 * MIB, "c")
    client.to_spoil = 1
    await client.join("c")
    await client.live(60)
    assert client.subscriptions["c"].status.value == "empty"
    assert hub.get_stats().keyframes_sent == 1
    await client.live(31)
    assert client.subscriptions["c"].status.value == "live"
    assert hub.get_stats().keyframes_sent == 2


@on_both_shells
async def test_one_that_closes_a_channel_and_opens_it_again_is_answered_at_once(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"text": "z" * MIB})
    client = SlowClient(world, 2 * A_MINUTE_A_MIB, "c")
    await client.join("c")
    await client.live(5)
    await client.reopen("c")
    assert (hub.get_stats().keyframes_sent, channel.subscriber_count) == (2, 1)
    await client.live(70, channel, frames_a_second=2)
    await client.live(5)
    assert client.subscriptions["c"].replica.document == channel.document
    assert (hub.get_stats().keyframes_sent, hub.get_stats().let_go) == (2, 0)


@on_both_shells
async def test_a_link_that_is_too_slow_is_let_go(world: World) -> None:
    hub = world.hub(readers=ReaderLimits(max_unacked_frames=20))
    channel = hub.channel("c", initial=LARGE)
    client = SlowClient(world, 0.5 * A_MINUTE_A_MIB, "c")
    await client.join("c")
    await client.live(60, channel, frames_a_second=3)
    client.subscriptions["c"].replica.deadline = None  # it has the patience not to ask
    await client.live(330)
    assert hub.get_stats().let_go == 1
