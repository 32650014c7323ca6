"""Which dictionary is made of a channel's deltas, when it is used, and when another one takes its place."""

import random
import string
from collections.abc import Iterator

import pytest

from realtime_sync.jsontypes import Patch
from realtime_sync.position import Position
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import Dictionary, DictionaryCodec, uses_dictionary
from realtime_sync.wire.encoding import decode_frame, encode_frame
from realtime_sync.wire.frames import Delta, Event
from realtime_sync.wire.training import (
    ENOUGH_SAMPLE_BYTES,
    ENOUGH_SAMPLES,
    FIRST_REST_DELTAS,
    LARGEST_SAMPLE_BYTES,
    LONGEST_REST_DELTAS,
    LONGEST_TEXT,
    TRIAL_DELTAS,
    WATCHED_DELTAS,
    WATCHED_EVERY,
    DictionaryTrainer,
    Phase,
)

NAMES = ("json+zstd+dictionary", "json+deflate+dictionary", "msgpack+zstd+dictionary", "msgpack+deflate+dictionary")
EACH = pytest.mark.parametrize("name", NAMES)

WORDS = "the of research market evidence source report study result method system energy policy climate growth".split()
ANY = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?@[]^_{|} "
ONE_WATCH = WATCHED_EVERY * WATCHED_DELTAS


def codec_of(name: str) -> DictionaryCodec:
    codec = get_codec(name)
    assert uses_dictionary(codec)
    return codec


def deltas(place: str = "all_nodes", seed: int = 7) -> Iterator[Delta]:
    """Yield what an agent server says: text that grows here and there, and time stamps."""
    draw = random.Random(seed)
    for offset in range(1, 1_000_000):
        patch: Patch = []
        for node in draw.sample(range(20), k=2):
            parent = f"/{place}/node_{node:05}"
            text = " ".join(draw.choices(WORDS, k=8))
            patch.append({"op": "append", "path": f"{parent}/full_result", "value": " " + text})
            patch.append({"op": "replace", "path": f"{parent}/timestamp_updated", "value": 1767225600.5 + offset})
        yield Delta(Position("a1B2c3D4", offset), Position("a1B2c3D4", offset + 1), patch)


def noise(seed: int = 7, characters: int = 100) -> Iterator[Delta]:
    """Yield deltas that have nothing in common."""
    draw = random.Random(seed)
    for offset in range(1, 1_000_000):
        patch: Patch = [{"op": "add", "path": "/" + "".join(draw.choices(ANY, k=characters)), "value": draw.random()}]
        yield Delta(Position(draw.randbytes(8).hex(), offset), Position("A", offset + 1), patch)


def observe(
    trainer: DictionaryTrainer, source: Iterator[Delta], count: int, codec: DictionaryCodec
) -> list[Dictionary]:
    """Send `count` deltas, and return what was adopted."""
    adopted = []
    for _ in range(count):
        delta = next(source)
        if dictionary := trainer.observe(delta, len(encode_frame(delta, codec, trainer.current))):
            assert trainer.current is dictionary
            adopted.append(dictionary)
    return adopted


@EACH
def test_a_dictionary_is_adopted_once_and_halves_what_follows(name: str) -> None:
    codec = codec_of(name)
    trainer, source = DictionaryTrainer(codec), deltas()
    (dictionary,) = observe(trainer, source, ENOUGH_SAMPLES + TRIAL_DELTAS + 4 * ONE_WATCH, codec)
    assert trainer.phase is Phase.WATCHING
    for _ in range(20):
        delta = next(source)
        encoded = encode_frame(delta, codec, dictionary)
        assert len(encoded) < len(encode_frame(delta, codec)) * 0.6
        assert decode_frame(encoded, codec, {dictionary.id: dictionary}) == delta


@EACH
def test_it_is_tried_before_it_is_used(name: str) -> None:
    codec = codec_of(name)
    trainer, source = DictionaryTrainer(codec), deltas()
    while trainer.phase is Phase.COLLECTING:
        assert observe(trainer, source, 1, codec) == []
    assert observe(trainer, source, TRIAL_DELTAS - 1, codec) == []
    assert trainer.current is None
    assert len(observe(trainer, source, 1, codec)) == 1


@EACH
def test_where_nothing_is_said_twice_none_is_used_and_the_rests_grow(name: str) -> None:
    codec = codec_of(name)
    trainer, source = DictionaryTrainer(codec), noise()
    rests: list[int] = []
    for _ in range(7):
        while trainer.phase is not Phase.RESTING:
            assert observe(trainer, source, 1, codec) == []
        rest = 0
        while trainer.phase is Phase.RESTING:
            trainer.observe(next(source), 200)  # nothing is encoded in a rest
            rest += 1
        rests.append(rest)
    assert trainer.current is None
    assert rests == [min(LONGEST_REST_DELTAS, FIRST_REST_DELTAS << doubled) for doubled in range(7)]


