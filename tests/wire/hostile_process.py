"""Decode each hostile input in a process of its own, and print what that took, one JSON object a line.

    .venv/bin/python -m tests.wire.hostile_process

Shape: `{"name": its name, "outcome": "refused", "decoded" or what else was raised, "peak_mib", "cpu_seconds"}`.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from realtime_sync.errors import DecodeError
from realtime_sync.wire.codec import available_codecs, get_codec
from tests.wire.hostile_corpus import FRAME_BYTES, HEAVY, LARGE, MIB, SMALL

GIVE_UP_AFTER_S = 30
"""Of the wall's clock, so that a busy machine fails nothing; the promise is 2 s of processor."""

_M_MMAP_THRESHOLD = -3
"""From glibc's malloc.h."""


def every_input() -> Iterator[tuple[str, str, bytes]]:
    """Yield (name, codec, input); a large one is made when it is its turn."""
    for name, (codec, data) in SMALL.items():
        yield name, codec, data
    for name, (codec, make) in (*LARGE.items(), *HEAVY.items()):
        yield name, codec, make()
    for codec in available_codecs():
        whole = get_codec(codec).encode(json.loads(FRAME_BYTES))
        for length in range(len(whole)):
            yield f"{codec}: cut at byte {length}", codec, whole[:length]


def measure(codec: str, data: bytes) -> dict[str, str | float]:
    """Return what decoding takes, beyond `data` itself."""
    memory_before, cpu_before = _peak_bytes(), time.process_time()
    try:
        get_codec(codec).decode(data)
    except Exception as error:
        outcome = "refused" if isinstance(error, DecodeError) else repr(error)
    else:
        outcome = "decoded"
    cpu_seconds = time.process_time() - cpu_before
    return {"outcome": outcome, "peak_mib": (_peak_bytes() - memory_before) / MIB, "cpu_seconds": cpu_seconds}


def _peak_bytes() -> int:
    """Return the most memory that this process has held since it was forked."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _give_large_blocks_back() -> None:
    """Have glibc return them to the system when they are freed, so that one input's memory is not found by the next."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_MMAP_THRESHOLD, MIB)


def main() -> None:
    _give_large_blocks_back()
    for codec in available_codecs():
        get_codec(codec).decode(get_codec(codec).encode([]))  # what the first call loads is not measured
    for name, codec, data in every_input():
        # A process of its own: its memory begins with the input, whatever making the input took.
        if os.fork() == 0:
            signal.alarm(GIVE_UP_AFTER_S)
            print(json.dumps({"name": name, **measure(codec, data)}), flush=True)
            os._exit(0)
        _, status = os.wait()
        if status:
            sys.exit(f"{name}: decoding ended the process with status {status}")


if __name__ == "__main__":
    main()
