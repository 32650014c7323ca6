"""How a folder becomes tasks, and how a file is opened."""

import os
from pathlib import Path

import pytest

from examples.agent_server.plain_text import byte_size, counted, first_line, readable, readable_name, shortened
from examples.agent_server.plan import EntryKind, plan_folder
from examples.agent_server.reading import read_file


def test_sub_folders_come_first_and_case_does_not_matter(tmp_path: Path) -> None:
    for folder in ("zoo", "Attic"):
        (tmp_path / folder).mkdir()
    for file in ("b.txt", "A.txt", "c.txt"):
        (tmp_path / file).write_text("x" * 5)
    entries = plan_folder(tmp_path)
    assert [entry.name for entry in entries] == ["Attic", "zoo", "A.txt", "b.txt", "c.txt"]
    assert [entry.kind for entry in entries[:3]] == [EntryKind.FOLDER, EntryKind.FOLDER, EntryKind.FILE]
    assert entries[2].size_bytes == 5


def test_what_tools_leave_behind_is_left_out(tmp_path: Path) -> None:
    for folder in (".git", "__pycache__", "node_modules", ".venv", "thing.egg-info", "kept"):
        (tmp_path / folder).mkdir()
    for file in ("old.pyc", ".DS_Store", ".gitignore"):
        (tmp_path / file).write_text("")
    assert [entry.name for entry in plan_folder(tmp_path)] == ["kept", ".gitignore"]


def test_links_and_pipes_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "away").symlink_to("/nowhere/at/all")
    os.mkfifo(tmp_path / "pipe")
    kinds = {entry.name: entry.kind for entry in plan_folder(tmp_path)}
    assert kinds == {"away": EntryKind.LINK, "loop": EntryKind.LINK, "pipe": EntryKind.SPECIAL}


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plan_folder(tmp_path / "gone")


def test_a_small_file_is_read_whole_and_a_large_one_in_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdef")
    whole = read_file(path)
    assert (whole.head, whole.size_bytes, whole.is_whole) == (b"abcdef", 6, True)
    part = read_file(path, max_bytes=4)
    assert (part.head, part.size_bytes, part.is_whole) == (b"abcd", 6, False)


def test_what_became_a_link_or_a_pipe_since_it_was_planned_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic links"):
        read_file(tmp_path / "link")
    with pytest.raises(OSError, match="not a regular file"):  # and does not wait for somebody to write into it
        read_file(tmp_path / "pipe")


def test_names_and_literals_that_json_cannot_hold_are_written_out() -> None:
    assert readable_name("caf\udce9.txt") == "caf\\xe9.txt"
    assert readable("a lone \ud800") == "a lone \\ud800"


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "file", "1 file"), (0, "file", "0 files"), (1_200, "entry", "1,200 entries"), (2, "class", "2 classes")],
)
def test_numbers_inflect_their_noun(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (999_960, "1.0 MB"), (1.5e9, "1.5 GB"), (2e13, "20.0 TB")],
)
def test_sizes_are_short(size_bytes: float, text: str) -> None:
    assert byte_size(size_bytes) == text


def test_lines_are_cut_and_joined() -> None:
    assert first_line("\n\n  What it is.\n More.") == "What it is."
    assert first_line(None) == ""
    assert shortened("one\n two", 20) == "one two"
    assert shortened("x" * 30, 10) == "x" * 9 + "…"