@EACH
def test_another_takes_its_place_when_the_channel_speaks_of_other_things(name: str) -> None:
    codec = codec_of(name)
    trainer = DictionaryTrainer(codec)
    (first,) = observe(trainer, deltas("all_nodes"), ENOUGH_SAMPLES + TRIAL_DELTAS + ONE_WATCH, codec)
    changed = map(_renamed, deltas("quite_another_place_with_other_words", seed=8))
    (second,) = observe(trainer, changed, 2 * ONE_WATCH + ENOUGH_SAMPLES + TRIAL_DELTAS, codec)
    assert second.id != first.id
    delta = next(changed)
    assert len(encode_frame(delta, codec, second)) < len(encode_frame(delta, codec, first)) * 0.8


def _renamed(delta: Delta) -> Delta:
    patch = [
        {
            "op": "replace",
            "path": f"{operation['path'].replace('node_', '01H8XGJWBWBAQ4-')}/and/deeper",
            "value": number,
        }
        for number, operation in enumerate(delta.patch)
    ]
    return Delta(delta.base, delta.position, patch)


@EACH
def test_one_that_lost_its_worth_stays_when_another_would_not_pay(name: str) -> None:
    codec = codec_of(name)
    trainer = DictionaryTrainer(codec)
    observe(trainer, deltas(), ENOUGH_SAMPLES + TRIAL_DELTAS + ONE_WATCH, codec)
    current = trainer.current
    assert current is not None
    source = noise()
    phases: list[Phase] = []
    while phases[-2:] != [Phase.RESTING, Phase.WATCHING]:
        assert observe(trainer, source, 1, codec) == []
        phases.append(trainer.phase)
    assert list(dict.fromkeys(phases)) == [Phase.WATCHING, Phase.COLLECTING, Phase.TRYING, Phase.RESTING]
    assert phases.count(Phase.RESTING) == FIRST_REST_DELTAS
    assert trainer.current is current


@EACH
def test_long_texts_are_not_in_it_and_names_are(name: str) -> None:
    codec = codec_of(name)
    trainer = DictionaryTrainer(codec)
    secret, word = "not for those who come later " * 3, "short-" * 10
    assert len(secret) > LONGEST_TEXT >= len(word)
    adopted = []
    for delta in deltas():
        patch = [
            *delta.patch,
            {"op": "add", "path": "/calls/-", "value": {"arguments": [{"query": secret}], "kind": word}},
            {"op": "move", "from": "/" + "moved_from_a_long_way_off" * 4, "path": "/moved"},
        ]
        events = (Event("task_update", {"message": secret, "kind": word}),)
        delta = Delta(delta.base, delta.position, patch, events)
        adopted = [trainer.observe(delta, len(encode_frame(delta, codec, trainer.current)))]
        if adopted[0] is not None:
            break
    content = trainer.current.content if trainer.current else b""
    assert secret[:20].encode() not in content
    for kept in (b"/all_nodes/node_", b"arguments", b"task_update", b"moved_from_a_long_way_off", b"short-short"):
        assert kept in content


@EACH
def test_samples_are_bounded_whatever_comes(name: str) -> None:
    trainer = DictionaryTrainer(codec_of(name))
    draw = random.Random(1)
    for source in (deltas(), noise(characters=1_500), noise(characters=1)):
        for _ in range(400):
            trainer.observe(next(source), draw.choice([20, 300, LARGEST_SAMPLE_BYTES, 10**7]))
            assert sum(map(len, trainer._samples)) <= ENOUGH_SAMPLE_BYTES
            assert len(trainer._samples) < ENOUGH_SAMPLES


@EACH
def test_large_deltas_are_not_looked_at(name: str) -> None:
    class Untouchable(Delta):
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"{name} was looked at")

    trainer = DictionaryTrainer(codec_of(name))
    for _ in range(200):
        assert trainer.observe(object.__new__(Untouchable), LARGEST_SAMPLE_BYTES + 1) is None
    assert trainer.phase is Phase.COLLECTING


@EACH
def test_what_is_observed_is_not_changed(name: str) -> None:
    codec = codec_of(name)
    trainer = DictionaryTrainer(codec)
    value = {"text": "x" * 100, "more": ["y" * 100]}
    delta = Delta(Position("A", 1), Position("A", 2), [{"op": "add", "path": "/a", "value": value}])
    trainer.observe(delta, 100)
    assert value == {"text": "x" * 100, "more": ["y" * 100]}
    assert delta.patch[0]["value"] is value


@pytest.mark.parametrize("name", NAMES)
def test_deltas_that_are_all_alike_make_a_dictionary_or_none_but_no_error(name: str) -> None:
    codec = codec_of(name)
    trainer = DictionaryTrainer(codec)
    delta = Delta(Position("A", 1), Position("A", 2), [], (Event("beat", None),))
    for _ in range(3 * ENOUGH_SAMPLES):
        encoded = encode_frame(delta, codec, trainer.current)
        trainer.observe(delta, len(encoded))
    assert len(encode_frame(delta, codec, trainer.current)) <= len(encode_frame(delta, codec))
