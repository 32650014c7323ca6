"""Codecs are shared by threads."""

import subprocess
import sys
from pathlib import Path

from realtime_sync.wire.codec import available_codecs

ROOT = Path(__file__).parents[2]


def test_8_threads_share_each_codec_and_the_process_lives() -> None:
    # In a child: zstandard does not raise when two threads use one context, it takes the process with it.
    command = [sys.executable, "-W", "error", "-m", "tests.wire.codec_threads"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert tuple(run.stdout.split()) == available_codecs()
