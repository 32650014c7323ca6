"""Closing, deleting and revoking when what they need fails, or when another thread comes between two steps."""

import threading
from typing import Any

import pytest

from realtime_sync.broadcast.entrance import Entrance
from realtime_sync.broadcast.membership import Membership
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.errors import ChannelClosed
from realtime_sync.position import Position
from realtime_sync.testing import MemoryTransport
from realtime_sync.wire.frames import Delta, Keyframe
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World


class FailingLog(MemoryLog):
    """A log that is away as long as a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False

    def append(self, channel: str, frame: Keyframe | Delta) -> None:
        self._check()
        super().append(channel, frame)

    def delete(self, channel: str) -> None:
        self._check()
        super().delete(channel)

    def _check(self) -> None:
        if self.is_away:
            raise OSError("the log is away")


@on_both_shells
async def test_a_close_that_fails_leaves_the_channel_open_and_can_be_repeated(world: World) -> None:
    log = FailingLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    log.is_away = True
    channel.publish({"n": 1})
    with pytest.raises(OSError, match="away"):
        await channel.close()
    hub.channel("c").publish({"n": 2})
    assert hub.channel("c") == channel
    log.is_away = False
    await channel.close("later")
    await watcher.pump()
    assert watcher.document == {"n": 2}
    assert watcher.subscription.replica.closed_reason == "later"
    with pytest.raises(ChannelClosed, match="later"):
        channel.publish({"n": 3})
    assert hub.channel("c").document == {"n": 2}


@on_both_shells
async def test_a_delete_that_fails_forgets_nothing_and_those_who_were_told_are_out(world: World) -> None:
    log = FailingLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    log.is_away = True
    with pytest.raises(OSError, match="away"):
        await channel.delete("erased")
    await watcher.pump()
    assert watcher.status == "closed"
    assert (channel.subscriber_count, world.transport.rooms) == (0, {})
    log.is_away = False
    channel.publish({"n": 1})
    await channel.flush()
    assert log.read_after("c", Position(channel.position.epoch, 1)) != []
    await watcher.join()
    assert (watcher.status, watcher.document) == ("live", {"n": 1})
    await channel.delete("erased")
    assert log.load_keyframe("c") is None


class FailsForBytes(MemoryTransport):
    """It cannot send bytes as long as a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    async def deliver(self, room: str, event: str, arguments: tuple[Any, ...], **options: Any) -> None:
        if self.fails and isinstance(arguments[1], bytes):
            raise OSError("no bytes")
        await super().deliver(room, event, arguments, **options)


@on_both_shells
async def test_when_some_could_not_be_told_of_the_end_they_go_on_and_hear_of_it_next_time(world: World) -> None:
    world.transport = transport = FailsForBytes()
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    text, binary = await world.watcher().join(), await world.watcher(codecs=("msgpack",)).join()
    transport.fails = True
    with pytest.raises(OSError, match="no bytes"):
        await channel.close()
    transport.fails = False
    channel.publish({"n": 1})
    await channel.flush()
    for watcher in (text, binary):
        await watcher.pump()
    assert (text.status, binary.status, binary.document) == ("closed", "live", {"n": 1})
    await channel.close()
    await binary.pump()
    assert binary.status == "closed"


@on_both_shells
async def test_a_close_that_fails_while_the_broadcaster_closes_does_not_open_the_channel(world: World) -> None:
    log = FailingLog()
    hub = world.hub(log=log)
    channel = hub.channel("c", initial={"n": 0})
    log.is_away = True
    await hub.close()
    with pytest.raises(OSError, match="away"):
        await channel.close()
    with pytest.raises(ChannelClosed, match="broadcaster"):
        channel.publish({"n": 1})


# ---- revoking --------------------------------------------------------------------------------------------------------


@on_both_shells
async def test_a_revoked_client_that_could_not_be_told_is_told_again(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    world.transport.failure = OSError("the network is away")
    assert hub.revoke(sid=watcher.client.sid) == 1
    await world.clock.advance(5)
    await watcher.pump()
    assert watcher.status == "live", "it could not be told"
    world.transport.failure = None
    await world.clock.advance(20)
    await watcher.pump()
    assert watcher.status == "forbidden"
    assert [answer["outcome"] for answer in watcher.answers] == ["keyframe", "forbidden"]


@on_both_shells
@pytest.mark.parametrize("what", ["asked again", "left"])
async def test_a_revoked_client_is_not_told_any_more_when_it_asked_again_or_left(world: World, what: str) -> None:
    hub = world.hub()
    hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    world.transport.failure = OSError("the network is away")
    hub.revoke(sid=watcher.client.sid)
    await world.clock.advance(1)
    world.transport.failure = None
    if what == "asked again":
        await watcher.join()
        assert watcher.status == "live"
    else:
        watcher.client.disconnect()
    await world.clock.advance(60)
    await watcher.pump()
    assert "forbidden" not in [answer["outcome"] for answer in watcher.answers]
    await hub.close()
    await world.settle()
    assert world.clock.tasks == 0


@on_both_shells
@pytest.mark.parametrize("step", ["deliver", "join", "enter", "after enter"])
async def test_a_foreign_thread_that_revokes_between_two_steps_of_an_admission_is_obeyed(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = world.watcher()
    enter = MemoryTransport.enter

    def revoke() -> None:
        thread = threading.Thread(target=hub.revoke, kwargs={"sid": watcher.client.sid})
        thread.start()
        thread.join()

    async def revoke_around_enter(self: MemoryTransport, sid: str, room: str) -> None:
        if step == "enter":
            revoke()
        await enter(self, sid, room)
        if step == "after enter":
            revoke()

    if step in ("enter", "after enter"):
        monkeypatch.setattr(MemoryTransport, "enter", revoke_around_enter)
    else:
        owner, name = {"deliver": (Entrance, "_deliver"), "join": (Membership, "join")}[step]
        original = getattr(owner, name)

        def revoke_first(self: Any, *arguments: Any, **options: Any) -> Any:
            revoke()
            return original(self, *arguments, **options)

        monkeypatch.setattr(owner, name, revoke_first)
    await watcher.join()
    channel.publish({"n": "canary"})
    await channel.flush()
    await watcher.pump()
    assert "canary" not in repr(watcher.frames_bytes)
    assert watcher.status == "forbidden"
    assert (channel.subscriber_count, hub.get_stats().subscriptions) == (0, 0)
    assert world.transport.rooms == {}


@on_both_shells
async def test_after_a_close_that_could_not_send_all_nothing_begins_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    world.transport.failure = OSError("the network is away")
    channel.publish({"n": 1})
    await hub.close()
    assert "unsent changes in channels ['c']" in caplog.text
    assert hub.revoke(sid=watcher.client.sid) == 1
    called: list[int] = []
    channel.watch(lambda: called.append(1))
    with pytest.raises(OSError, match="away"):
        await channel.flush()
    await world.clock.advance(60)
    assert (world.clock.tasks, called) == (0, [])
