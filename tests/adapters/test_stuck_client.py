"""One client of two hundred stops reading: the others do not notice, and the server's memory neither."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

FAR_BELOW_ALL = 10_000_000
"""Half of the 20 MB that were promised: a server that kept all 1,000 frames for the one would grow by 17 MB."""


def test_a_client_that_stops_reading_costs_the_server_little_and_the_others_nothing() -> None:
    # The command ends only when the 199 others hold the last of 10,000 publishes.
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.stuck", "200", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        timeout=300,
        check=True,
    ).stdout
    found = json.loads(printed)
    assert found["parked"] == 1, "nothing more was sent to it"
    assert found["grown_bytes"] < FAR_BELOW_ALL
