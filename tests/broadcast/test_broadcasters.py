"""What both broadcasters promise, on virtual time over an in-memory transport."""

import asyncio
import gc
import threading
from typing import Any

import pytest

from realtime_sync.errors import (
    ChannelClosed,
    EditConflict,
    InvalidName,
    NoDocument,
)
from realtime_sync.limits import HistoryLimits, Limits
from realtime_sync.testing import MemoryTransport
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import World

GRAPH = {"nodes": {"n1": {"status": "RUNNING", "text": "Hello"}}}


pytestmark = on_both_shells

# ---- publishing ------------------------------------------------------------------------------------------------------


async def test_what_is_published_stands_at_every_subscriber(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial=GRAPH)
    watchers = [await world.watcher().join() for _ in range(3)]
    channel.publish({"nodes": {"n1": {"status": "DONE", "text": "Hello"}}})
    await world.clock.advance(0.05)
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == {"nodes": {"n1": {"status": "DONE", "text": "Hello"}}}
        assert watcher.status == "live"
    assert channel.subscriber_count == 3
    assert channel.position.offset == 2


async def test_force_immediate_does_not_wait_for_the_window(world: World) -> None:
    channel = world.hub(window_ms=1_000).channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    channel.emit("a", 1)
    await watcher.pump()
    assert watcher.events == []
    channel.emit("b", 2, force_immediate=True)
    await watcher.pump()
    assert watcher.events == [("a", 1), ("b", 2)]


async def test_edits_append_text_and_update_travel_as_small_patches(world: World) -> None:
    channel = world.hub().channel("c", initial=GRAPH)
    watcher = await world.watcher().join()
    with channel.edit() as doc:
        doc["nodes"]["n1"]["status"] = "DONE"
        doc["nodes"]["n1"]["text"] += ", world"
    channel.append_text("/nodes/n1/text", "!")
    channel.update(lambda doc: doc["nodes"].update(n2={}))
    await channel.flush()
    await watcher.pump()
    assert watcher.document == {"nodes": {"n1": {"status": "DONE", "text": "Hello, world!"}, "n2": {}}}
    assert watcher.frames_bytes[-1]["patch"] == [
        {"op": "replace", "path": "/nodes/n1/status", "value": "DONE"},
        {"op": "append", "path": "/nodes/n1/text", "value": ", world!"},
        {"op": "add", "path": "/nodes/n2", "value": {}},
    ]


async def test_an_edit_whose_block_raises_captures_nothing(world: World) -> None:
    channel = world.hub().channel("c", initial=GRAPH)
    with pytest.raises(RuntimeError, match="mine"), channel.edit() as doc:
        doc["nodes"]["n1"]["status"] = "DONE"
        raise RuntimeError("mine")
    assert channel.document == GRAPH
    with channel.edit() as doc:
        doc["nodes"]["n1"]["status"] = "DONE"
    assert channel.document["nodes"]["n1"]["status"] == "DONE"


async def test_overlapping_edits_raise_and_update_repeats(world: World) -> None:
    channel = world.hub().channel("c", initial={"n": 0})
    calls = []

    def increment(doc: Any) -> None:
        calls.append(doc["n"])
        if len(calls) == 1:
            channel.publish({"n": 10})
        doc["n"] += 1

    channel.update(increment)
    assert channel.document == {"n": 11}
    assert calls == [0, 10]
    with pytest.raises(EditConflict), channel.edit() as doc:
        doc["n"] = 1
        channel.publish({"n": 5})


async def test_captures_are_legal_from_any_thread(world: World) -> None:
    channel = world.hub().channel("c", initial={"texts": {str(n): "" for n in range(8)}})
    watcher = await world.watcher().join()

    def write(name: str) -> None:
        for number in range(100):
            channel.append_text(f"/texts/{name}", f"{number} ")
            with channel.edit() as doc:
                doc["texts"][name] += "| "
            channel.emit("wrote", [name, number])

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        await world.clock.advance(0.05)
    await channel.flush()
    await watcher.pump()
    expected = "".join(f"{number} | " for number in range(100))
    assert watcher.document == {"texts": {str(n): expected for n in range(8)}}
    assert sorted(watcher.events) == sorted(("wrote", [str(n), number]) for n in range(8) for number in range(100))


