"""Dictionaries from the first live delta to all who watch: made, sent once, named, renewed, lost and found."""

from typing import Any

import pytest

from realtime_sync.broadcast.ports import allow_everyone
from realtime_sync.limits import ReaderLimits
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.dictionary import is_dictionary_body, uses_dictionary
from realtime_sync.wire.training import ENOUGH_SAMPLES, TRIAL_DELTAS, WATCHED_DELTAS, WATCHED_EVERY
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import Watcher, World

CODECS = [name for name in available_codecs() if uses_dictionary(get_codec(name))]
TRAINED = ENOUGH_SAMPLES + TRIAL_DELTAS
"""Deltas after which there is a dictionary."""

WINDOW = WATCHED_EVERY * WATCHED_DELTAS
"""Deltas after which a trainer looks whether its dictionary still pays."""


class Writer:
    """Writes into a channel as an agent server does."""

    def __init__(self, channel: Any, word: str = "node") -> None:
        self.channel, self.word = channel, word
        self.written = 0
        channel.publish(
            {f"all_{word}s": {f"{word}_{number}": {"status": "RUNNING", "text": "", "step": 0} for number in range(5)}}
        )

    async def write(self, deltas: int) -> None:
        """Make and flush so many deltas."""
        for _ in range(deltas):
            self.written += 1
            with self.channel.edit() as doc:
                one = doc[f"all_{self.word}s"][f"{self.word}_{self.written % 5}"]
                one["text"] += f" token {self.written * 7919 % 104729}"
                one["status"] = ("RUNNING", "DONE")[self.written % 2]
                one["step"] = self.written
            await self.channel.flush()


def dictionaries_in(watcher: Watcher) -> list[dict[str, Any]]:
    return [body for body in watcher.frames_bytes if is_dictionary_body(body)]


def uses(body: Any) -> str | None:
    """Return the id of the dictionary that a body needs."""
    return body[1:5].hex() if isinstance(body, bytes) and body[0] == 2 else None


async def reconnect(watcher: Watcher) -> None:
    """Let a watcher that went away come back on a new connection."""
    watcher.client = watcher.world.transport.connect()
    await watcher.join()


def go_away(watcher: Watcher) -> None:
    watcher.client.disconnect()
    watcher.subscription.disconnected()


@on_both_shells
@pytest.mark.parametrize("codec", CODECS)
async def test_it_is_sent_to_the_room_before_the_first_delta_that_needs_it(world: World, codec: str) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    watchers = [await world.watcher(codecs=(codec,)).join() for _ in range(3)]
    before = hub.get_stats()
    await writer.write(TRAINED + 20)
    after = hub.get_stats()
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == channel.document
        assert watcher.status == "live"
        [dictionary] = dictionaries_in(watcher)
        needed = [uses(body) for body in watcher.frames_bytes]
        place = watcher.frames_bytes.index(dictionary)
        assert not any(needed[: place + 1])
        assert set(needed[place + 1 :]) == {dictionary["id"]}
        plain, packed = len(watcher.frames_bytes[place - 1]), len(watcher.frames_bytes[-1])
        assert packed < plain * 0.75
    assert after.encodings - before.encodings == TRAINED + 20, "one a delta"
    assert after.dictionary_bytes == 3 * len(dictionary["data"])
    assert after.total_resyncs == 0


@on_both_shells
@pytest.mark.parametrize("codec", CODECS)
async def test_a_joiner_gets_it_first_unless_it_names_it(world: World, codec: str) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    early = await world.watcher(codecs=(codec,)).join()
    await writer.write(TRAINED)
    late = await world.watcher(codecs=(codec,)).join()
    assert is_dictionary_body(late.frames_bytes[0])
    assert uses(late.frames_bytes[1]) is None, "keyframes never need it"
    await early.pump()
    go_away(early)
    await writer.write(3)
    early.frames_bytes.clear()
    bytes_before = hub.get_stats().dictionary_bytes
    await reconnect(early)
    assert early.answers[-1]["outcome"] == "patch"
    [patch] = early.frames_bytes
    assert uses(patch) == early.subscription.dictionaries[0], "a patch that catches up may"
    assert hub.get_stats().dictionary_bytes == bytes_before
    await writer.write(3)
    for watcher in (early, late):
        await watcher.pump()
        assert watcher.document == channel.document
        assert watcher.status == "live"
        assert uses(watcher.frames_bytes[-1]) == watcher.subscription.dictionaries[0]


async def test_many_who_join_with_it_and_without_share_one_encoding(world: World) -> None:
    hub = world.hub()
    writer = Writer(hub.channel("c"))
    watchers = [await world.watcher(codecs=("json+zstd+dictionary",)).join() for _ in range(10)]
    await writer.write(TRAINED)
    for watcher in watchers:
        await watcher.pump()
        go_away(watcher)
    for forgetful in watchers[5:]:
        forgetful.subscription._dictionaries.clear()
    await writer.write(5)
    before = hub.get_stats().encodings
    for watcher in watchers:
        await reconnect(watcher)
        assert watcher.status == "live"
    assert [watcher.answers[-1]["outcome"] for watcher in watchers] == ["patch"] * 10
    assert hub.get_stats().encodings - before == 2, "the patch, and the keyframe that it was compared with"


