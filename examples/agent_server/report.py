"""What the work on one task brings."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

T = TypeVar("T")

MAX_PIECES = 40
"""A result is written in so many pieces at most: a person wants to see it grow, nobody waits for 1,000 lines."""


class BrokenFile(Exception):
    """A file that is not what its name promises; the text says where and why."""


@attrs.frozen(kw_only=True)
class Totals:
    """What can be added up over a tree."""

    files: int = 0
    folders: int = 0
    size_bytes: int = 0
    lines: int = 0
    words: int = 0
    functions: int = 0
    classes: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in attrs.fields(Totals)}
        )


@attrs.frozen(kw_only=True)
class Worker:
    """Who did the work, honestly: a parser is no model.

    Shape: `{"kind": "parser", "name": "ast", "version": "3.11.7"}` as a node's `model_info`.
    """

    agent_name: str
    kind: str
    name: str
    version: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a node's `model_info`."""
        return {"kind": self.kind, "name": self.name, "version": self.version}


@attrs.frozen(kw_only=True)
class ToolCall:
    """One call of a tool, with what was measured."""

    name: str
    arguments: dict[str, Any]
    metrics: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as an element of a node's `execution_details.tool_calls`."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class Report:
    """What was found in one file or folder.

    Attributes:
        result_type: In two or three words what was looked at: `Python source`.
        summary: One line.
        text: All of it, for people.
    """

    worker: Worker
    result_type: str
    summary: str
    text: str
    totals: Totals


def measured(call: Callable[[], T]) -> tuple[T, float]:
    """Return what `call` returns, and how many milliseconds it took."""
    start = time.perf_counter()
    result = call()
    return result, round((time.perf_counter() - start) * 1_000, 3)


def pieces(text: str, *, most: int = MAX_PIECES) -> list[str]:
    """Cut `text` at line ends into at most `most` pieces of about as many lines each."""
    lines = text.splitlines(keepends=True)
    lines_each = -(-len(lines) // most) or 1
    return ["".join(lines[start : start + lines_each]) for start in range(0, len(lines), lines_each)]
