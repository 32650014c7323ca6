"""What the pages of results are made of: prose, tables, and numbers as their cells."""

import inspect
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.figures import FLOOR, Figure, Figures


def prose(text: str) -> list[str]:
    return inspect.cleandoc(text).splitlines()


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|---" * len(header) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def simple_rows(figures: Figures, of: str, sizes: Sequence[int]) -> Iterator[list[str]]:
    for row in figures.rows(of):
        found = [figures.find(of, row, size) for size in sizes]
        yield [named(row), *(us(it) for it in found), verdict(found)]


def any_size(figures: Figures, of: str, row: str) -> Figure:
    return next(it for it in figures.all if (it.table, it.row) == (of, row))


def named(row: str) -> str:
    return f"`{row}`" if row == FLOOR else row


def ms(figure: Figure | None) -> str:
    return "" if figure is None else short(figure.ms)


def us(figure: Figure | None) -> str:
    return "" if figure is None else short(figure.ms * 1e3)


def short(number: float) -> str:
    decimals = 0 if number >= 100 else 1 if number >= 10 else 2 if number >= 0.1 else 3
    return f"{number:,.{decimals}f}"


def ratio(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 3 else f"{number:.2f}"


def mb(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.2f}" if size < 1e7 else f"{size / 1e6:.0f}"


def verdict(figures: Sequence[Figure | None]) -> str:
    known = [it.facts["right"] for it in figures if it is not None and "right" in it.facts]
    return "" if not known else "right" if all(known) else "**wrong**"