async def test_each_codec_has_its_own_and_the_others_none(world: World) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    watchers = {codec: await world.watcher(codecs=(codec,)).join() for codec in (*CODECS, "json", "msgpack+zstd")}
    await writer.write(TRAINED + 1)
    ids: set[str] = set()
    for codec, watcher in watchers.items():
        await watcher.pump()
        assert watcher.document == channel.document
        assert [body["codec"] for body in dictionaries_in(watcher)] == ([codec] if codec in CODECS else [])
        ids.update(watcher.subscription.dictionaries)
    assert len(ids) == len(CODECS)


async def test_one_who_missed_it_asks_once_and_stays_live(world: World) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    watcher = await world.watcher(codecs=("json+zstd+dictionary",)).join()
    await writer.write(TRAINED)
    arrived = watcher.client.take()
    for event, arguments in arrived:
        if not is_dictionary_body(arguments[1]):  # it was lost
            watcher.take(event, arguments)
    assert watcher.subscription.dictionaries == ()
    await writer.write(3)
    [missed, *_] = watcher.client.take()
    watcher.take(*missed)
    assert watcher.status == "live"
    await watcher.pump()
    assert hub.get_stats().total_resyncs == 1
    assert watcher.status == "live"
    assert watcher.document == channel.document
    assert len(watcher.subscription.dictionaries) == 1
    await writer.write(1)
    await watcher.pump()
    assert watcher.document == channel.document
    assert hub.get_stats().total_resyncs == 1


@on_both_shells
async def test_it_is_renewed_when_it_stops_paying_and_found_by_one_who_was_away(world: World) -> None:
    hub = world.hub(readers=ReaderLimits(max_unacked_frames=10_000))
    writer = Writer(channel := hub.channel("c"))
    watcher, traveller = [await world.watcher(codecs=("json+zstd+dictionary",)).join() for _ in range(2)]
    await writer.write(TRAINED + WINDOW)
    for one in (watcher, traveller):
        await one.pump()
    [first] = watcher.subscription.dictionaries
    assert traveller.subscription.dictionaries[0] == first
    go_away(traveller)
    other = Writer(channel, word="completely_different_thing")
    await other.write(2 * WINDOW + TRAINED)
    await watcher.pump()
    second, kept = watcher.subscription.dictionaries
    assert kept == first
    assert second != first
    assert len(dictionaries_in(watcher)) == 2
    assert watcher.document == channel.document
    await reconnect(traveller)
    assert list(traveller.subscription.dictionaries) == [second, first]
    await other.write(2)
    for one in (watcher, traveller):
        await one.pump()
        assert uses(one.frames_bytes[-1]) == second
        assert one.document == channel.document
        assert one.status == "live"
    assert hub.get_stats().total_resyncs == 0


async def test_a_delivery_that_failed_comes_before_the_dictionary_made_of_it(world: World) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    watcher = await world.watcher(codecs=("json+deflate+dictionary",)).join()
    await writer.write(TRAINED - 1)
    await watcher.pump()
    world.transport.failure = ConnectionError("for a moment")
    with pytest.raises(ConnectionError):
        await writer.write(1)
    world.transport.failure = None
    joined_meanwhile = await world.watcher(codecs=("json+deflate+dictionary",)).join()
    await writer.write(5)
    for one in (watcher, joined_meanwhile):
        await one.pump()
        assert one.document == channel.document
        assert one.status == "live"
        assert uses(one.frames_bytes[-1]) == one.subscription.dictionaries[0]
    assert hub.get_stats().total_resyncs == 0


async def test_a_channel_created_again_begins_without_one(world: World) -> None:
    hub = world.hub()
    writer = Writer(channel := hub.channel("c"))
    watcher = await world.watcher(codecs=("json+zstd+dictionary",)).join()
    await writer.write(TRAINED)
    await watcher.pump()
    await channel.delete("over")
    again = Writer(hub.channel("c"))
    await watcher.pump()
    go_away(watcher)
    await reconnect(watcher)
    await again.write(3)
    await watcher.pump()
    assert watcher.document == hub.channel("c").document
    assert uses(watcher.frames_bytes[-1]) is None
    assert len(watcher.subscription.dictionaries) == 1, "what a client holds does no harm"


async def test_a_hub_that_names_its_codecs_makes_none_for_others(world: World) -> None:
    hub = world.hub(codecs=["msgpack+zstd"], authorize=allow_everyone)
    writer = Writer(hub.channel("c"))
    watcher = await world.watcher(codecs=("json+zstd+dictionary", "msgpack+zstd")).join()
    await writer.write(TRAINED + 1)
    await watcher.pump()
    assert dictionaries_in(watcher) == []
    assert watcher.answers[0]["codec"] == "msgpack+zstd"
    assert hub.get_stats().dictionary_bytes == 0
