"""The part of RESULTS.md that tells of the wire: bytes, batches, many clients."""

from collections.abc import Iterator, Sequence

from benchmarks import cells
from benchmarks.bars import Bar
from benchmarks.encodings import EncodingCount
from benchmarks.fanout import FanOut
from benchmarks.figures import Figure, Figures
from benchmarks.stuck import PUBLISHES, Crowd
from benchmarks.targets import Finding
from benchmarks.wire_bytes import UPDATES, FrameBytes

BYTES_PLOT = "plots/bytes_a_frame.svg"
FANOUT_PLOT = "plots/cost_of_a_delivery.svg"

BROWSER_CODEC, PYTHON_CODEC = "codec json+deflate+dictionary", "codec json+zstd+dictionary"
PYCRDT = "pycrdt update, zstd or deflate"
MANY = 200

WAYS = {"plain": "an emit for each update", "batch": "50 updates in one emit", "frames": "50 updates in a frame"}


# ---- targets -------------------------------------------------------------------------------------------------------


def target_rows(
    frames: Sequence[FrameBytes],
    fanout: Sequence[FanOut],
    encodings: Sequence[EncodingCount],
    crowds: Sequence[Crowd],
) -> Iterator[list[str]]:
    """Yield (what, target, how it was met) of each."""
    sizes = {it.row: it.settled for it in frames}
    for row, why in ((BROWSER_CODEC, "which a browser decodes without wasm"), (PYTHON_CODEC, "for Python")):
        found = Finding(f"{sizes[row]:.0f} B", sizes[row] <= 200)
        yield [f"bytes a frame with its position, decodable alone: {_code(row)}, {why}", "at most 200 B", str(found)]
    if PYCRDT in sizes:
        ours, theirs = sizes[BROWSER_CODEC], sizes[PYCRDT]
        found = Finding(f"{ours:.0f} B, pycrdt {theirs:.0f} B", ours < theirs)
        yield ["the first of them against pycrdt's updates of the same edits, compressed", "smaller", str(found)]
    plain = cost(fanout, "plain", "json")
    for way, codec in _ways_of_ours(fanout):
        times = plain / cost(fanout, way, codec)
        found = Finding(f"{times:.0f} times less", times >= 20)
        what = f"server CPU of a delivered message, {MANY} clients, frames in codec `{codec}` against plain `emit`"
        yield [what, "20 times less", str(found)]
    worst = max(encodings, key=lambda it: (it.a_flush / it.codecs, it.subscribers))
    found = Finding(f"{worst.a_flush:.0f} for {worst.codecs} codecs", worst.a_flush <= worst.codecs)
    yield [f"encodings of a flush, {worst.subscribers} subscribers", "one for each codec in use", str(found)]
    for it in crowds:
        if it.stuck:
            found = Finding(f"{it.grown_bytes / 1e6:.1f} MB", it.grown_bytes < 20e6)
            what = f"memory of the server for {it.clients} subscribers, {it.stuck} stuck, {PUBLISHES:,} publishes"
            yield [what, "growth under 20 MB", str(found)]


def cost(fanout: Sequence[FanOut], way: str, codec: str, clients: int = MANY, *, deflate: bool = False) -> float:
    """Return microseconds of the server's processor for one message to one client."""
    wanted = (way, codec, clients, deflate)
    return next(it.us for it in fanout if (it.way, it.codec, it.clients, it.deflate) == wanted)


def _ways_of_ours(fanout: Sequence[FanOut]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((it.way, it.codec) for it in fanout if it.way == "frames"))


# ---- sections ------------------------------------------------------------------------------------------------------


def frames(found: Sequence[FrameBytes], figures: Figures) -> Iterator[str]:
    yield "## Bytes a frame"
    yield ""
    rows = [
        [
            _code(it.row),
            *map(_bytes, (it.settled, it.first, it.overall)),
            _us(it.us),
            "right" if it.right else "**wrong**",
        ]
        for it in found
    ]
    for row in figures.rows("frames"):
        figure = cells.any_size(figures, "frames", row)
        rows.append([row, _bytes(figure.facts["bytes"]), "", "", "", cells.verdict([figure])])
        rows.append([f"{row}, deflate", _bytes(figure.facts["compressed_bytes"]), "", "", "", ""])
    header = ["", "settled, B", "first 100, B", "all, with the dictionary, B", "encoding, µs", "result"]
    yield from cells.table(header, rows)
    yield ""
    yield from cells.prose(
        f"""
        {UPDATES} updates of a graph of 1,000 nodes, each flushed, by way of a broadcaster and one subscriber: what is
        handed to the transport, the position included, the header of Socket.IO not. *Settled*: after the first 120
        frames, when the dictionary of the channel has been trained and sent; *all* spreads its bytes over the updates.
        Every frame can be decoded without the ones before it. `python -m benchmarks.wire_bytes` prints these alone.
        """
    )
    yield ""
    yield f"![Bytes a frame]({BYTES_PLOT})"


