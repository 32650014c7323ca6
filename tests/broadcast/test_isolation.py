"""What is written to one channel is never found in what those who may not see it are sent, in whichever form."""

import logging
import secrets
from typing import Any

import attrs
import pytest

from realtime_sync.errors import InvalidName
from realtime_sync.limits import Limits, ReaderLimits
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.dictionary import uses_dictionary
from realtime_sync.wire.training import ENOUGH_SAMPLES, TRIAL_DELTAS
from tests.broadcast.opened import Opened
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import Watcher, World

pytestmark = on_both_shells

ENOUGH_DELTAS = ENOUGH_SAMPLES + TRIAL_DELTAS + 5
"""After these there are dictionaries, and they are used."""

SMALL_MESSAGES = Limits(max_message_bytes=4_096)
PATIENT = ReaderLimits(max_unacked_frames=10_000, max_unacked_bytes=2**30)


class Listener(Watcher):
    """A watcher that reads everything it is sent, also what a replica would drop."""

    def __init__(self, world: Any, channel: str, codec: str, **connection: Any) -> None:
        super().__init__(world, channel, (codec,), **connection)
        self.opened = Opened(codec)

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.opened.take(event, arguments)
        if event != "batch_update" or arguments[0] == self.subscription.channel:
            super().take(event, arguments)


@attrs.define
class Writer:
    """Writes the same things into channels of the same shape, each with a word of its own in every place."""

    channel: Any
    word: str
    step: int = 0

    def begin(self) -> None:
        noise = secrets.token_urlsafe(6_000)
        nodes = {f"{self.word}_{number}": {"text": self.word, "status": "NEW"} for number in range(5)}
        self.channel.publish({"nodes": nodes, "large": noise + self.word})

    async def write(self) -> None:
        self.step += 1
        with self.channel.edit() as doc:
            node = doc["nodes"][f"{self.word}_{self.step % 5}"]
            node["text"] += f" {self.word} {self.step * 7919 % 104729}"
            node["status"] = f"{self.word} {('RUNNING', 'DONE')[self.step % 2]}"
        if self.step % 10 == 0:
            self.channel.emit(f"{self.word}_event", {"said": self.word})
        await self.channel.flush()


def may_watch(subscriber: Any, channel: str, action: str) -> bool:
    return bool(subscriber.auth == channel)


async def ask_for_everything(listener: Listener, channel: str) -> None:
    """Ask for what belongs to somebody else, in every way that there is."""
    position = ["AAAAAAAA", 3]
    said: list[tuple[str, dict[str, Any]]] = [
        ("sync:subscribe", {"version": 1, "channel": channel, "request": "x1", "codecs": [], "position": position}),
        ("sync:resync", {"channel": channel, "request": "x2", "position": None}),
        ("sync:ack", {"channel": channel, "position": position}),
        ("sync:unsubscribe", {"channel": channel}),
    ]
    for event, message in said:
        await listener.client.send(event, message)
    for pointer in ("", "/nodes", "/nodes/mine_1/text"):
        message = {"channel": channel, "pointer": pointer}
        assert await listener.client.send("sync:fetch", message) == {"error": "forbidden"}


@pytest.mark.parametrize("codec", available_codecs())
async def test_a_canary_is_in_nothing_that_a_subscriber_to_another_channel_is_sent(
    world: World, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="realtime_sync")
    hub = world.hub(authorize=may_watch, limits=SMALL_MESSAGES, readers=PATIENT)
    writers = [Writer(hub.channel("secret"), "canary"), Writer(hub.channel("open"), "sparrow")]
    for writer in writers:
        writer.begin()
    insider = await Listener(world, "secret", codec, auth="secret").join()
    outsider = await Listener(world, "open", codec, auth="open").join()
    await outsider.client.enter("open")
    for number in range(ENOUGH_DELTAS):
        for writer in writers:
            await writer.write()
        if number == ENOUGH_DELTAS // 2:
            await ask_for_everything(outsider, "secret")
    for writer in writers:
        writer.begin()  # a large live frame
        await writer.channel.flush()
    for listener in (insider, outsider):
        await listener.pump()
    await hub.channel("secret").delete("canary is over")
    await hub.channel("open").delete("sparrow is over")
    for listener in (insider, outsider):
        await listener.pump()
        assert listener.status == "closed"
        assert "part" in listener.opened.forms
        if uses_dictionary(get_codec(codec)):
            assert {"dictionary", "compressed with a dictionary"} <= listener.opened.forms
    assert "canary" in insider.opened.text, "else nothing is proved"
    assert "sparrow" in outsider.opened.text
    assert "canary" not in outsider.opened.text
    assert "sparrow" not in insider.opened.text
    assert "canary" not in caplog.text


