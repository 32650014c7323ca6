"""How a folder becomes tasks."""

import fnmatch
import os
from enum import Enum
from pathlib import Path

import attrs

from examples.agent_server.plain_text import readable_name

IGNORED_NAMES = frozenset(
    ".git .hg .svn .DS_Store __pycache__ node_modules .venv venv .tox .nox .eggs .idea "
    ".mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks".split()
)
"""What tools leave behind: nobody wrote it, and it would drown what somebody did."""

IGNORED_PATTERNS = ("*.egg-info", "*.pyc", "*.pyo")


class EntryKind(Enum):
    """What an entry of a folder is; links are named, never followed."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "symbolic link"
    SPECIAL = "special file"


@attrs.frozen
class Entry:
    """One entry of a folder.

    Attributes:
        name: As it is shown.
        path: As it is opened.
        size_bytes: Of a file; 0 for everything else.
    """

    name: str
    path: Path
    kind: EntryKind
    size_bytes: int = 0


def plan_folder(folder: Path) -> list[Entry]:
    """Return the entries of `folder` that deserve a task: sub-folders first, each group by name.

    Raises:
        OSError: The folder cannot be listed.
    """
    with os.scandir(folder) as scan:
        entries = [_entry(found) for found in scan if not is_ignored(found.name)]
    return sorted(entries, key=lambda entry: (entry.kind is not EntryKind.FOLDER, entry.name.casefold(), entry.name))


def is_ignored(name: str) -> bool:
    """Whether an entry of this name is left out."""
    return name in IGNORED_NAMES or any(fnmatch.fnmatch(name, pattern) for pattern in IGNORED_PATTERNS)


def _entry(found: "os.DirEntry[str]") -> Entry:
    kind = _kind(found)
    size_bytes = found.stat(follow_symlinks=False).st_size if kind is EntryKind.FILE else 0
    return Entry(readable_name(found.name), Path(found.path), kind, size_bytes)


def _kind(found: "os.DirEntry[str]") -> EntryKind:
    # A junction is Windows' other link to a folder; Python 3.11 cannot ask for one.
    if found.is_symlink() or getattr(found, "is_junction", lambda: False)():
        return EntryKind.LINK
    if found.is_dir(follow_symlinks=False):
        return EntryKind.FOLDER
    return EntryKind.FILE if found.is_file(follow_symlinks=False) else EntryKind.SPECIAL
