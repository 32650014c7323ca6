"""What a delivered message costs the server, in two processes and over real sockets: `python -m benchmarks.fanout`."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs

from benchmarks.fanout_server import PER_TURN

TURNS = {1: 200, 50: 40, 200: 20}
"""Turns of 50 updates, by the number of clients: a few seconds each."""

MOST = max(TURNS)

MORE_TURNS = 3
"""Times as many for the most clients where the 50 travel together: they take so much less than one by one that a moment
in which the machine was slow would count."""

ROUNDS = 3
"""How often all ways are measured with the most clients, one after the other; a figure is the median of its own."""

OUR_CODECS = ("json", "json+deflate+dictionary", "msgpack+zstd")
WAYS = (("plain", "json"), ("batch", "json"), *(("frames", codec) for codec in OUR_CODECS))
"""How updates are sent, and by which codec."""

PATIENCE_S = 180


@attrs.frozen
class FanOut:
    """One measurement.

    Attributes:
        way: `plain` (an emit for each update), `batch` (50 in one emit) or `frames`.
        codec: Of the frames.
        clients: Connected clients; each got every update, or there would be no measurement.
        deflate: Whether the server compressed websocket messages (permessage-deflate).
        us: Microseconds of the server's processor time for one update delivered to one client.
    """

    way: str
    codec: str
    clients: int
    deflate: bool
    us: float


def measure(way: str, codec: str, clients: int, *, deflate: bool = False) -> FanOut:
    """Run a server and its clients to their end."""
    turns = TURNS[clients] * (MORE_TURNS if clients == MOST and way != "plain" else 1)
    updates = turns * PER_TURN
    compression = "deflate" if deflate else "plain"
    with child("benchmarks.fanout_server", way, turns, compression) as server:
        port = read(server)["port"]
        with child("benchmarks.fanout_clients", port, way, codec, clients, updates, compression) as crowd:
            assert read(crowd) == "ready"
            write(server, "go")
            got = read(crowd)["updates"]
            assert got == [updates] * clients, f"not every client got {updates} updates: {got}"
            write(server, "report")
            cpu_s = read(server)["cpu_s"]
            crowd.kill()
        server.kill()
    return FanOut(way, codec, clients, deflate, cpu_s / (updates * clients) * 1e6)


def run_all() -> list[dict[str, Any]]:
    """Return every measurement, as JSON."""
    found = [measure(way, codec, clients) for clients in TURNS if clients != MOST for way, codec in WAYS]
    rounds = [[measure(way, codec, MOST) for way, codec in WAYS] for _ in range(ROUNDS)]
    for same in zip(*rounds, strict=True):
        found.append(attrs.evolve(same[0], us=statistics.median(one.us for one in same)))
    found += [measure(way, codec, MOST, deflate=True) for way, codec in WAYS]
    return [attrs.asdict(one) for one in found]


def child(module: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, words)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def read(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"{process.args!r} ended early"
    return json.loads(line)


def write(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


if __name__ == "__main__":
    for one in run_all():
        print(json.dumps(one))