async def test_a_document_is_a_read_only_view_of_one_moment(world: World) -> None:
    channel = world.hub().channel("c", initial=GRAPH)
    view = channel.document
    with pytest.raises(TypeError):
        view["nodes"]["n1"]["status"] = "DONE"
    channel.publish({"nodes": {}})
    assert view == GRAPH
    assert channel.document == {"nodes": {}}


async def test_watch_publishes_periodically_until_it_is_stopped(world: World) -> None:
    channel = world.hub().channel("c")
    values = iter(range(100))

    async def read() -> dict[str, int]:
        number = next(values)
        if number == 1:
            raise RuntimeError("the source is away for a moment")
        return {"n": number}

    stop = channel.watch(read, interval_ms=500)
    watcher = await world.watcher().join()
    await real_settle(world)
    await watcher.pump()
    assert watcher.document == {"n": 0}
    for _ in range(2):
        await world.clock.advance(0.5)
        await real_settle(world)
    await watcher.pump()
    assert watcher.document == {"n": 2}
    stop()
    await world.clock.advance(5)
    assert next(values) == 3


async def real_settle(world: World) -> None:
    """Let threads finish what virtual time cannot wait for."""
    for _ in range(5):
        await asyncio.to_thread(lambda: None)
        await world.clock.settle()


# ---- who gets what ---------------------------------------------------------------------------------------------------


async def test_three_codecs_end_equal_with_one_encoding_a_codec_and_flush(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial=GRAPH)
    codecs = ("json", "msgpack+zstd", "json+gzip")
    watchers = [await world.watcher(codecs=(codec,)).join() for codec in codecs for _ in range(4)]
    before = hub.get_stats()
    for number in range(10):
        channel.append_text("/nodes/n1/text", f" {number}")
        await channel.flush()
    for watcher in watchers:
        await watcher.pump()
        assert watcher.document == channel.document
    after = hub.get_stats()
    assert after.frames - before.frames == 10
    assert after.encodings - before.encodings == 10 * len(codecs)
    assert after.messages - before.messages == 10 * len(watchers)
    assert isinstance(watchers[0].frames_bytes[-1], dict)
    assert all(type(watcher.frames_bytes[-1]) is bytes for watcher in watchers[4:])


async def test_many_joiners_cost_one_keyframe_encoding(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial=GRAPH)
    for _ in range(20):
        await world.watcher(codecs=("msgpack+zstd",)).join()
    assert hub.get_stats().encodings == 1
    assert hub.get_stats().keyframes_sent == 20


async def test_unknown_codecs_are_ignored_and_json_always_works(world: World) -> None:
    hub = world.hub(codecs=["json+gzip"])
    hub.channel("c", initial={"n": 1})
    chosen = []
    for offered in (("brotli", "json+gzip"), ("msgpack+zstd",), ()):
        watcher = await world.watcher(codecs=offered).join()
        assert watcher.document == {"n": 1}
        chosen.append(watcher.answers[0]["codec"])
    assert chosen == ["json+gzip", "json", "json"]


async def test_frames_of_a_channel_never_reach_a_subscriber_of_another(world: World) -> None:
    hub = world.hub()
    secret, other = hub.channel("secret", initial={}), hub.channel("other", initial={})
    inside, outside = await world.watcher("secret").join(), await world.watcher("other").join()
    secret.publish({"canary": "7f3a"})
    secret.emit("canary", "7f3a")
    other.publish({"fine": True})
    await hub.flush_all()
    await inside.pump()
    await outside.pump()
    assert inside.document == {"canary": "7f3a"}
    assert "7f3a" not in repr(outside.frames_bytes) + repr(outside.events) + repr(outside.plain)


