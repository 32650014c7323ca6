"""Text for people: its headings, and where most of it stands."""

import re
from collections.abc import Iterator

import attrs

from examples.agent_server.plain_text import byte_size, counted, shortened
from examples.agent_server.reading import Content
from examples.agent_server.report import Report, Totals, Worker

WORKER = Worker(agent_name="ProseReader", kind="parser", name="headings", version="1")

MAX_HEADINGS = 100
LONGEST_SECTIONS = 5

_SUFFIXES = frozenset({".md", ".markdown", ".rst", ".txt", ".adoc"})
_HASH_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"(=|-|~|\^|\*|\"|'|#|\+)\1{2,}\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


@attrs.frozen
class Section:
    """A heading and the words up to the next one.

    Attributes:
        level: 1 is the outermost; 0 is the text before the first heading.
    """

    title: str
    level: int
    line: int
    words: int


def is_prose(suffix: str, content: Content) -> bool:
    """Whether a file is text for people, by its suffix (`.md`) and by holding text at all."""
    if suffix not in _SUFFIXES or b"\0" in content.head:
        return False
    try:
        content.head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def examine_prose(name: str, content: Content) -> Report:
    """Return headings and longest sections of a text that `is_prose`."""
    lines = content.head.decode("utf-8-sig").splitlines()
    sections = list(_sections(lines))
    words = sum(section.words for section in sections)
    headings = [section for section in sections if section.level]
    paragraphs = [
        f"# {name}",
        f"{byte_size(content.size_bytes)}: {counted(len(lines), 'line')}, {counted(words, 'word')}, "
        f"{counted(len(headings), 'heading')}.",
        _outline(headings),
        _longest(sections, words),
    ]
    return Report(
        worker=WORKER,
        result_type="text",
        summary=f"{counted(words, 'word')} under {counted(len(headings), 'heading')}",
        text="\n\n".join(filter(None, paragraphs)) + "\n",
        totals=Totals(files=1, size_bytes=content.size_bytes, lines=len(lines), words=words),
    )


def _sections(lines: list[str]) -> Iterator[Section]:
    """Cut the text at its headings: `## So`, or a line underlined as in Markdown and reStructuredText."""
    title, level, start, words = "", 0, 1, 0
    underlines: list[str] = []  # in order of appearance: the first one used marks level 1
    in_code = False
    heading = None
    for index, line in enumerate(lines):
        if heading is not None and _UNDERLINE.match(line):
            heading = None  # the line under a heading; `~~~` is no fence here
            continue
        if _FENCE.match(line):
            in_code = not in_code
        heading = None if in_code else _heading(line, "".join(lines[index + 1 : index + 2]), underlines)
        if heading is None:
            words += len(line.split())
            continue
        if level or words:
            yield Section(title, level, start, words)
        (title, level), start, words = heading, index + 1, 0
    if level or words:
        yield Section(title, level, start, words)


def _heading(line: str, below: str, underlines: list[str]) -> tuple[str, int] | None:
    if match := _HASH_HEADING.match(line):
        return shortened(match[2], 100), len(match[1])
    if not line.strip() or line[0].isspace() or _UNDERLINE.match(line) or not _UNDERLINE.match(below):
        return None
    if len(below.strip()) < min(len(line.strip()), 4):
        return None  # `---` under a long line is a rule, not an underline
    if below[0] not in underlines:
        underlines.append(below[0])
    return shortened(line, 100), underlines.index(below[0]) + 1


def _outline(headings: list[Section]) -> str:
    if not headings:
        return "It has no headings."
    shown = [f"{'  ' * (heading.level - 1)}- {heading.title}  [line {heading.line}]" for heading in headings]
    more = [f"and {len(shown) - MAX_HEADINGS:,} more"] if len(shown) > MAX_HEADINGS else []
    return "\n".join(["## Headings", "", *shown[:MAX_HEADINGS], *more])


def _longest(sections: list[Section], words: int) -> str:
    if len(sections) < 2 or not words:
        return ""
    longest = sorted(sections, key=lambda section: -section.words)[:LONGEST_SECTIONS]
    shown = [
        f"- {section.title or '(before the first heading)'}: {counted(section.words, 'word')}, "
        f"{100 * section.words / words:.0f} %"
        for section in longest
    ]
    return "\n".join(["## Longest sections", "", *shown])
