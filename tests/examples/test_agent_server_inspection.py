"""What is found in a file, and said about it."""

import struct
import warnings
import zlib

import pytest

from examples.agent_server.inspect_file import examine
from examples.agent_server.reading import Content
from examples.agent_server.report import BrokenFile, Report, Totals, pieces

MODULE = b'''"""What the module is for.

More of it.
"""
import os
from sys import path

LIMIT = 3


class Shape(Base):
    """A thing with corners."""

    def area(self, scale: float = 1.0) -> float:
        """Return how large it is."""
        return scale

    def _hidden(self): ...


async def fetch(url, *, timeout=None):
    def inner():
        pass
    return inner


def _private():
    """Nobody's business."""
'''


def look(name: str, source: bytes, *, size_bytes: int | None = None) -> Report:
    return examine(name, Content(source, len(source) if size_bytes is None else size_bytes))


def test_python_is_counted_and_its_public_names_are_listed() -> None:
    report = look("pkg/shapes.py", MODULE)
    assert report.result_type == "Python source"
    assert report.worker.name == "ast"
    assert report.totals == Totals(files=1, size_bytes=len(MODULE), lines=28, functions=5, classes=1)
    assert report.summary == "28 lines, 1 class, 5 functions, 3 public"
    assert "What the module is for." in report.text
    assert "3 of 6 have a docstring" in report.text
    assert "Longest function: fetch, 4 lines from line 21." in report.text
    listed = report.text.partition("## Public names\n\n")[2].splitlines()
    assert listed == [
        "class Shape(Base)  [line 11]",
        "    A thing with corners.",
        "  def area(self, scale: float=1.0) -> float  [line 14]",
        "      Return how large it is.",
        "async def fetch(url, *, timeout=None)  [line 21]",
    ]


def test_a_literal_all_decides_what_is_public() -> None:
    report = look("m.py", b"__all__ = ['_odd']\ndef _odd(): ...\ndef plain(): ...\n")
    assert "def _odd()" in report.text
    assert "def plain()" not in report.text


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"x = 1\ndef broken(:\n", "line 2: invalid syntax"),
        (b"# coding: no-such-encoding\n", "unknown encoding"),
        (b"x = '\xff'\n", "utf-8"),
        (b"x = 1\0", "null bytes"),
        (b"(" * 5_000, "too many nested parentheses"),
        (b"x = " + b"-" * 100_000 + b"1", "nested too deeply"),
    ],
)
def test_python_that_does_not_parse_is_broken(source: bytes, problem: str) -> None:
    with pytest.raises(BrokenFile, match=problem):
        look("m.py", source)


def test_doubtful_literals_are_findings_and_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = look("m.py", b"pattern = '\\d'\n")
    assert "## Doubtful" in report.text
    assert "- line 1: " in report.text
    assert "invalid escape sequence" in report.text


def test_lone_surrogates_in_docstrings_and_defaults_are_written_out() -> None:
    report = look("m.py", b"def f(x='\\ud800'):\n    '\\udfff says it'\n")
    report.text.encode("utf-8")
    assert "\\udfff says it" in report.text


def test_a_long_list_of_names_ends_with_how_many_more() -> None:
    report = look("m.py", b"".join(b"def f%d(): ...\n" % number for number in range(250)))
    assert report.text.endswith("and 50 more\n")


def test_half_a_module_is_judged_by_its_content() -> None:
    report = look("m.py", b"def broken(\n", size_bytes=10**9)
    assert report.result_type == "text"
    assert "Only the first 12 B of it were looked at." in report.text
    assert report.totals.size_bytes == 10**9


def test_markdown_is_outlined() -> None:
    text = b"Before.\n\n# Top #\n\none two three\n\n```\n# no heading\n```\n\n"
    text += b"## Second\n\nfour\n\nThird\n-----\n\nfive six\n"
    report = look("notes.md", text)
    assert report.summary == "12 words under 3 headings"
    outline = report.text.partition("## Headings\n\n")[2].partition("\n\n")[0].splitlines()
    assert outline == ["- Top  [line 3]", "  - Second  [line 11]", "- Third  [line 15]"]
    assert "- (before the first heading): 1 word, 8 %" in report.text


def test_restructured_text_levels_follow_the_order_of_their_underlines() -> None:
    report = look("index.rst", b"Title\n=====\n\nwords here\n\nPart\n~~~~\n\nmore\n\nNext\n====\n")
    outline = report.text.partition("## Headings\n\n")[2].partition("\n\n")[0].splitlines()
    assert outline == ["- Title  [line 1]", "  - Part  [line 6]", "- Next  [line 11]"]


def test_a_text_of_bytes_that_are_no_text_is_judged_by_its_content() -> None:
    assert look("notes.txt", b"\xff\xfe\xfa").result_type == "binary data"
    assert look("notes.txt", b"a\0b").result_type == "binary data"


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header


@pytest.mark.parametrize(
    ("name", "source", "kind", "said"),
    [
        ("a.png", png(640, 480), "PNG image", "640 by 480 pixels."),
        ("a.gif", b"GIF89a" + struct.pack("<HH", 3, 4) + b"\0", "GIF image", "3 by 4 pixels."),
        ("a.unknown", zlib.compress(bytes(range(256)) * 9), "binary data", "bits of information a byte"),
        ("a.zip", b"PK\x03\x04\0", "ZIP archive", "Size: 5 B"),
        (
            "a.js",
            b"let x = 1;\n\n// \xe2\x82\xac\n",
            "JavaScript source",
            "3 lines, 1 of them blank; the longest has 10",
        ),
        ("LICENSE", b"MIT\n", "text", "1 line, 0 of them blank"),
        ("nothing", b"", "empty file", "It is empty."),
    ],
)
def test_any_other_file_is_named_by_its_content(name: str, source: bytes, kind: str, said: str) -> None:
    report = look(name, source)
    assert report.result_type == kind
    assert said in report.text


def test_a_cut_through_a_character_leaves_a_text_a_text() -> None:
    report = look("a.csv", "ab€".encode()[:-1], size_bytes=100)
    assert report.result_type == "table"


def test_a_result_is_written_in_pieces_that_lose_nothing() -> None:
    text = "".join(f"line {number}\n" for number in range(101)) + "the end"
    written = pieces(text, most=10)
    assert "".join(written) == text
    assert len(written) <= 10
    assert pieces("") == []
    assert pieces("one\ntwo\n") == ["one\n", "two\n"]
