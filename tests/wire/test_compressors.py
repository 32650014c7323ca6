"""What is compressed comes back, and nothing else does."""

import gzip
import random
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.errors import DecodeError, LimitExceeded
from realtime_sync.limits import Limits
from realtime_sync.wire.compressors import COMPRESSORS, Compressor
from realtime_sync.wire.frames import DEFAULT_LIMITS
from realtime_sync.wire.zstd_frames import Zstd
from tests.wire.hostile_corpus import spaces, zstd_block, zstd_frame

TEXT = b"the same words, the same words, and other ones " * 40
EACH = pytest.mark.parametrize("compressor", COMPRESSORS, ids=lambda compressor: compressor.name)


def plain(compressor: Compressor, data: bytes, max_bytes: int = 10_000, limits: Limits = DEFAULT_LIMITS) -> bytes:
    return compressor.decompress(data, codec="any", max_bytes=max_bytes, limits=limits)


@EACH
@given(st.binary(max_size=200) | st.sampled_from([TEXT, b"", b"x" * 9_999]))
def test_what_was_compressed_comes_back(compressor: Compressor, data: bytes) -> None:
    assert plain(compressor, compressor.compress(data)) == data


@EACH
def test_the_same_bytes_are_made_every_time(compressor: Compressor) -> None:
    others = [random.Random(1).randbytes(size) for size in (10, 100_000, 1_000)]
    made = set()
    for other in [b"", *others]:
        made.add(compressor.compress(TEXT))
        compressor.compress(other)
    assert len(made) == 1


def test_the_formats_are_the_ones_that_other_programs_read() -> None:
    readers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.decompress,
        "deflate": lambda data: zlib.decompress(data, -15),
        "zstd": zstandard.ZstdDecompressor().decompress,
    }
    for compressor in COMPRESSORS:
        compressed = compressor.compress(TEXT)
        assert readers.pop(compressor.name)(compressed) == TEXT
        assert len(compressed) < len(TEXT) / 10
    assert not readers


def test_a_zstd_frame_says_how_large_it_is_and_carries_no_checksum() -> None:
    header = zstandard.get_frame_parameters(Zstd().compress(TEXT))
    assert (header.content_size, header.has_checksum, header.dict_id) == (len(TEXT), False, 0)


@EACH
@pytest.mark.parametrize("size", [1, 10, 1_000, 2**17, 2**17 + 1, 10**6])
def test_as_much_as_allowed_comes_out_and_a_byte_more_does_not(compressor: Compressor, size: int) -> None:
    compressed = compressor.compress(b"x" * size)
    assert plain(compressor, compressed, size) == b"x" * size
    with pytest.raises(LimitExceeded) as refusal:
        plain(compressor, compressed, size - 1)
    assert (refusal.value.limit, refusal.value.allowed) == ("max_decoded_bytes", size - 1)
    assert refusal.value.found >= size


@pytest.mark.parametrize("size", [0, 1, 63, 64, 2**17, 3 * 2**17])
def test_a_zstd_frame_that_does_not_say_its_size_is_held_to_the_limit(size: int) -> None:
    data = random.Random(size).randbytes(size)
    compressed = zstandard.ZstdCompressor(write_content_size=False).compress(data)
    assert plain(Zstd(), compressed, size) == data
    for refused in (compressed[:-1], compressed + b"x", compressed + compressed, compressed + b"x" * 64):
        with pytest.raises(DecodeError):
            plain(Zstd(), refused, size + 1)
    if size:
        with pytest.raises(LimitExceeded):
            plain(Zstd(), compressed, size - 1)


def test_a_zstd_bomb_is_stopped_long_before_its_end() -> None:
    with pytest.raises(LimitExceeded) as refusal:
        plain(Zstd(), zstd_frame(spaces(100_000)), 2**20)
    assert refusal.value.found <= 2**20 + 16 * 2**17


def test_foreign_but_honest_streams_are_read() -> None:
    by_name = {compressor.name: compressor for compressor in COMPRESSORS}
    assert plain(by_name["gzip"], gzip.compress(TEXT, mtime=1_700_000_000)) == TEXT
    assert (
        plain(by_name["gzip"], b"\x1f\x8b\x08\x18" + bytes(6) + b"name\0comment\0" + zlib.compress(TEXT, 1, 31)[10:])
        == TEXT
    )
    assert plain(by_name["deflate"], zlib.compress(TEXT, 0, -15)) == TEXT
    assert plain(by_name["zstd"], zstandard.ZstdCompressor(level=19, write_checksum=True).compress(TEXT)) == TEXT


def test_a_window_may_be_as_large_as_the_limit_allows_but_no_larger() -> None:
    block = zstd_block(1, 100, b"x", last=True)
    assert plain(Zstd(), zstd_frame(block, window_log=23)) == b"x" * 100
    with pytest.raises(LimitExceeded, match="16777216 is over max_window_bytes=8388608"):
        plain(Zstd(), zstd_frame(block, window_log=24), 2**30)
    assert plain(Zstd(), zstd_frame(block, window_log=28), limits=Limits(max_window_bytes=2**28)) == b"x" * 100


def test_a_frame_that_is_its_own_window_is_held_to_its_size_alone() -> None:
    data = bytes(2**20)
    assert plain(Zstd(), Zstd().compress(data), len(data), Limits(max_window_bytes=1)) == data


def test_a_refused_frame_does_not_spoil_the_next_one() -> None:
    zstd = Zstd()
    compressed = zstd.compress(TEXT)
    for length in range(len(compressed)):
        with pytest.raises(DecodeError):
            plain(zstd, compressed[:length])
        assert plain(zstd, compressed) == TEXT


THREADS = """
import random, sys, threading
from realtime_sync.wire.codec import available_codecs, get_codec

sys.setswitchinterval(1e-5)
done = []

def work(seed):
    draw = random.Random(seed)
    for turn in range(200):
        value = {"turn": turn, "words": [draw.choice(["alpha", "beta"]) * draw.randrange(200) for _ in range(8)]}
        for name in available_codecs():
            codec = get_codec(name)
            encoded = codec.encode(value)
            assert codec.decode(encoded) == value
            assert codec.encode(value) == encoded
    done.append(seed)

threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(0 if len(done) == 8 else 1)
"""


def test_threads_share_every_codec() -> None:
    # In a process of its own: a zstandard context in two threads at a time does not raise, it kills.
    run = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
