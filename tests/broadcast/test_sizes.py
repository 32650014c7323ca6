"""Frames that are larger than a message may be, or than clients take."""

import secrets
from typing import Any

import orjson
import pytest

from realtime_sync.broadcast.encoded_frames import KEPT, KEPT_BYTES, PLAIN_BYTES, Encodings
from realtime_sync.broadcast.stats import Counters
from realtime_sync.errors import MessageTooLarge
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.replication.primary import CatchUp
from realtime_sync.wire.codec import Codec, get_codec
from realtime_sync.wire.encoding import decode_frame
from realtime_sync.wire.frames import Closed, Delta, Keyframe
from realtime_sync.wire.messages import Outcome
from tests.broadcast.threaded_world import on_both_shells
from tests.broadcast.world import Watcher, World

SMALL = Limits(max_message_bytes=200)
LIMITS_AND_CODECS = [
    ("max_encoded_bytes", "msgpack"),
    ("max_decoded_bytes", "json"),
    ("max_decoded_bytes", "json+deflate"),
    ("max_decoded_bytes", "msgpack+zstd+dictionary"),
]
CODECS = ("json", "json+gzip", "msgpack", "msgpack+zstd")


def noise(size: int) -> str:
    """Return text that no codec makes much shorter."""
    return secrets.token_urlsafe(size)[:size]


def parts_in(bodies: list[Any]) -> list[dict[str, Any]]:
    return [body for body in bodies if isinstance(body, dict) and body.get("type") == "part"]


@on_both_shells
@pytest.mark.parametrize("codec", CODECS)
async def test_large_frames_travel_in_parts_to_joiners_and_to_the_room(world: World, codec: str) -> None:
    hub = world.hub(limits=SMALL)
    channel = hub.channel("c", initial={"text": noise(1_000)})
    watcher = await world.watcher(codecs=(codec,)).join()
    assert watcher.document == channel.document
    joined = parts_in(watcher.frames_bytes)
    assert len(joined) == joined[0]["count"] >= 4
    assert len(watcher.answers) == len(joined), "each part says what it answers"
    assert all(one == watcher.answers[0] for one in watcher.answers)
    channel.publish({"text": noise(1_000)})
    await channel.flush()
    await watcher.pump()
    assert watcher.document == channel.document
    live = parts_in(watcher.frames_bytes)[len(joined) :]
    assert len(live) == live[0]["count"] >= 4
    assert len(watcher.answers) == len(joined)
    assert all(len(part["data"]) <= 200 for part in joined + live)
    assert {part["id"] for part in joined}.isdisjoint(part["id"] for part in live)
    channel.publish({"text": "short"})
    await channel.flush()
    await watcher.pump()
    assert watcher.status == "live"
    assert parts_in(watcher.frames_bytes) == joined + live


@on_both_shells
@pytest.mark.parametrize("codec", CODECS)
async def test_twenty_joiners_of_a_document_in_parts_cost_one_encoding(world: World, codec: str) -> None:
    hub = world.hub(limits=SMALL)
    channel = hub.channel("c", initial={"text": noise(1_000)})
    for _ in range(20):
        watcher = await world.watcher(codecs=(codec,)).join()
        assert watcher.document == channel.document
    stats = hub.get_stats()
    assert stats.encodings == 1
    assert stats.keyframes_sent == 20
    assert stats.messages == 20 * len(watcher.frames_bytes)


@pytest.mark.parametrize(("size", "is_plain"), [(PLAIN_BYTES - 500, True), (PLAIN_BYTES + 1, False)])
async def test_codec_json_shows_plain_values_unless_they_are_large(world: World, size: int, is_plain: bool) -> None:
    hub = world.hub()
    channel = hub.channel("c", initial={"text": "x" * size})
    watcher = await world.watcher().join()
    [body] = watcher.frames_bytes
    assert body["type"] == ("keyframe" if is_plain else "part")
    assert watcher.document == channel.document


@on_both_shells
async def test_bytes_are_counted_as_often_as_they_are_sent(world: World) -> None:
    hub = world.hub(limits=SMALL)
    hub.channel("c", initial={"text": noise(1_000)})
    one, other = [await world.watcher(codecs=("msgpack",)).join() for _ in range(2)]
    sent = sum(len(part["data"]) for part in parts_in(one.frames_bytes + other.frames_bytes))
    assert hub.get_stats().bytes_sent == sent > 2_000


