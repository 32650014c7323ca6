"""Dictionaries as they travel, and frames that need one: read by those who hold it, refused by all others."""

import random
import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
import zstandard

from realtime_sync.document.normalize import normalize
from realtime_sync.errors import DecodeError, LimitExceeded, ProtocolError, UnknownDictionary
from realtime_sync.limits import Limits
from realtime_sync.position import Position
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.dictionary import (
    Dictionary,
    DictionaryCodec,
    dictionary_body,
    dictionary_from_body,
    is_dictionary_body,
    uses_dictionary,
)
from realtime_sync.wire.encoding import decode_frame, encode_frame, frame_from_value
from realtime_sync.wire.frames import Closed, Delta, Event, Keyframe
from tests.wire.hostile_corpus import spaces, zstd_block, zstd_frame
from tests.wire.mutations import mutated
from tests.wire.test_training import EACH, NAMES, codec_of, deltas

SAMPLES = [delta for delta, _ in zip(deltas(), range(100), strict=False)]
DELTA = SAMPLES[-1]


def made_for(codec: DictionaryCodec) -> Dictionary:
    dictionary = codec.dictionary_of([codec.sample(frame_to_compact(delta)) for delta in SAMPLES[:80]])
    assert dictionary is not None
    return dictionary


MADE = {name: made_for(codec_of(name)) for name in NAMES}


def held(*dictionaries: Dictionary) -> Mapping[str, Dictionary]:
    return {dictionary.id: dictionary for dictionary in dictionaries}


# ---- the dictionary itself -----------------------------------------------------------------------------------------


def test_the_id_is_the_crc_of_the_content() -> None:
    assert Dictionary(b"123456789").id == "cbf43926"
    assert Dictionary(b"").id == "00000000"
    assert Dictionary(b"a") == Dictionary(b"a") != Dictionary(b"b")
    assert len({Dictionary(b"a"), Dictionary(b"a"), Dictionary(b"b")}) == 2
    assert "content" not in repr(Dictionary(b"secret"))


def test_what_is_prepared_from_it_is_prepared_once() -> None:
    dictionary, made = Dictionary(b"abc"), []

    def prepare(content: bytes) -> list[bytes]:
        made.append(content)
        return [content]

    assert dictionary.prepared("x", prepare) is dictionary.prepared("x", prepare)
    assert dictionary.prepared("y", prepare) is not dictionary.prepared("x", prepare)
    assert made == [b"abc", b"abc"]


def test_only_codecs_that_say_so_use_dictionaries() -> None:
    assert [name for name in available_codecs() if uses_dictionary(get_codec(name))] == sorted(
        NAMES, key=available_codecs().index
    )


# ---- its body ------------------------------------------------------------------------------------------------------