async def test_plain_clients_in_the_room_get_events_and_a_client_that_is_both_gets_each_once(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("project_1", initial={})
    plain, both = world.transport.connect(), await world.watcher("project_1").join()
    await plain.enter("project_1")
    await both.client.enter("project_1")
    channel.emit("task_update", {"task_id": "t"})
    hub.emit("node_status", {"node_id": "n"}, room="project_1", priority=3)
    await hub.flush_all()
    await both.pump()
    assert plain.take() == [("task_update", ({"task_id": "t"},)), ("node_status", ({"node_id": "n"},))]
    assert both.events == [("task_update", {"task_id": "t"}), ("node_status", {"node_id": "n"})]
    assert both.plain == []


async def test_an_event_to_a_room_without_a_document_reaches_its_plain_clients(world: World) -> None:
    hub = world.hub()
    plain = world.transport.connect()
    await plain.enter("lobby")
    hub.emit("hello", 1, room="lobby")
    await hub.flush_all()
    assert plain.take() == [("hello", (1,))]


# ---- joining ---------------------------------------------------------------------------------------------------------


async def test_a_subscriber_before_the_first_publish_waits_and_then_gets_it(world: World) -> None:
    hub = world.hub()
    watcher = await world.watcher().join()
    assert watcher.status == "waiting"
    assert watcher.answers[0]["outcome"] == "waiting"
    hub.channel("c").publish({"n": 1})
    await world.clock.advance(0.05)
    await watcher.pump()
    assert watcher.document == {"n": 1}
    assert watcher.status == "live"


async def test_a_reconnect_names_its_position_and_gets_what_is_smallest(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"text": "", "ballast": "x" * 300})
    watcher = await world.watcher().join()
    outcomes = []
    for missed in (0, 3, 0):
        watcher.client.disconnect()
        watcher.subscription.disconnected()
        assert watcher.status == "offline"
        for number in range(missed):
            channel.append_text("/text", str(number))
            await channel.flush()
        watcher.client = world.transport.connect()
        await watcher.join()
        outcomes.append(watcher.answers[-1]["outcome"])
        assert watcher.document == channel.document
    assert outcomes == ["up_to_date", "patch", "up_to_date"]
    channel.publish("all of it is another document now")
    await channel.flush()
    watcher.client = world.transport.connect()
    watcher.subscription.disconnected()
    await watcher.join()
    assert watcher.answers[-1]["outcome"] == "keyframe", "smaller than a patch that replaces everything"


async def test_events_missed_while_away_are_replayed_up_to_a_bound(world: World) -> None:
    hub = world.hub(history=HistoryLimits(max_catchup_events=2))
    channel = hub.channel("c", initial={"ballast": "x" * 1_000})
    watcher = await world.watcher().join()
    watcher.client.disconnect()
    watcher.subscription.disconnected()
    for number in range(5):
        channel.emit("e", number)
        await channel.flush()
    watcher.client = world.transport.connect()
    await watcher.join()
    assert watcher.events == [("e", 3), ("e", 4)]
    assert watcher.dropped == 3