def batching(figures: Figures, python: Figures | None) -> Iterator[str]:
    yield "## Events in batches"
    yield ""
    sizes = figures.sizes("batching")
    rows = []
    for suffix, measured in (("", figures), (", pure Python", python or Figures([]))):
        for row in measured.rows("batching"):
            found = [measured.find("batching", row, size) for size in sizes]
            rows.append([row + suffix, *("" if it is None else f"{_throughput(it) / 1e6:.2f}" for it in found)])
    yield from cells.table(["million messages/s", *(f"{size:,} in a frame" for size in sizes)], rows)
    yield ""
    yield from cells.prose(
        """
        `emit` copies the event, so that the caller may change what it passed; a flush cuts the frame and encodes it.
        One thread. *Broadcaster*: all of it, to one subscriber whose own work is not counted. The rivals serialise a
        list that they are given, and copy nothing.
        """
    )


def fanout(found: Sequence[FanOut], encodings: Sequence[EncodingCount]) -> Iterator[str]:
    yield "## Many clients"
    yield ""
    clients = sorted({it.clients for it in found})
    rows = []
    for way, codec in dict.fromkeys((it.way, it.codec) for it in found):
        here = [cost(found, way, codec, count) for count in clients]
        label = WAYS[way] + (f", codec `{codec}`" if way == "frames" else "")
        ratio = cost(found, "plain", "json") / here[-1]
        rows.append(
            [label, *map(cells.short, here), cells.ratio(ratio), cells.short(cost(found, way, codec, deflate=True))]
        )
    header = ["", *(f"{count} clients, µs" for count in clients), f"times less at {MANY}", f"{MANY}, with deflate, µs"]
    yield from cells.table(header, rows)
    yield ""
    yield from cells.prose(
        """
        Processor time of a python-socketio server under uvicorn for one update delivered to one client, over real
        websockets; the clients, in a second process, checked that each got every update, and acknowledged frames as
        ours do. Figures of 200 clients without deflate are medians of three rounds of all five ways. *With deflate*:
        permessage-deflate on. `python -m benchmarks.fanout` prints these alone.
        """
    )
    yield ""
    count_rows = [[f"{it.subscribers}", f"{it.codecs}", f"{it.joining}", f"{it.a_flush:.0f}"] for it in encodings]
    yield from cells.table(["subscribers", "codecs in use", "encodings to join", "encodings a flush"], count_rows)
    yield ""
    yield f"![Cost of a delivery]({FANOUT_PLOT})"


def crowds(found: Sequence[Crowd]) -> Iterator[str]:
    yield "## One client that stops reading"
    yield ""
    rows = [
        [
            f"{it.stuck} of {it.clients}",
            *(cells.short(ms) for ms in (it.median_ms, it.p99_ms)),
            f"{it.grown_bytes / 1e6:.1f}",
            f"{it.parked}",
        ]
        for it in found
    ]
    yield from cells.table(["stuck", "median, ms", "p99, ms", "memory grew by, MB", "parked"], rows)
    yield ""
    yield from cells.prose(
        f"""
        {PUBLISHES:,} publishes of 10 kB by a real server, every tenth flushed, as fast as it can; from the publish to
        the frame at the clients that read. Clients acknowledge; whoever does not is sent nothing more. `python -m
        benchmarks.stuck` prints these alone.
        """
    )


# ---- plots ---------------------------------------------------------------------------------------------------------


def byte_bars(found: Sequence[FrameBytes], figures: Figures) -> list[Bar]:
    """Return what the plot of bytes shows: patches and frames, largest first."""
    bars = [Bar(it.row, it.settled, it.row.startswith("codec")) for it in found if "whole" not in it.row]
    for row in figures.rows("frames"):
        facts = cells.any_size(figures, "frames", row).facts
        bars.append(Bar(f"{row}, deflate", facts["compressed_bytes"]))
    return sorted(bars, key=lambda bar: -bar.length)


def fanout_bars(found: Sequence[FanOut]) -> list[Bar]:
    """Return what the plot of deliveries shows."""
    bars = []
    for it in found:
        if not it.deflate:
            name = f"{WAYS[it.way]}, {it.clients} clients"
            bars.append(Bar(f"{name}, {it.codec}" if it.way == "frames" else name, it.us, it.way == "frames"))
    return bars


# ---- cells ---------------------------------------------------------------------------------------------------------


def _throughput(figure: Figure) -> float:
    return figure.size / (figure.ms / 1e3)


def _code(row: str) -> str:
    kind, _, name = row.partition(" ")
    return f"codec `{name}`" if kind == "codec" else row


def _bytes(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


def _us(number: float | None) -> str:
    return "" if number is None else cells.short(number)
