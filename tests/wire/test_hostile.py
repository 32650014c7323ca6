"""Whatever strangers send ends in DecodeError: not in another error, a crash, a hang, or the end of the memory."""

import base64
import json
import math
import random
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from realtime_sync.document.normalize import normalize
from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.jsontypes import Json
from realtime_sync.limits import HIGHEST_DEPTH, Limits
from realtime_sync.wire.codec import available_codecs, get_codec
from tests.wire.hostile_corpus import HEAVY, LARGE, SMALL
from tests.wire.mutations import mutated

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("hostile_corpus.py")

MUTATIONS_IN_ALL = 10_000

FRAME: Json = {
    "type": "delta",
    "epoch": "a1B2c3D4",
    "base": 7,
    "offset": 8,
    "patch": [
        {"op": "append", "path": "/all_nodes/n7/full_result", "value": " next \u00e9 \u6f22 \U0001f680 tokens"},
        {"op": "add", "path": "/all_nodes/n7/aux", "value": {"a": [1, -1, 70_000, 2**40, 0.5, True, None, [], {}]}},
    ],
    "events": [["task_update", {"task_id": "n7", "status": "running", "progress": 40}]],
}


@pytest.mark.parametrize("name", SMALL)
def test_what_no_encoder_makes_is_refused(name: str) -> None:
    codec, data = SMALL[name]
    with pytest.raises(DecodeError) as refusal:
        get_codec(codec).decode(data)
    assert refusal.value.codec == codec
    assert refusal.value.__cause__ is None or not hasattr(refusal.value.__cause__, "doc")


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(SMALL) + len(LARGE) >= 200
    assert {codec for codec, _ in SMALL.values()} >= {"json", "msgpack", "json+gzip", "json+deflate", "json+zstd"}


@pytest.mark.parametrize(("comment", "found"), [("17 MiB declared", 17 * 2**20), ("8 GiB declared", 2**33)])
def test_a_declared_size_is_believed_before_anything_is_decompressed(comment: str, found: int) -> None:
    codec, data = SMALL[f"json+zstd: {comment}"]
    with pytest.raises(LimitExceeded) as refusal:
        get_codec(codec).decode(data)
    assert (refusal.value.limit, refusal.value.found) == ("max_decoded_bytes", found)


@pytest.mark.parametrize("data", ["{}", None, 7, {}, [b"{}"], bytearray(b"{}"), memoryview(b"{}")])
@pytest.mark.parametrize("codec", available_codecs())
def test_what_is_not_bytes_is_refused(codec: str, data: Any) -> None:
    with pytest.raises(DecodeError, match="made of bytes"):
        get_codec(codec).decode(data)


@pytest.mark.parametrize("codec", available_codecs())
def test_a_frame_cut_at_any_byte_is_refused(codec: str) -> None:
    data = get_codec(codec).encode(FRAME)
    for length in range(len(data)):
        with pytest.raises(DecodeError):
            get_codec(codec).decode(data[:length])


@pytest.mark.parametrize("codec", available_codecs())
def test_a_frame_with_anything_before_or_behind_it_is_refused(codec: str) -> None:
    data = get_codec(codec).encode(FRAME)
    for other in (b"\x00", b"x", data):
        with pytest.raises(DecodeError):
            get_codec(codec).decode(data + other)
        with pytest.raises(DecodeError):
            get_codec(codec).decode(other + data)


@pytest.mark.parametrize("codec", available_codecs())
def test_a_changed_frame_is_refused_or_means_other_json(codec: str) -> None:
    draw = random.Random(f"mutations of {codec}")
    encoded = get_codec(codec).encode(FRAME)
    refused = 0
    for _ in range(math.ceil(MUTATIONS_IN_ALL / len(available_codecs()))):
        try:
            value = get_codec(codec).decode(mutated(encoded, draw))
        except DecodeError:
            refused += 1
        else:
            assert normalize(value, limits=Limits(max_depth=HIGHEST_DEPTH)) == value
    assert refused > 100


@pytest.mark.parametrize("codec", available_codecs())
def test_noise_is_refused_or_means_json(codec: str) -> None:
    draw = random.Random(f"noise for {codec}")
    for _ in range(500):
        try:
            value = get_codec(codec).decode(draw.randbytes(draw.randrange(40)))
        except DecodeError:
            continue
        assert normalize(value) == value


@pytest.fixture(scope="module")
def measurements() -> dict[str, dict[str, Any]]:
    """What decoding each input took, each in a process of its own."""
    command = [sys.executable, "-m", "tests.wire.hostile_process"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", [*SMALL, *LARGE, *HEAVY])
def test_no_input_takes_over_64_mib_or_2_seconds(name: str, measurements: dict[str, dict[str, Any]]) -> None:
    taken = measurements[name]
    assert taken["outcome"] == ("decoded" if name in HEAVY else "refused")
    assert taken["peak_mib"] < 64
    assert taken["cpu_seconds"] < 2


@pytest.mark.parametrize("codec", available_codecs())
def test_a_frame_cut_at_any_byte_costs_nothing(codec: str, measurements: dict[str, dict[str, Any]]) -> None:
    cut = [taken for name, taken in measurements.items() if name.startswith(f"{codec}: cut at byte ")]
    assert len(cut) > 20
    assert {taken["outcome"] for taken in cut} == {"refused"}
    assert max(taken["peak_mib"] for taken in cut) < 16
    assert max(taken["cpu_seconds"] for taken in cut) < 1


def test_the_corpus_can_be_read_by_other_languages() -> None:
    run = subprocess.run([sys.executable, CORPUS], capture_output=True, text=True, timeout=60, check=True)
    lines = {line["comment"]: line for line in map(json.loads, run.stdout.splitlines())}
    outcomes = {name: line["outcome"] for name, line in lines.items()}
    assert outcomes == {**dict.fromkeys([*SMALL, *LARGE], "refused"), **dict.fromkeys(HEAVY, "decoded")}
    made = {name: (codec, make()) for name, (codec, make) in (LARGE | HEAVY).items() if "16 MiB of {}" in name}
    for name, (codec, data) in (SMALL | made).items():
        assert lines[name]["codec"] == codec
        assert zlib.decompress(base64.b64decode(lines[name]["zlib_base64"])) == data
