"""Numbers as horizontal bars on a logarithmic scale, as an SVG that can be read on light and on dark pages."""

import math
from collections.abc import Iterator, Sequence

import attrs

from benchmarks.plot import STYLE

WIDTH, ROW, TOP, LEFT, RIGHT = 860, 22, 50, 330, 70

BAR_STYLE = """
  .bar { fill: #8c959f } .bar.ours { fill: #0969da }
  @media (prefers-color-scheme: dark) { .bar { fill: #6e7681 } .bar.ours { fill: #58a6ff } }
"""


@attrs.frozen
class Bar:
    """One number.

    Attributes:
        label: Stands before it.
        length: The number; over 0.
        is_ours: Drawn in the strong colour.
    """

    label: str
    length: float
    is_ours: bool = False


def svg(title: str, bars: Sequence[Bar]) -> str:
    """Return the plot as the text of an SVG file."""
    height = TOP + ROW * len(bars) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        f"<style>{STYLE}{BAR_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
        f'<text class="ink strong" x="16" y="28">{title}</text>',
        *_bars(bars),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bars(bars: Sequence[Bar]) -> Iterator[str]:
    least, most = min(bar.length for bar in bars), max(bar.length for bar in bars)
    low = math.log(least / 2)  # so that the shortest bar can be seen
    scale = (WIDTH - LEFT - RIGHT) / (math.log(most) - low)
    for index, bar in enumerate(bars):
        y = TOP + ROW * index
        width = (math.log(bar.length) - low) * scale
        ours = " ours" if bar.is_ours else ""
        strong = " strong" if bar.is_ours else ""
        number = f"{bar.length:,.0f}" if bar.length >= 100 else f"{bar.length:.3g}"
        yield f'<text class="ink{strong}" x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{bar.label}</text>'
        yield f'<rect class="bar{ours}" x="{LEFT}" y="{y + 3}" width="{width:.1f}" height="{ROW - 7}" rx="2"/>'
        yield f'<text class="ink" x="{LEFT + width + 6:.1f}" y="{y + 14}">{number}</text>'