@EACH
def test_it_travels_whole(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    body = dictionary_body(dictionary, codec)
    assert is_dictionary_body(body)
    assert {**body, "data": None} == {"type": "dictionary", "codec": name, "id": dictionary.id, "data": None}
    assert type(body["data"]) is bytes
    assert len(body["data"]) < len(dictionary.content) / 2
    assert dictionary_from_body(body, codec) == dictionary


@EACH
def test_a_small_one_travels_as_it_is(name: str) -> None:
    codec = codec_of(name)
    body = dictionary_body(Dictionary(b"tiny"), codec)
    assert body["data"] == b"\x00tiny"
    assert dictionary_from_body(body, codec).content == b"tiny"


@EACH
def test_a_damaged_one_is_not_taken(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    body = dictionary_body(dictionary, codec)
    for damaged in (dictionary.content[:-1], dictionary.content + b"x", b"\x00" + dictionary.content[1:]):
        with pytest.raises(DecodeError, match="damaged"):
            dictionary_from_body({**body, "data": b"\x00" + damaged}, codec)
    with pytest.raises(DecodeError, match="damaged"):
        dictionary_from_body({**body, "id": dictionary.id.upper() + " "}, codec)
    with pytest.raises(DecodeError, match="no bytes"):
        dictionary_from_body({**body, "id": "00000000", "data": b"\x00"}, codec)


@EACH
def test_one_cut_at_any_byte_is_not_taken(name: str) -> None:
    codec = codec_of(name)
    body = dictionary_body(MADE[name], codec)
    for length in range(0, len(body["data"]), 7):
        with pytest.raises(DecodeError):
            dictionary_from_body({**body, "data": body["data"][:length]}, codec)


@EACH
def test_one_that_needs_another_is_not_taken(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    needy = codec.encode_with(DELTA.patch, dictionary)
    assert needy[0] == 2
    with pytest.raises(DecodeError):
        dictionary_from_body({**dictionary_body(dictionary, codec), "data": needy}, codec)


@EACH
def test_a_large_one_is_refused_by_name_before_it_is_made(name: str) -> None:
    codec = codec_of(name)
    allowed = Dictionary(random.Random(1).randbytes(32 * 2**10))
    assert dictionary_from_body(dictionary_body(allowed, codec), codec) == allowed
    for larger in (allowed.content + b"x", bytes(10**7)):
        body = dictionary_body(Dictionary(larger), codec)
        with pytest.raises(LimitExceeded) as refusal:
            dictionary_from_body(body, codec)
        assert (refusal.value.codec, refusal.value.limit, refusal.value.allowed) == (
            name,
            "max_dictionary_bytes",
            32 * 2**10,
        )
    with pytest.raises(LimitExceeded, match="max_encoded_bytes"):
        dictionary_from_body(body, codec, limits=Limits(max_encoded_bytes=100))


BOMBS = {
    "json+zstd+dictionary": b"\x01" + zstd_frame(spaces(100_000)),
    "json+deflate+dictionary": b"\x01" + zlib.compress(bytes(10**8), wbits=-15),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_in_its_place_is_stopped(name: str) -> None:
    body = {"type": "dictionary", "codec": name, "id": "00000000", "data": BOMBS[name]}
    with pytest.raises(LimitExceeded, match="max_dictionary_bytes=32768"):
        dictionary_from_body(body, codec_of(name))


WRONG: list[tuple[str, list[Any]]] = [
    ("type", ["delta", None, 7, ["dictionary"]]),
    ("codec", ["json+gzip", "", None, 7, "msgpack+deflate+dictionary"]),
    ("id", [None, 7, b"cbf43926", ["cbf43926"]]),
    ("data", [None, 7, "text", [], bytearray(b"\x00"), {"_placeholder": True, "num": 0}]),
]


@pytest.mark.parametrize("change", [{member: value} for member, values in WRONG for value in values])
def test_a_body_that_brings_none_is_refused(change: dict[str, Any]) -> None:
    codec = codec_of("json+zstd+dictionary")
    body = dictionary_body(MADE[codec.name], codec)
    with pytest.raises(ProtocolError):
        dictionary_from_body({**body, **change}, codec)
    member = next(iter(change))
    with pytest.raises(ProtocolError):
        dictionary_from_body({key: value for key, value in body.items() if key != member}, codec)


@pytest.mark.parametrize("body", [None, 7, "dictionary", [], {}, b"\x00"])
def test_what_is_no_body_is_none_of_a_dictionary(body: Any) -> None:
    assert not is_dictionary_body(body)
    with pytest.raises(ProtocolError):
        dictionary_from_body(body, codec_of("json+zstd+dictionary"))


# ---- frames that need it -------------------------------------------------------------------------------------------


@EACH
def test_a_delta_with_everything_comes_back(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    delta = attrs.evolve(DELTA, events=(Event("e", {"a": [1, None]}),), dropped=3)
    encoded = encode_frame(delta, codec, dictionary)
    assert encoded[:5] == b"\x02" + bytes.fromhex(dictionary.id)
    assert decode_frame(encoded, codec, held(dictionary)) == delta
    assert encode_frame(delta, codec, dictionary) == encoded


@EACH
def test_deltas_alone_use_it(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    position = Position("a1B2c3D4", 7)
    for frame in (Keyframe(position, {"all_nodes": {}}), Closed("a1B2c3D4", "archived")):
        encoded = encode_frame(frame, codec, dictionary)
        assert encoded == encode_frame(frame, codec)
        assert decode_frame(encoded, codec) == frame


@pytest.mark.parametrize("name", [name for name in available_codecs() if name not in NAMES])
def test_codecs_that_cannot_use_it_leave_it(name: str) -> None:
    codec, dictionary = get_codec(name), MADE["json+zstd+dictionary"]
    encoded = encode_frame(DELTA, codec, dictionary)
    assert encoded == encode_frame(DELTA, codec)
    assert decode_frame(encoded, codec, held(dictionary)) == DELTA


@EACH
def test_a_large_delta_does_without_it(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    delta = attrs.evolve(DELTA, patch=[{"op": "add", "path": "/a", "value": "word " * 20_000}])
    encoded = encode_frame(delta, codec, dictionary)
    assert encoded[0] == 1
    assert decode_frame(encoded, codec) == delta


@EACH
def test_what_it_would_not_make_smaller_stays_as_it_is(name: str) -> None:
    codec = codec_of(name)
    value = "".join(random.Random(1).choices("".join(map(chr, range(35, 91))), k=4))
    encoded = codec.encode_with(value, Dictionary(b"nothing of it"))
    assert encoded[0] == 0
    assert codec.decode(encoded) == value


@EACH
def test_without_it_a_frame_names_what_it_needs(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    encoded = encode_frame(DELTA, codec, dictionary)
    for others in ({}, held(Dictionary(b"another"))):
        with pytest.raises(UnknownDictionary, match=dictionary.id) as refusal:
            decode_frame(encoded, codec, others)
        assert (refusal.value.codec, refusal.value.id) == (name, dictionary.id)
    with pytest.raises(UnknownDictionary):
        codec.decode(encoded)


@EACH
def test_either_of_two_that_are_held_is_found(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    other = Dictionary(b'["d","a1B2c3D4",' * 20)
    both = held(dictionary, other)
    for needed in (dictionary, other):
        assert decode_frame(encode_frame(DELTA, codec, needed), codec, both) == DELTA


@EACH
def test_a_frame_cut_at_any_byte_is_refused(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    encoded = encode_frame(DELTA, codec, dictionary)
    for length in range(len(encoded)):
        with pytest.raises(DecodeError):
            decode_frame(encoded[:length], codec, held(dictionary))


@EACH
def test_a_frame_with_anything_behind_it_is_refused(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    encoded = encode_frame(DELTA, codec, dictionary)
    for other in (b"\x00", b"x", encoded, encoded[5:]):
        with pytest.raises(DecodeError):
            decode_frame(encoded + other, codec, held(dictionary))


@EACH
def test_the_wrong_dictionary_under_the_right_id_yields_no_crash(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    encoded = encode_frame(DELTA, codec, dictionary)
    for other in MADE.values():
        _is_refused_or_json(lambda other=other: codec.decode_with(encoded, {dictionary.id: other}))  # type: ignore[misc]


@EACH
def test_a_changed_frame_is_refused_or_means_other_json(name: str) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    draw = random.Random(f"mutations of {name} with a dictionary")
    encoded = encode_frame(DELTA, codec, dictionary)
    refused = 0
    for _ in range(1_000):
        data = encoded[:5] + mutated(encoded[5:], draw)
        refused += _is_refused_or_json(lambda data=data: codec.decode_with(data, held(dictionary)))  # type: ignore[misc]
    assert refused > 100


@EACH
def test_a_changed_dictionary_is_refused_or_makes_other_json(name: str) -> None:
    # One that whoever sent it gave the right id: its content is a stranger's, too.
    codec, dictionary = codec_of(name), MADE[name]
    draw = random.Random(f"mutations of the dictionary of {name}")
    encoded = encode_frame(DELTA, codec, dictionary)
    for _ in range(300):
        if draw.random() < 0.5:
            tables, rest = dictionary.content[:200], dictionary.content[200:]  # zstd's tables stand at the beginning
            hostile = Dictionary(mutated(tables, draw) + rest)
        else:
            hostile = Dictionary(mutated(dictionary.content, draw))
        _is_refused_or_json(lambda hostile=hostile: codec.decode_with(encoded, {dictionary.id: hostile}))  # type: ignore[misc]


def _is_refused_or_json(decode: Callable[[], Any]) -> bool:
    try:
        value = decode()
    except DecodeError:
        return True
    assert normalize(value) == value
    return False


@EACH
@pytest.mark.parametrize("content", [b"\x37\xa4\x30\xec", b"\x37\xa4\x30\xec" + b"x" * 100, b"x"])
def test_content_that_is_no_dictionary_of_zstd_is_no_crash(name: str, content: bytes) -> None:
    codec, dictionary = codec_of(name), MADE[name]
    encoded = encode_frame(DELTA, codec, dictionary)
    assert _is_refused_or_json(lambda: codec.decode_with(encoded, {dictionary.id: Dictionary(content)}))


def with_dictionary(dictionary: Dictionary, compressed: bytes) -> bytes:
    return b"\x02" + bytes.fromhex(dictionary.id) + compressed


def test_bombs_that_use_it_are_stopped() -> None:
    codec, dictionary = codec_of("json+zstd+dictionary"), Dictionary(b" " * 1_000)
    for bomb in (zstd_frame(spaces(100_000)), zstd_frame(spaces(1), size=2**33)):
        with pytest.raises(LimitExceeded, match="max_decoded_bytes"):
            codec.decode_with(with_dictionary(dictionary, bomb), held(dictionary))
    with pytest.raises(LimitExceeded, match="max_window_bytes"):
        codec.decode_with(
            with_dictionary(dictionary, zstd_frame(zstd_block(1, 9, b" ", last=True), window_log=24)), held(dictionary)
        )
    codec = codec_of("json+deflate+dictionary")
    compressor = zlib.compressobj(wbits=-15, zdict=dictionary.content)
    bomb = compressor.compress(b" " * 10**8) + compressor.flush()
    with pytest.raises(LimitExceeded, match="max_decoded_bytes"):
        codec.decode_with(with_dictionary(dictionary, bomb), held(dictionary))


def test_a_frame_of_another_encoder_that_does_not_say_its_size_is_read() -> None:
    codec, dictionary = codec_of("json+zstd+dictionary"), Dictionary(b'{"a":"words of it"}' * 10)
    foreign = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(dictionary.content), write_content_size=False
    )
    data = with_dictionary(dictionary, foreign.compress(b'{"a":"words of it"}'))
    assert codec.decode_with(data, held(dictionary)) == {"a": "words of it"}


def test_an_id_inside_a_zstd_frame_is_refused() -> None:
    codec, dictionary = codec_of("json+zstd+dictionary"), MADE["json+zstd+dictionary"]
    foreign = zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(dictionary.content))
    with pytest.raises(DecodeError, match="where nobody looks"):
        codec.decode_with(with_dictionary(dictionary, foreign.compress(b"{}")), held(dictionary))


@pytest.mark.parametrize("value", [None, True, 7, "delta", b"\x00"])
def test_a_value_that_is_neither_form_is_no_frame(value: Any) -> None:
    with pytest.raises(ProtocolError, match="no frame"):
        frame_from_value(value)


@EACH
def test_threads_share_a_dictionary(name: str) -> None:
    codec, dictionary = codec_of(name), Dictionary(MADE[name].content)
    expected = [encode_frame(delta, codec, MADE[name]) for delta in SAMPLES]
    wrong: list[Delta] = []

    def work() -> None:
        for delta, encoded in zip(SAMPLES, expected, strict=True):
            if encode_frame(delta, codec, dictionary) != encoded:
                wrong.append(delta)
            if decode_frame(encoded, codec, held(dictionary)) != delta:
                wrong.append(delta)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