@on_both_shells
@pytest.mark.parametrize("codec", CODECS)
async def test_a_transport_that_fails_between_two_parts_goes_on_with_the_next(world: World, codec: str) -> None:
    hub = world.hub(limits=SMALL)
    channel = hub.channel("c", initial={"text": ""})
    watcher = await world.watcher(codecs=(codec,)).join()
    deliver, delivered = world.transport.deliver, 0

    async def fail_at_the_third(*arguments: Any, **options: Any) -> None:
        nonlocal delivered
        delivered += 1
        if delivered == 3:
            raise ConnectionError("for a moment")
        await deliver(*arguments, **options)

    world.transport.deliver = fail_at_the_third  # type: ignore[method-assign]
    channel.publish({"text": noise(1_000)})
    with pytest.raises(ConnectionError):
        await channel.flush()
    await watcher.pump()
    assert watcher.document == {"text": ""}, "nothing is applied before the last part"
    await channel.flush()
    await watcher.pump()
    assert watcher.document == channel.document
    assert watcher.status == "live"


# ---- too large -------------------------------------------------------------------------------------------------------


async def refused_joiner(world: World, codec: str) -> Watcher:
    watcher = await world.watcher(codecs=(codec,)).join()
    assert watcher.status == "empty"
    assert watcher.frames_bytes == []
    assert [answer["outcome"] for answer in watcher.answers] == ["unavailable"]
    return watcher


@on_both_shells
@pytest.mark.parametrize(("limit", "codec"), LIMITS_AND_CODECS)
async def test_a_document_over_a_limit_is_not_sent_and_the_joiner_is_told_both_numbers(
    world: World, caplog: pytest.LogCaptureFixture, limit: str, codec: str
) -> None:
    hub = world.hub(limits=Limits(**{limit: 500}))
    channel = hub.channel("c", initial={"text": noise(1_000)})
    watchers = [await refused_joiner(world, codec) for _ in range(3)]
    message = watchers[0].answers[0]["message"]
    assert f"over {limit}=500" in message
    assert "takes 10" in message
    assert caplog.text.count(message) == 1, "the operator is told once"
    assert hub.get_stats().encodings == 1, "and it is not tried again for each"
    assert hub.get_stats().subscriptions == 0
    channel.publish({"text": "short"})
    await channel.flush()
    for watcher in watchers:
        await world.clock.advance(10.0)
        watcher.happened += watcher.subscription.tick(world.clock.now())
        await watcher.pump()
        assert watcher.status == "live"
        assert watcher.document == {"text": "short"}


@on_both_shells
@pytest.mark.parametrize("codec", [*CODECS, "msgpack+zstd+dictionary"])
async def test_a_document_that_grew_past_the_values_that_replicas_take_is_not_sent(
    world: World, caplog: pytest.LogCaptureFixture, codec: str
) -> None:
    hub = world.hub(limits=Limits(max_elements=2_000))
    channel = hub.channel("c", initial={"lists": {}})
    for number in range(5):
        channel.publish([0] * 500, at=f"/lists/{number}")  # each is allowed, all together are not
    watcher = await refused_joiner(world, codec)
    assert "values, over max_elements=2000" in watcher.answers[0]["message"]
    assert caplog.text.count(watcher.answers[0]["message"]) == 1
    await refused_joiner(world, codec)
    assert hub.get_stats().encodings == 1
    channel.publish({"lists": {"0": [0] * 500}})
    await channel.flush()
    await world.clock.advance(10.0)
    watcher.happened += watcher.subscription.tick(world.clock.now())
    await watcher.pump()
    assert watcher.status == "live"
    assert watcher.document == channel.document


@pytest.mark.parametrize("codec", [*CODECS, "msgpack+deflate+dictionary"])
@pytest.mark.parametrize("text", ["", "a, [b], {c}, " * 20, '\\"],[\\"' * 20])
async def test_what_replicas_take_is_sent_to_the_last_value(world: World, codec: str, text: str) -> None:
    limits = Limits(max_elements=400)
    for values in range(380, 398):
        hub, joiner = world.hub(limits=limits), world.watcher(codecs=(codec,))
        hub.channel("c", initial={"list": [0] * values, "text": text})
        await joiner.join()
        told = [answer["outcome"] for answer in joiner.answers]
        if told != ["unavailable"]:
            [frame] = joiner.frames_bytes
            encoded = orjson.dumps(frame) if codec == "json" else frame
            decode_frame(encoded, get_codec(codec), limits=limits)  # else a replica asks for it for ever
        await hub.close()
        world.transport = type(world.transport)()
    assert told == ["unavailable"]


