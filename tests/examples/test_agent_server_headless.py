"""The main job from end to end, over trees that nobody here wrote: one command, a real server, a real socket."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.agent_server.headless import run_headless
from examples.agent_server.options import PROJECT
from examples.agent_server.run import RunOptions

FIGURES = {"nodes", "updates", "bytes_sent", "bytes_if_whole", "frames", "resyncs", "converged"}


def run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the example's command, as the README says it."""
    command = [sys.executable, "-m", "examples.agent_server", *map(str, words)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


def figures_of(*words: str | Path) -> Any:
    ran = run(*words, "--headless", "--json")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    figures = json.loads(ran.stdout)
    assert set(figures) == FIGURES
    return figures


def test_email_and_json_arrive_whole_for_a_fraction_of_the_bytes(standard_library: Callable[..., Path]) -> None:
    figures = figures_of(standard_library("email", "json"))
    assert figures["nodes"] >= 30
    assert figures["converged"] is True
    assert figures["resyncs"] == 0
    assert figures["bytes_sent"] <= 0.02 * figures["bytes_if_whole"]


@pytest.mark.parametrize("codec", ["json", "msgpack+zstd"])
def test_a_large_tree_costs_at_most_a_fiftieth_of_whole_snapshots(
    standard_library: Callable[..., Path], codec: str
) -> None:
    tree = standard_library("asyncio", "email", "encodings", "importlib", "json", "unittest", "xml")
    figures = figures_of(tree, "--codec", codec)
    assert figures["nodes"] >= 150
    assert figures["updates"] >= 1_000
    assert figures["frames"] >= 5
    assert figures["converged"] is True
    assert figures["bytes_sent"] <= 0.02 * figures["bytes_if_whole"]


async def test_questions_are_approved_so_that_every_file_is_looked_at(standard_library: Callable[..., Path]) -> None:
    tree = standard_library("json", "email")
    asked = await run_headless(tree, RunOptions(ask_above=0))
    unasked = await run_headless(tree, RunOptions(ask_above=1_000))
    assert asked.nodes == unasked.nodes
    assert asked.updates == unasked.updates + 2 * 4  # four folders: a question and an answer each


async def test_a_run_that_takes_too_long_is_given_up(standard_library: Callable[..., Path]) -> None:
    with pytest.raises(TimeoutError, match=r"did not end within 0\.5 seconds"):
        await run_headless(standard_library("json"), RunOptions(pace_ms=10_000), timeout_s=0.5)


def test_people_get_words(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("text")
    ran = run(tmp_path, "--headless")
    assert ran.returncode == 0, ran.stderr
    assert "2 nodes, " in ran.stdout
    assert "Both ends hold the same document." in ran.stdout


def test_a_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    ran = run(tmp_path / "gone", "--headless", "--json")
    assert ran.returncode == 2
    assert "is not a folder" in ran.stderr


def test_the_page_is_served_at_the_printed_address_until_the_keyboard_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.agent_server", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().partition(" at ")[2].split()[0]
            with urllib.request.urlopen(url, timeout=10) as response:
                assert b"<html" in response.read()
        finally:
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=20)
    assert complaints == ""
    assert process.returncode == 0
