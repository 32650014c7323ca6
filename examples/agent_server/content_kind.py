"""Any other file: what kind it is, judged by its content."""

import math
import struct
from collections import Counter
from pathlib import PurePath

from examples.agent_server.plain_text import byte_size, counted
from examples.agent_server.reading import Content
from examples.agent_server.report import Report, Totals, Worker

WORKER = Worker(agent_name="KindReader", kind="classifier", name="signatures", version="1")

SAMPLE_BYTES = 64 * 2**10

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"%PDF-", "PDF document"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"PK\x05\x06", "empty ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (b"\x7fELF", "ELF program or library"),
    (b"MZ", "Windows program or library"),
    (b"\xcf\xfa\xed\xfe", "Mach-O program or library"),
    (b"\x00asm", "WebAssembly module"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"wOF2", "WOFF2 font"),
    (b"\x00\x01\x00\x00", "TrueType font"),
    (b"\x00\x00\x01\x00", "Windows icon"),
)

_TEXT_KINDS = {
    ".c": "C source",
    ".cfg": "configuration",
    ".css": "style sheet",
    ".csv": "table",
    ".h": "C header",
    ".html": "HTML page",
    ".ini": "configuration",
    ".js": "JavaScript source",
    ".json": "JSON",
    ".mjs": "JavaScript source",
    ".sh": "shell script",
    ".svg": "SVG image",
    ".toml": "TOML",
    ".ts": "TypeScript source",
    ".xml": "XML",
    ".yaml": "YAML",
    ".yml": "YAML",
}


def examine_content(name: str, content: Content) -> Report:
    """Return kind and size of a file."""
    text = _as_text(content)
    if not content.head:
        return _report(name, content, "empty file", "It is empty.")
    if text is None:
        return _binary(name, content)
    kind = _TEXT_KINDS.get(PurePath(name).suffix.lower(), "text")
    lines = text.splitlines()
    longest = max(map(len, lines), default=0)
    details = (
        f"{counted(len(lines), 'line')}, {sum(not line.strip() for line in lines):,} of them blank; "
        f"the longest has {counted(longest, 'character')}."
    )
    return _report(name, content, kind, details, lines=len(lines))


def _as_text(content: Content) -> str | None:
    """Return the content as text, or None when it is something else."""
    if b"\0" in content.head:
        return None
    try:
        return content.head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The cut may go through a character; then all but its last bytes is text.
        if not content.is_whole and error.start >= len(content.head) - 3:
            return content.head[: error.start].decode("utf-8-sig")
        return None


def _binary(name: str, content: Content) -> Report:
    kind = next((kind for signature, kind in _SIGNATURES if content.head.startswith(signature)), "binary data")
    sample = content.head[:SAMPLE_BYTES]
    details = (
        f"Its first {byte_size(len(sample))} hold {information_per_byte(sample):.1f} bits of information a byte "
        "(text has about 4.5, what is compressed about 8)."
    )
    return _report(name, content, kind, " ".join(filter(None, [_dimensions(content.head), details])))


def _dimensions(head: bytes) -> str:
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
    elif head.startswith(b"GIF8") and len(head) >= 10:
        width, height = struct.unpack_from("<HH", head, 6)
    else:
        return ""
    return f"{width:,} by {height:,} pixels."


def information_per_byte(sample: bytes) -> float:
    """Return the bits that each byte of `sample` carries on average.

    Source: Shannon's entropy of the distribution of byte values.
    """
    total = len(sample)
    return sum(count / total * math.log2(total / count) for count in Counter(sample).values())


def _report(name: str, content: Content, kind: str, details: str, *, lines: int = 0) -> Report:
    size = byte_size(content.size_bytes)
    partly = "" if content.is_whole else f"\nOnly the first {byte_size(len(content.head))} of it were looked at."
    return Report(
        worker=WORKER,
        result_type=kind,
        summary=f"{kind}, {size}",
        text=f"# {name}\n\nKind: {kind}\nSize: {size}\n\n{details}{partly}\n",
        totals=Totals(files=1, size_bytes=content.size_bytes, lines=lines),
    )
