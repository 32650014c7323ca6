"""What was measured before the small frame was chosen (docs/decisions/0008): `python -m benchmarks.small_frames`.

Bytes and microseconds of processor time for an update of the workload's graph, position included, without the envelope
(5 bytes with a dictionary, else 1). Dictionaries are made of the first frames, with texts over 64 characters blanked,
and measured on those after the first 200.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import zstandard

from benchmarks.cases import updates
from realtime_sync.jsontypes import Json
from realtime_sync.position import Position
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.frames import Delta, frame_to_wire
from realtime_sync.wire.training import blanked

NODES = 1_000
UPDATES = 700
SAMPLES = (50, 100, 200)
MEASURED_FROM = 200
SIZES = (4, 8, 16, 32)
REPETITIONS = 5

Way = Callable[[bytes], bytes]
Form = tuple[str, Callable[[Delta], Json], Callable[[Json], bytes]]

FORMS: list[Form] = [
    ("plain JSON", frame_to_wire, get_codec("json").encode),
    ("compact JSON", frame_to_compact, get_codec("json").encode),
    ("compact msgpack", frame_to_compact, get_codec("msgpack").encode),
]


@attrs.frozen
class Figure:
    """One way to write frames, and what it took."""

    form: str
    way: str
    frame_bytes: float
    us: float

    def __str__(self) -> str:
        return f"{self.form:16} {self.way:48} {self.frame_bytes:6.1f} B {self.us:6.1f} us"


def deltas() -> list[Delta]:
    return [
        Delta(Position("a1B2c3D4", offset), Position("a1B2c3D4", offset + 1), update.patch)
        for offset, update in enumerate(updates(NODES, UPDATES), 1)
    ]


def measured(form: str, way: str, encode: Way, frames: Sequence[bytes]) -> Figure:
    """Return the mean size of a frame, and the least mean time of several rounds."""
    best = float("inf")
    for _ in range(REPETITIONS):
        start = time.process_time()
        sizes = [len(encode(frame)) for frame in frames]
        best = min(best, time.process_time() - start)
    return Figure(form, way, sum(sizes) / len(sizes), best / len(sizes) * 1e6)


# ---- each frame by itself ------------------------------------------------------------------------------------------


def deflate(level: int, dictionary: bytes = b"", *, window_bits: int = -15, memory: int = 8) -> Way:
    primed = zlib.compressobj(level, zlib.DEFLATED, window_bits, memory, zlib.Z_DEFAULT_STRATEGY, dictionary)

    def encode(frame: bytes) -> bytes:
        stream = primed.copy()
        return stream.compress(frame) + stream.flush()

    return encode


def zstd(dictionary: bytes = b"", **parameters: Any) -> Way:
    settings = zstandard.ZstdCompressionParameters.from_level(
        parameters.pop("level", 3), write_content_size=True, write_checksum=False, write_dict_id=False, **parameters
    )
    content = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdCompressor(dict_data=content, compression_params=settings).compress


def alone(form: str, frames: list[bytes]) -> Iterator[Figure]:
    frames = frames[MEASURED_FROM:]
    yield measured(form, "as it is", bytes, frames)
    yield measured(form, "deflate 6", deflate(6), frames)
    yield measured(form, "zstd 3", zstd(), frames)


def with_dictionaries(form: str, samples: list[bytes], frames: list[bytes]) -> Iterator[Figure]:
    """Yield what dictionaries of many sizes, made in two ways out of few and many samples, make of later frames."""
    frames = frames[MEASURED_FROM:]
    for count in SAMPLES:
        newest = b"".join(samples[:count])
        for size in SIZES:
            trained = zstandard.train_dictionary(size * 1024, [*samples[:count]]).as_bytes()
            joined = newest[-size * 1024 :]
            of = f"{size} KiB of {count}"
            yield measured(form, f"zstd 3, trained, {of}", zstd(trained), frames)
            greedy = zstd(trained, strategy=zstandard.STRATEGY_GREEDY, min_match=5)
            yield measured(form, f"zstd 3 greedy, trained, {of}", greedy, frames)
            yield measured(form, f"zstd 6, trained, {of}", zstd(trained, level=6), frames)
            yield measured(form, f"zstd 3, samples joined, {of}", zstd(joined), frames)
            yield measured(form, f"deflate 6, samples joined, {of}", deflate(6, joined), frames)
            small = deflate(6, joined, window_bits=-14, memory=5)
            yield measured(form, f"deflate 6, smaller tables, joined, {of}", small, frames)
            yield measured(form, f"deflate 3, samples joined, {of}", deflate(3, joined), frames)
            yield measured(form, f"deflate 6, trained, {of}", deflate(6, trained), frames)


# ---- frames that need the ones before them -------------------------------------------------------------------------


def streams(form: str, frames: list[bytes]) -> Iterator[Figure]:
    """Yield what one stream takes that is begun anew every so many frames."""
    for every in (10, 50, 100):
        yield measured(form, f"deflate stream, reset every {every}", _deflate_stream(every), frames)
        yield measured(form, f"zstd stream, reset every {every}", _zstd_stream(every), frames)


def _deflate_stream(every: int) -> Way:
    streams = (zlib.compressobj(6, zlib.DEFLATED, -15) for _ in iter(int, 1))
    return _stream(every, streams, zlib.Z_SYNC_FLUSH, left_out=4)  # each flush ends with 00 00 ff ff


def _zstd_stream(every: int) -> Way:
    streams = (zstandard.ZstdCompressor(level=3).compressobj() for _ in iter(int, 1))
    return _stream(every, streams, zstandard.COMPRESSOBJ_FLUSH_BLOCK, left_out=0)


def _stream(every: int, streams: Iterator[Any], flush: int, left_out: int) -> Way:
    written = 0
    stream: Any = None

    def encode(frame: bytes) -> bytes:
        nonlocal written, stream
        if written % every == 0:
            stream = next(streams)
        written += 1
        said: bytes = stream.compress(frame) + stream.flush(flush)
        return said[: len(said) - left_out]

    return encode


def run_all() -> Iterator[Figure]:
    """Yield every figure."""
    sent = deltas()
    for name, to_value, serialise in FORMS:
        frames = [serialise(to_value(delta)) for delta in sent]
        samples = [serialise(to_value(blanked(delta))) for delta in sent[: max(SAMPLES)]]
        yield from alone(name, frames)
        yield from with_dictionaries(name, samples, frames)
        yield from streams(name, frames)


if __name__ == "__main__":
    for figure in run_all():
        print(figure)
