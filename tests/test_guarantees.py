"""Whatever docs/guarantees.md names exists: files, tests in them, and commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`((?:tests|benchmarks)/[\w/.]+)(?:::\w+)?`", PAGE)))
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/.]+)::(\w+)`", PAGE)))
COMMANDS = sorted(set(re.findall(r"`python -m ([\w.]+)", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| guarantee")]


@pytest.mark.parametrize("path", FILES)
def test_file_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), NAMED_TESTS)
def test_test_stands_in_its_file(path: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", COMMANDS)
def test_command_can_be_called(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("row", ROWS)
def test_every_guarantee_names_what_shows_it(row: str) -> None:
    guarantee, how, shown = row.strip("| ").split(" | ")
    assert guarantee
    assert how
    assert re.search(r"`(tests/|benchmarks/|python -m )", shown)


def test_what_is_named_was_found() -> None:
    assert len(FILES) > 20
    assert len(NAMED_TESTS) > 5
    assert len(COMMANDS) == 3
