"""What one client that stops reading costs the server and the others: `python -m benchmarks.stuck [CLIENTS STUCK]`."""

import json
import sys
from typing import Any

import attrs

from benchmarks.fanout import child, read, write

CLIENTS = 200
PUBLISHES = 10_000


@attrs.frozen
class Crowd:
    """One measurement.

    Attributes:
        clients: Connected clients.
        stuck: Of these, how many stopped reading.
        median_ms: From a publish's flush to the document at a client that reads.
        p99_ms: The same for the slowest hundredth.
        grown_bytes: What the server's memory grew by, at most, after all had joined.
        parked: Subscribers to which nothing more was sent, at most at a time.
        let_go: Subscribers that were let go.
    """

    clients: int
    stuck: int
    median_ms: float
    p99_ms: float
    grown_bytes: int
    parked: int
    let_go: int


def measure(clients: int, stuck: int, publishes: int = PUBLISHES) -> Crowd:
    """Run a server and its crowd to their end; all who read hold the last document."""
    with child("benchmarks.stuck_server", publishes) as server:
        port = read(server)["port"]
        with child("benchmarks.stuck_clients", port, clients, stuck, publishes - 1) as crowd:
            assert read(crowd) == "ready"
            write(server, "go")
            told = read(server)
            latency = read(crowd)["latency_ms"]
            write(server, "end")
            crowd.kill()
        server.kill()
    return Crowd(clients, stuck, latency["median"], latency["p99"], told["grown_bytes"], told["parked"], told["let_go"])


def run_all() -> list[dict[str, Any]]:
    """Return the measurement without and with a stuck client, as JSON."""
    return [attrs.asdict(measure(CLIENTS, stuck)) for stuck in (0, 1)]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(attrs.asdict(measure(*map(int, sys.argv[1:])))))
    else:
        for one in run_all():
            print(json.dumps(one))