async def test_a_lost_frame_is_noticed_and_recovered(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher().join()
    for n in (1, 2):
        channel.publish({"n": n})
        await channel.flush()
        if n == 1:
            watcher.client.take()
    await watcher.pump()
    assert watcher.document == {"n": 2}
    assert watcher.status == "live"
    assert hub.get_stats().total_resyncs == 1


async def test_garbage_is_one_error_and_a_resync(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    watcher = await world.watcher(codecs=("msgpack+zstd",)).join()
    for garbage in (b"\x00garbage", {"type": "poem"}, 7, {"type": "keyframe", "epoch": "E", "offset": 1}):
        await world.clock.advance(5.0)
        watcher.take("batch_update", ("c", garbage))
        assert watcher.status == "stale"
        assert watcher.subscription.last_error is not None
        await watcher.pump()
        assert watcher.status == "live"
    channel.publish({"n": 1})
    await channel.flush()
    await watcher.pump()
    assert watcher.document == {"n": 1}


async def test_a_load_that_fails_is_told_and_tried_again(world: World) -> None:
    calls: list[str] = []

    def load(name: str) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise OSError("the database is away")
        return {"n": 1}

    world.hub(load=load)
    watcher = await world.watcher().join()
    assert watcher.answers[0]["outcome"] == "unavailable"
    await world.clock.advance(3)
    watcher.happened += watcher.subscription.tick(world.clock.now())
    await watcher.pump()
    assert watcher.document == {"n": 1}
    assert len(calls) == 2


async def test_fetch_returns_a_value_of_the_document(world: World) -> None:
    hub = world.hub(authorize=lambda subscriber, channel, action: channel != "secret")
    hub.channel("c", initial={"nodes": {"n1": {"full_result": "long"}}})
    hub.channel("secret", initial={"nodes": 1})
    client = world.transport.connect()

    async def fetch(channel: str, pointer: Any) -> Any:
        return await client.send("sync:fetch", {"channel": channel, "pointer": pointer})

    found = await fetch("c", "/nodes/n1/full_result")
    assert found["value"] == "long"
    assert found["position"] == hub.channel("c").position.to_wire()
    assert await fetch("c", "/nodes/n9") == {"error": "not_found"}
    assert await fetch("c", "nodes") == {"error": "invalid"}
    assert await fetch("c", 7) == {"error": "invalid"}
    assert await fetch("secret", "/nodes") == {"error": "forbidden"}
    assert await fetch("unknown", "/nodes") == {"error": "waiting"}


async def test_a_value_that_is_larger_than_a_message_is_not_fetched(world: World) -> None:
    hub = world.hub(limits=Limits(max_message_bytes=1_000))
    hub.channel("c", initial={"fits": "x" * 998, "over": "\u00e9" * 500})
    client = world.transport.connect()

    async def fetch(pointer: str) -> Any:
        return await client.send("sync:fetch", {"channel": "c", "pointer": pointer})

    assert (await fetch("/fits"))["value"] == "x" * 998
    assert await fetch("/over") == {"error": "too_large", "allowed": 1_000, "found": 1_002}
    assert (await fetch(""))["error"] == "too_large"


# ---- who may ---------------------------------------------------------------------------------------------------------


async def test_false_or_an_error_in_authorize_is_an_answer_and_no_byte_of_the_channel(world: World) -> None:
    def deny(subscriber: Any, channel: str, action: str) -> Any:
        if channel == "raises":
            raise RuntimeError("the database is away")
        return {"false": False, "none": None, "truthy": "yes"}[channel]

    hub = world.hub(authorize=deny)
    for name in ("false", "raises", "none", "truthy"):
        channel = hub.channel(name, initial={"canary": "7f3a"})
        watcher = await world.watcher(name).join()
        channel.publish({"canary": "7f3a again"})
        await channel.flush()
        await watcher.pump()
        assert watcher.status == "forbidden"
        assert watcher.frames_bytes == []
        assert watcher.answers == [{"outcome": "forbidden", "request": "1"}]
        assert channel.subscriber_count == 0


async def test_a_resync_of_a_channel_that_is_not_watched_is_forbidden(world: World) -> None:
    hub = world.hub()
    hub.channel("c", initial={"canary": 1})
    client = world.transport.connect()
    await client.send("sync:resync", {"channel": "c", "request": "1", "position": None})
    assert client.take() == [("batch_update", ("c", None, {"outcome": "forbidden", "request": "1"}))]


async def test_a_right_that_was_withdrawn_ends_the_subscription_at_the_next_question(world: World) -> None:
    allowed = True
    hub = world.hub(authorize=lambda *_: allowed)
    channel = hub.channel("c", initial={"n": 1})
    watcher = await world.watcher().join()
    allowed = False
    await watcher.client.send("sync:resync", {"channel": "c", "request": "x", "position": None})
    assert channel.subscriber_count == 0
    assert world.transport.rooms == {}


async def test_revoke_stops_frames_before_it_returns(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 0})
    staying, leaving = await world.watcher().join(), await world.watcher().join()
    channel.publish({"n": 1})
    assert hub.revoke(sid=leaving.client.sid, channel="c") == 1
    await channel.flush()
    for watcher in (staying, leaving):
        await watcher.pump()
    assert staying.document == {"n": 1}
    assert leaving.document == {"n": 0}
    assert leaving.status == "forbidden"
    assert hub.revoke(channel="c") == 1
    assert hub.revoke(channel="c") == 0
    with pytest.raises(ValueError, match="sid"):
        hub.revoke()


async def test_bad_messages_are_answered_and_counted(world: World) -> None:
    hub = world.hub()
    client = world.transport.connect()
    await client.send("sync:subscribe", {"channel": "c", "request": "5"})
    await client.send("sync:subscribe", "hello")
    (_, first), (_, second) = client.take()
    assert first[:2] == ("c", None)
    assert (first[2]["outcome"], first[2]["request"]) == ("invalid", "5")
    assert second[0] == ""
    assert second[2]["outcome"] == "invalid"
    assert hub.get_stats().invalid_messages == 2


async def test_another_version_of_the_protocol_is_told_to_upgrade(world: World) -> None:
    world.hub()
    client = world.transport.connect()
    message: dict[str, Any] = {"version": 99, "channel": "c", "request": "1", "codecs": ["json"], "position": None}
    await client.send("sync:subscribe", message)
    [(_, (_, body, answer))] = client.take()
    assert body is None
    assert answer["outcome"] == "upgrade_required"
    assert "version 1" in answer["message"]


async def test_one_connection_may_watch_so_many_channels(world: World) -> None:
    hub = world.hub(limits=Limits(max_channels_per_client=2))
    client = world.transport.connect()
    message: dict[str, Any] = {"version": 1, "request": "1", "codecs": [], "position": None}
    for name in ("a", "b", "c", "a"):
        await client.send("sync:subscribe", {**message, "channel": name})
    outcomes = [arguments[2]["outcome"] for _, arguments in client.take()]
    assert outcomes == ["waiting", "waiting", "too_many_channels", "waiting"]
    await client.send("sync:unsubscribe", {"channel": "a"})
    await client.send("sync:subscribe", {**message, "channel": "c"})
    assert client.take()[0][1][2]["outcome"] == "waiting"
    assert hub.get_stats().subscriptions == 2


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x00", "\ud800"])
async def test_bad_channel_names_are_refused_on_both_sides(world: World, name: str) -> None:
    hub = world.hub()
    with pytest.raises(InvalidName):
        hub.channel(name)
    client = world.transport.connect()
    message: dict[str, Any] = {"version": 1, "channel": name, "request": "1", "codecs": [], "position": None}
    await world.transport.receiver.receive(client.sid, "sync:subscribe", message)
    [(_, (_, _, answer))] = [(None, arguments) for _, arguments in client.inbox]
    assert answer["outcome"] == "forbidden", "unknown and forbidden answer alike"


# ---- leaving ---------------------------------------------------------------------------------------------------------


async def test_a_departed_client_leaves_nothing_behind(world: World) -> None:
    hub = world.hub()
    channels = [hub.channel(name, initial={}) for name in ("a", "b")]
    watchers = [await world.watcher(name).join() for name in ("a", "b")]
    await watchers[0].client.send("sync:unsubscribe", {"channel": "a"})
    watchers[1].client.disconnect()
    assert [channel.subscriber_count for channel in channels] == [0, 0]
    assert world.transport.rooms == {}
    watchers[0].client.disconnect()
    assert hub.sessions == 0


class LeavesOnDelivery(MemoryTransport):
    """Clients that vanish in the middle of being answered."""

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        await super().deliver_to(sid, event, arguments)
        self.disconnect(sid)


async def test_a_client_that_leaves_while_its_catch_up_is_sent_leaves_nothing_behind(world: World) -> None:
    world.transport = LeavesOnDelivery()
    hub = world.hub()
    hub.channel("c", initial={"n": 1})
    client = world.transport.connect()
    message: dict[str, Any] = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}
    await client.send("sync:subscribe", message)
    assert hub.sessions == 0
    assert hub.get_stats().subscriptions == 0
    assert world.transport.rooms == {}


