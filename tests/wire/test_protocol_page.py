"""PROTOCOL.md says what the code does: its table, its examples to the byte, and its version."""

import json
import re
from typing import Any

import orjson
import pytest

from realtime_sync.adapters._polls import MAX_REQUEST_BYTES
from realtime_sync.client.http_reply import POLL_TIMEOUT_S
from realtime_sync.limits import Limits
from realtime_sync.replication.assembly import Assembly
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.poll_schedule import CONFIRMED_INTERVALS, DEFAULT_INTERVAL_S
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.compact import frame_from_compact, frame_to_compact
from realtime_sync.wire.dictionary import Dictionary, dictionary_body, dictionary_from_body, uses_dictionary
from realtime_sync.wire.encoding import decode_frame
from realtime_sync.wire.frames import frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import (
    ACK,
    FETCH,
    RESYNC,
    SUBSCRIBE,
    UNSUBSCRIBE,
    WIRE_VERSION,
    Ack,
    Fetch,
    Outcome,
    Resync,
    Subscribe,
    unsubscribe_to_wire,
)
from realtime_sync.wire.parts import Part
from realtime_sync.wire.poll import PollReply, poll_body
from tests.protocol_page import PAGE, schema_hash, with_generated_parts

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^    (?:([\w:]+) )?(?:\"[\w]+\", )?(\{.*\})$", TEXT, re.MULTILINE)
BODIES = [text for event, text in EXAMPLES if event in ("", "batch_update")]
FRAMES = [text for text in BODIES if json.loads(text)["type"] not in ("part", "dictionary")]
PARTS = [text for text in BODIES if json.loads(text)["type"] == "part"]
COMPACT_FRAMES = re.findall(r"^    (\[.*\])$", TEXT, re.MULTILINE)
BYTES = re.findall(r"^    ([a-z+]+) ([0-9a-f]+)$", TEXT, re.MULTILINE)
MESSAGES = [(event, text) for event, text in EXAMPLES if event.startswith("sync:")]
POSTED = [text for event, text in EXAMPLES if event == "POST"]
REPLIES = [text for event, text in EXAMPLES if event == "200"]

PINNED = (1, "1682f53c40b93688")


def test_the_table_is_the_codes() -> None:
    assert with_generated_parts(TEXT) == TEXT, "run: python tests/protocol_page.py"


def test_the_schema_is_the_one_that_was_pinned() -> None:
    assert (WIRE_VERSION, schema_hash(TEXT)) == PINNED, (
        "sections 2 to 4, or 8, of PROTOCOL.md changed. If a client of this version could misread what they now say, "
        "raise WIRE_VERSION in src/realtime_sync/wire/messages.py and keep speaking the version before; then pin "
        "(WIRE_VERSION, the new hash) here, and note it in CHANGELOG.md under Wire"
    )


@pytest.mark.parametrize("text", FRAMES)
def test_an_example_of_a_frame_is_written_byte_for_byte(text: str) -> None:
    assert orjson.dumps(frame_to_wire(frame_from_wire(json.loads(text)))).decode() == text


def test_an_example_of_a_frame_in_parts_is_written_byte_for_byte() -> None:
    parts = [Part.from_wire(json.loads(text)) for text in PARTS]
    assert [orjson.dumps(part.to_wire()).decode() for part in parts] == PARTS
    assembly = Assembly(1_000)
    frames = [assembly.add(part, codec="json") for part in parts]
    assert orjson.dumps(frame_to_wire(frame_from_wire(orjson.loads(frames.pop() or b"")))) == b"".join(
        part.data.encode() for part in parts if isinstance(part.data, str)
    )
    assert not any(frames)


def test_an_example_of_a_dictionary_is_written_byte_for_byte() -> None:
    [text] = [text for text in BODIES if json.loads(text)["type"] == "dictionary"]
    [attachment] = re.findall(r"^    attachment 0, in hexadecimal: ([0-9a-f]+)$", TEXT, re.MULTILINE)
    body = {**json.loads(text), "data": bytes.fromhex(attachment)}
    codec = get_codec(body["codec"])
    assert uses_dictionary(codec)
    dictionary = dictionary_from_body(body, codec)
    assert dictionary_body(dictionary, codec) == body
    written = {**dictionary_body(dictionary, codec), "data": {"_placeholder": True, "num": 0}}
    assert orjson.dumps(written).decode() == text