@on_both_shells
async def test_a_live_frame_over_a_limit_is_a_gap_for_its_codec_and_nothing_for_the_others(world: World) -> None:
    hub = world.hub(limits=Limits(max_encoded_bytes=900))
    channel = hub.channel("c", initial={"text": ""})
    packed, plain = [await world.watcher(codecs=(codec,)).join() for codec in ("msgpack", "msgpack+gzip")]
    channel.publish({"text": "a" * 1_000})
    await channel.flush()
    for watcher in (packed, plain):
        await watcher.pump()
    assert plain.document == channel.document, "compressed it is small enough"
    assert packed.document == {"text": ""}
    channel.publish({"text": "a" * 1_001})
    await channel.flush()
    await packed.pump()
    assert packed.status == "stale"
    assert packed.answers[-1]["outcome"] == "unavailable"
    assert "over max_encoded_bytes=900" in str(packed.subscription.last_error)
    channel.publish({"text": "short again"})
    await channel.flush()
    await world.clock.advance(10.0)
    packed.happened += packed.subscription.tick(world.clock.now())
    await packed.pump()
    assert packed.status == "live"
    assert packed.document == channel.document


@on_both_shells
async def test_a_catch_up_that_a_codec_cannot_write_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Codec, obj: Any) -> bytes:
        raise RuntimeError("secret details")

    hub = world.hub()
    hub.channel("c", initial={"n": 1})
    with monkeypatch.context() as broken:
        broken.setattr(type(get_codec("msgpack")), "encode", fails)
        watcher = await refused_joiner(world, "msgpack")
    assert watcher.answers[0]["message"] == "codec msgpack failed"
    assert "secret details" in caplog.text, "in the log, not on the wire"
    await world.clock.advance(10.0)
    watcher.subscription.tick(world.clock.now())
    await watcher.pump()
    assert watcher.document == {"n": 1}


# ---- the smallest catch-up -------------------------------------------------------------------------------------------


def catch_up(patch_size: int, document_size: int) -> CatchUp:
    before, after = Position("A", 1), Position("A", 2)
    patch = [{"op": "replace", "path": "", "value": "p" * patch_size}]
    return CatchUp(Outcome.PATCH, after, Delta(before, after, patch), Keyframe(after, "d" * document_size))


@pytest.mark.parametrize(
    ("patch_size", "document_size", "outcome"),
    [
        (10, 200, Outcome.PATCH),
        (200, 10, Outcome.KEYFRAME),
        (10, 5_000, Outcome.PATCH),
        (5_000, 10, Outcome.KEYFRAME),
    ],
)
def test_the_smaller_one_is_sent_and_never_one_that_is_too_large(
    patch_size: int, document_size: int, outcome: Outcome
) -> None:
    encodings = Encodings("c", Limits(max_encoded_bytes=1_000), Counters())
    cut = catch_up(patch_size, document_size)
    chosen, encoded = encodings.smallest(cut, "msgpack")
    assert chosen is outcome
    assert encoded == encodings.encode(cut.delta if outcome is Outcome.PATCH else cut.keyframe, "msgpack")  # type: ignore[arg-type]


def test_when_both_are_too_large_it_says_so() -> None:
    encodings = Encodings("c", Limits(max_encoded_bytes=1_000), Counters())
    with pytest.raises(MessageTooLarge, match=r"a keyframe of channel 'c'.*over max_encoded_bytes=1000"):
        encodings.smallest(catch_up(5_000, 5_000), "msgpack")


def test_a_patch_far_smaller_than_the_last_keyframe_needs_no_comparison() -> None:
    counters = Counters()
    encodings = Encodings("c", Limits(), counters)
    encodings.smallest(catch_up(500, 1_000), "msgpack")
    assert counters.stats().encodings == 2
    later = Position("A", 3)
    cut = CatchUp(Outcome.PATCH, later, Delta(Position("A", 2), later, []), Keyframe(later, "d" * 1_000))
    assert encodings.smallest(cut, "msgpack")[0] is Outcome.PATCH
    assert counters.stats().encodings == 3


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_encodings_are_kept_up_to_a_number_and_a_size() -> None:
    counters = Counters()
    encodings = Encodings("c", Limits(), counters)
    closed = [Closed("A", str(number)) for number in range(KEPT + 1)]
    for frame in [*closed, *closed[1:]]:
        encodings.encode(frame, "msgpack")
    assert counters.stats().encodings == KEPT + 1
    encodings.encode(closed[0], "msgpack")
    assert counters.stats().encodings == KEPT + 2, "the oldest was forgotten"
    large = [Keyframe(Position("A", number), "x" * (KEPT_BYTES // 3)) for number in range(1, 5)]
    for keyframe in large:
        encodings.encode(keyframe, "msgpack")
    assert encodings._kept_bytes <= KEPT_BYTES
    encodings.encode(large[-1], "msgpack")
    assert counters.stats().encodings == KEPT + 2 + len(large), "the newest is kept"
