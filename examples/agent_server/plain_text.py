"""Text that is fit for JSON and for people's eyes."""

import os


def readable(text: str) -> str:
    r"""Return `text` with every lone surrogate written out (`\udc80`): JSON cannot hold one.

    They come from file names that are no UTF-8, and from string literals in Python source.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def readable_name(name: str) -> str:
    r"""Return a file's name as text; bytes that are no UTF-8 are written out (`\xff`)."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def first_line(text: str | None) -> str:
    """Return the first line of `text` that says something, or an empty string."""
    for line in (text or "").splitlines():
        if line.strip():
            return readable(line.strip())
    return ""


def shortened(text: str, length: int) -> str:
    """Return `text` on one line, at most `length` characters of it."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `1,200 files`; a noun in `y` or `s` is inflected too (`2 entries`, `2 classes`)."""
    if number != 1:
        if noun.endswith("y"):
            noun = noun[:-1] + "ie"
        elif noun.endswith("s"):
            noun += "e"
        noun += "s"
    return f"{number:,} {noun}"


def byte_size(size_bytes: float) -> str:
    """Return `512 B`, `3.4 kB`, `1.2 MB` (powers of 1,000)."""
    if size_bytes < 1_000:
        return f"{size_bytes:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size_bytes /= 1_000
        if size_bytes < 999.95:
            return f"{size_bytes:.1f} {unit}"
    return f"{size_bytes / 1_000:.1f} TB"