@pytest.mark.parametrize(("event", "text"), MESSAGES)
def test_an_example_of_a_message_is_written_byte_for_byte(event: str, text: str) -> None:
    message: Any = json.loads(text)
    wire = {
        SUBSCRIBE: lambda: Subscribe.from_wire(message).to_wire(),
        RESYNC: lambda: Resync.from_wire(message).to_wire(),
        UNSUBSCRIBE: lambda: unsubscribe_to_wire(message["channel"]),
        FETCH: lambda: Fetch.from_wire(message).to_wire(),
        ACK: lambda: Ack.from_wire(message).to_wire(),
    }[event]()
    assert orjson.dumps(wire).decode() == text


@pytest.mark.parametrize("text", POSTED)
def test_an_example_of_a_poll_is_written_byte_for_byte(text: str) -> None:
    message = json.loads(text)
    auth = message.pop("auth", None)
    assert poll_body(Subscribe.from_wire(message).to_wire(), auth).decode() == text


@pytest.mark.parametrize("text", REPLIES)
def test_an_example_of_a_reply_is_written_byte_for_byte(text: str) -> None:
    reply = PollReply.from_bytes(text.encode(), limits=Limits())
    assert orjson.dumps(reply.to_wire()).decode() == text


def test_the_numbers_of_polling_are_the_codes() -> None:
    polling = TEXT.split("## 8. Polling")[1]
    assert f"at most {MAX_REQUEST_BYTES // 2**10} KiB" in polling
    assert f"({DEFAULT_INTERVAL_S:g} s, and up to {Backoff().jitter:.0%}".replace("%", " %") in polling
    assert f"none within {POLL_TIMEOUT_S:g} s" in polling
    assert CONFIRMED_INTERVALS == 2
    assert "shown as live for two intervals" in polling
    assert POSTED
    assert {json.loads(text)["answer"]["outcome"] for text in REPLIES} >= {"keyframe", "up_to_date", "forbidden"}


@pytest.mark.parametrize("text", COMPACT_FRAMES)
def test_an_example_of_the_compact_form_is_written_byte_for_byte(text: str) -> None:
    assert orjson.dumps(frame_to_compact(frame_from_compact(json.loads(text)))).decode() == text


@pytest.mark.parametrize(("codec", "data"), BYTES)
def test_an_example_of_bytes_is_a_frame_that_the_page_names(codec: str, data: str) -> None:
    content = re.search(r"whose content is `(.*)`", TEXT)
    assert content is not None
    dictionary = Dictionary(content[1].encode())
    assert f"`{dictionary.id}`" in TEXT
    frame = decode_frame(bytes.fromhex(data), get_codec(codec), {dictionary.id: dictionary})
    # The bytes of a compressor may differ from release to release, so they are read here and not written.
    written = orjson.dumps(frame_to_compact(frame)).decode()
    assert f"`{written.replace('the same words, ' * 12, 'the same words, ...')}`" in TEXT


def test_every_form_of_bytes_has_an_example() -> None:
    assert {bytes.fromhex(data)[0] for codec, data in BYTES if "+" in codec} == {0, 1, 2}


def test_the_limits_are_the_default_ones() -> None:
    limits = Limits()
    rows = re.findall(r"^\| .* \| ([\d,]+(?: [KM]iB)?) \| .*$", TEXT.split("## 7. Limits")[1], re.MULTILINE)
    units = {"": 1, "KiB": 2**10, "MiB": 2**20}
    found = []
    for row in rows:
        number, _, unit = row.partition(" ")
        found.append(int(number.replace(",", "")) * units[unit])
    assert found == [
        limits.max_encoded_bytes,
        limits.max_decoded_bytes,
        limits.max_elements,
        limits.max_depth,
        limits.max_operations,
        limits.max_window_bytes,
        limits.max_dictionary_bytes,
    ]


def test_every_kind_of_frame_and_message_has_an_example() -> None:
    assert {json.loads(text)[0] for text in COMPACT_FRAMES} == {"k", "d", "c"}
    kinds = {"keyframe", "delta", "closed", "part", "dictionary"}
    assert {json.loads(text)["type"] for text in BODIES} == kinds
    assert {event for event, _ in MESSAGES} == {SUBSCRIBE, RESYNC, UNSUBSCRIBE, FETCH, ACK}


def test_every_outcome_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \| (?:null|a )", TEXT, re.MULTILINE)
    assert sorted(explained) == sorted(outcome.value for outcome in Outcome)