async def test_an_unused_channel_is_forgotten_unless_the_application_holds_it(world: World) -> None:
    hub = world.hub(channel_ttl_s=100)
    held = hub.channel("held", initial={"n": 1})
    hub.channel("loose", initial={"n": 1})
    watcher = await world.watcher("watched").join()
    hub.channel("watched").publish({"n": 1})
    await hub.flush_all()
    await world.clock.advance(99)
    hub.channel("other")
    assert hub.get_stats().channels == 4
    await world.clock.advance(50)
    hub.channel("another")
    gc.collect()
    assert hub.channel("held") == held
    assert held.document == {"n": 1}
    with pytest.raises(NoDocument):
        _ = hub.channel("loose").document
    assert hub.channel("watched").document == {"n": 1}
    held.publish({"n": 2})
    await hub.flush_all()
    assert held.position.offset == 2
    assert watcher.status in ("live", "waiting")


# ---- closing ---------------------------------------------------------------------------------------------------------


async def test_delete_tells_subscribers_why_and_a_channel_created_again_is_a_new_epoch(world: World) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"n": 1})
    watcher = await world.watcher().join()
    await channel.delete("project archived")
    await watcher.pump()
    assert watcher.status == "closed"
    assert watcher.subscription.replica.closed_reason == "project archived"
    assert watcher.document == {"n": 1}
    with pytest.raises(ChannelClosed, match="project archived"):
        channel.publish({"n": 2})
    again = hub.channel("c", initial={"n": 3})
    assert again != channel
    assert again.position.epoch != channel.position.epoch
    await watcher.join()
    assert watcher.document == {"n": 3}
    assert watcher.status == "live"