async def test_the_room_of_plain_clients_carries_the_events_of_its_own_channel_and_no_document(world: World) -> None:
    hub = world.hub(authorize=may_watch)
    insider, outsider = world.transport.connect(), world.transport.connect()
    await insider.enter("secret")
    await outsider.enter("open")
    for name, word in (("secret", "canary"), ("open", "sparrow")):
        channel = hub.channel(name, initial={"text": f"document {word}"})
        channel.emit("happened", word)
        await channel.flush()
        channel.publish({"text": f"document {word} again"})
        channel.emit("happened", f"{word} again")
        await channel.flush()
        await channel.delete(word)
    assert insider.take() == [("happened", ("canary",)), ("happened", ("canary again",))]
    assert outsider.take() == [("happened", ("sparrow",)), ("happened", ("sparrow again",))]


async def test_names_that_look_like_rooms_or_hold_each_other_are_kept_apart(world: World) -> None:
    """A subscriber's room is named after codec and channel: no channel's name makes it another's."""
    hub = world.hub(authorize=may_watch)
    names = ["c", "c|c", "json|c", "realtime_sync", "|c", "c|", "C", "c ", "\u00e7", "c\u0327"]
    watchers = [await world.watcher(name, auth=name).join() for name in names]
    for name in names:
        channel = hub.channel(name, initial={"of": name})
        channel.emit("of", name)
        await channel.flush()
    for name, watcher in zip(names, watchers, strict=True):
        await watcher.pump()
        assert watcher.document == {"of": name}
        assert watcher.events == [("of", name)]
        assert watcher.plain == []


@pytest.mark.parametrize("name", ["realtime_sync|json|c", "realtime_sync|", "", "a\nb", "\ud800", "x" * 201, "ä" * 101])
async def test_a_name_that_no_channel_can_have_is_refused_to_both_sides(world: World, name: str) -> None:
    hub = world.hub()
    with pytest.raises(InvalidName):
        hub.channel(name)
    with pytest.raises(InvalidName):
        hub.emit("happened", 1, room=name)
    client = world.transport.connect()
    subscribe = {"version": 1, "channel": name, "request": "1", "codecs": [], "position": None}
    await client.send("sync:subscribe", subscribe)
    assert client.take() == [("batch_update", (name, None, {"outcome": "forbidden", "request": "1"}))]
    assert await client.send("sync:fetch", {"channel": name, "pointer": ""}) == {"error": "forbidden"}


# ---- unknown and forbidden -------------------------------------------------------------------------------------------


async def test_unknown_and_forbidden_channels_are_answered_in_the_same_bytes_and_with_the_same_work(
    world: World,
) -> None:
    loaded: list[str] = []
    hub = world.hub(authorize=lambda *_: False, load=loaded.append)
    hub.channel("taken", initial={"secret": 1}).emit("happened", 1)
    await hub.flush_all()
    channels_before = hub.get_stats().channels
    received: dict[str, Any] = {}
    for name in ("taken", "other"):  # of one length
        client = world.transport.connect()
        subscribe = {"version": 1, "channel": name, "request": "1", "codecs": ["msgpack"], "position": None}
        answers = [
            await client.send("sync:subscribe", subscribe),
            await client.send("sync:resync", {"channel": name, "request": "2", "position": ["A", 1]}),
            await client.send("sync:fetch", {"channel": name, "pointer": "/secret"}),
            await client.send("sync:ack", {"channel": name, "position": ["A", 1]}),
            await client.send("sync:unsubscribe", {"channel": name}),
        ]
        received[name] = repr((answers, client.take())).replace(name, "NAME")
    assert received["taken"] == received["other"]
    assert received["taken"].count("forbidden") == 3
    assert loaded == []
    assert hub.get_stats().channels == channels_before, "none was made in memory"
    assert hub.get_stats().encodings == 0
    assert world.transport.rooms == {}


async def test_an_allowed_channel_that_nobody_wrote_to_answers_waiting_and_fetch_as_well(world: World) -> None:
    world.hub()
    watcher = await world.watcher().join()
    assert watcher.status == "waiting"
    assert await watcher.client.send("sync:fetch", {"channel": "c", "pointer": ""}) == {"error": "waiting"}
