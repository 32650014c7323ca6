"""How many bytes a change is on the wire, and what encoding it costs: `python -m benchmarks.wire_bytes`.

A channel of a real broadcaster holds the workload's graph of 1,000 nodes and takes 500 updates, each flushed, while one
subscriber watches through a codec, with a dictionary where the codec has one, as it is trained and sent. What the
subscriber holds at the end is compared with the channel's document.
"""

import asyncio
import gzip
import itertools
import json
import statistics
import time
import zlib
from collections.abc import Callable
from typing import Any

import attrs
import orjson
import zstandard

from benchmarks.cases import updates
from benchmarks.pycrdt_document import Shared, content, pycrdt
from realtime_sync import AsyncBroadcaster, Replica, allow_everyone, available_codecs, diff
from realtime_sync.document.equality import json_equal
from realtime_sync.replication.subscription import Subscription
from realtime_sync.testing import MemoryClient, MemoryTransport

NODES = 1_000
UPDATES = 500
LEARNED = 120
"""Frames after which a dictionary is trained and sent; what follows is the settled state."""

CHANNEL = "project_42"


@attrs.frozen
class FrameBytes:
    """What updates were as bytes.

    Attributes:
        row: By whom and how.
        first: Mean bytes of a frame before a dictionary could be trained (its first 100).
        settled: Mean bytes of a frame after `LEARNED` frames; without the transport's own header.
        overall: Mean of all, the dictionary's bytes included.
        us: Mean microseconds of processor time to encode one settled frame; None: not measured.
        right: Whether the other end held the same document at the end.
    """

    row: str
    settled: float
    first: float | None = None
    overall: float | None = None
    us: float | None = None
    right: bool = True


class Watcher:
    """One subscriber, and the sizes of what it got."""

    def __init__(self, client: MemoryClient, codec: str) -> None:
        self.frames: list[int] = []
        self.others = 0  # bytes of what is no frame: dictionaries
        self.subscription = Subscription(CHANNEL, [codec], Replica())
        self._client = client

    async def exchange(self) -> None:
        while True:
            await self._client.send_all(self.subscription.outgoing())
            arrived = self._client.take()
            if not arrived:
                return
            for _, arguments in arrived:
                self._take(*arguments[1:])

    def _take(self, body: Any, answer: Any = None) -> None:
        if isinstance(body, dict) and body.get("type") == "dictionary":
            self.others += len(body["data"])
        elif answer is None:
            self.frames.append(len(body) if isinstance(body, bytes) else len(orjson.dumps(body)))
        self.subscription.receive(body, answer, time.monotonic())


async def of_codec(codec: str) -> FrameBytes:
    """Return what the library sends through a codec."""
    steps = updates(NODES, UPDATES)
    transport = MemoryTransport()
    async with AsyncBroadcaster(transport, authorize=allow_everyone, window_ms=0) as hub:
        channel = hub.channel(CHANNEL, initial=steps[0].before)
        await channel.flush()
        watcher = Watcher(transport.connect(), codec)
        watcher.subscription.connected(time.monotonic())
        await watcher.exchange()
        spent = []
        for step in steps:
            with channel.edit() as doc:
                step.write(doc)
            spent.append(await cpu_of_encoding(channel))
            await watcher.exchange()
        right = json_equal(watcher.subscription.replica.document, channel.primary.document)
        assert len(watcher.frames) == UPDATES, "a frame an update"
    return FrameBytes(
        f"codec {codec}",
        first=statistics.mean(watcher.frames[:100]),
        settled=statistics.mean(watcher.frames[LEARNED:]),
        overall=(sum(watcher.frames) + watcher.others) / UPDATES,
        us=statistics.median(spent[LEARNED:]) * 1e6,
        right=right,
    )


async def cpu_of_encoding(channel: Any) -> float:
    """Flush, and return the seconds that encoding the frame took."""
    spent = 0.0
    encodings = channel.encodings
    inner = encodings.encode

    def timed(*arguments: Any) -> Any:
        nonlocal spent
        start = time.perf_counter()
        try:
            return inner(*arguments)
        finally:
            spent += time.perf_counter() - start

    encodings.encode = timed
    try:
        await channel.flush()
    finally:
        del encodings.encode
    return spent


# ---- rivals --------------------------------------------------------------------------------------------------------


def whole_snapshots() -> list[FrameBytes]:
    """Return what sending the whole graph at each update takes; a few of them tell it."""
    documents = [step.before for step in updates(NODES, UPDATES)[:: UPDATES // 4]]
    ways: dict[str, Callable[[bytes], bytes]] = {
        "JSON": bytes,
        "JSON, gzip": lambda text: gzip.compress(text, 6),
        "JSON, zstd": zstandard.ZstdCompressor(level=3).compress,
    }
    found = []
    for name, way in ways.items():
        sizes, spent = [], []
        for document in documents:
            start = time.perf_counter()
            sizes.append(len(way(orjson.dumps(document))))
            spent.append(time.perf_counter() - start)
        found.append(
            FrameBytes(f"whole snapshot, {name}", statistics.mean(sizes), us=statistics.median(spent[1:]) * 1e6)
        )
    return found


def json_patches() -> list[FrameBytes]:
    """Return what RFC 6902 alone takes: texts that grow are replaced."""
    steps = updates(NODES, UPDATES)
    texts = []
    for old, new in itertools.pairwise(steps):
        texts.append(json.dumps(diff(old.before, new.before), separators=(",", ":"), ensure_ascii=False).encode())
    settled = texts[LEARNED:]
    compress = zstandard.ZstdCompressor(level=3).compress
    return [
        FrameBytes("JSON Patch (RFC 6902)", statistics.mean(map(len, settled))),
        FrameBytes("JSON Patch (RFC 6902), zstd", statistics.mean(len(compress(text)) for text in settled)),
        FrameBytes("JSON Patch (RFC 6902), deflate", statistics.mean(len(zlib.compress(text, 6)) for text in settled)),
    ]


def pycrdt_updates() -> list[FrameBytes]:
    """Return what pycrdt (Yjs) makes of the same edits."""
    steps = updates(NODES, UPDATES)
    growing = {(*edit.path, edit.key) for step in steps for edit in step.edits if edit.grows_text}
    shared = Shared(steps[0].before, growing)
    other = shared.replica()
    sent = []
    for step in steps:
        sent.append(shared.write(step.edits))
        other.apply_update(sent[-1])
    right = json_equal(content(other), content(shared.doc))
    settled = sent[LEARNED:]
    compress = zstandard.ZstdCompressor(level=3).compress
    smallest = [min(len(compress(one)), len(zlib.compress(one, 6))) for one in settled]
    return [
        FrameBytes("pycrdt update", statistics.mean(map(len, settled)), right=right),
        FrameBytes("pycrdt update, zstd or deflate", statistics.mean(smallest), right=right),
    ]


def run_all() -> list[dict[str, Any]]:
    """Return every measurement, as JSON."""
    found = whole_snapshots() + json_patches()
    if pycrdt is not None:
        found += pycrdt_updates()
    found += [asyncio.run(of_codec(codec)) for codec in available_codecs()]
    return [attrs.asdict(one) for one in found]


if __name__ == "__main__":
    for one in run_all():
        print(json.dumps(one))