async def test_close_drains_is_idempotent_and_refuses_what_comes_later(world: World) -> None:
    hub = world.hub(window_ms=10_000)
    channel = hub.channel("c", initial={"n": 1})
    watcher = await world.watcher().join()
    channel.publish({"n": 2})
    channel.emit("last", 1)
    await asyncio.gather(hub.close(), hub.close())
    await hub.close()
    await watcher.pump()
    assert watcher.document == {"n": 2}
    assert watcher.events == [("last", 1)]
    for call in (lambda: channel.publish({}), lambda: channel.emit("e", 1), lambda: hub.channel("new")):
        with pytest.raises(ChannelClosed, match="broadcaster was closed"):
            call()
    late = await world.watcher("new").join()
    assert late.answers[0]["outcome"] == "unavailable"
    await world.clock.settle()
    assert world.clock.tasks == 0


async def test_a_client_that_is_both_gets_an_event_before_the_first_document_once(world: World) -> None:
    hub = world.hub()
    both = await world.watcher().join()
    await both.client.enter("c")
    hub.channel("c").emit("task_update", {"n": 1})
    await hub.flush_all()
    await both.pump()
    assert both.plain == [("task_update", {"n": 1})]
    assert both.events == []


async def test_only_what_a_full_queue_lost_counts_as_dropped(world: World) -> None:
    hub = world.hub(max_queue_size=2)
    channel = hub.channel("c")
    for n in range(5):
        channel.emit("e", n)
    await hub.flush_all()
    channel.publish({})
    await hub.flush_all()
    assert hub.get_stats().total_dropped == 3
