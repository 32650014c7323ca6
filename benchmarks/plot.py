"""Time against the size of the graph, both axes logarithmic, as an SVG that can be read on light and on dark pages."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs

Point: TypeAlias = tuple[float, float]

WIDTH, HEIGHT = 860, 540
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 50, 60  # the labels of the curves stand at the right
LABEL_HEIGHT = 15

STYLE = """
  svg { font: 12px system-ui, sans-serif; }
  .paper { fill: #fff } .ink { fill: #1f2328 } .grid { stroke: #d8dee4; stroke-width: 1 }
  .curve { fill: none; stroke-width: 1.6 } .ours { stroke-width: 3 } .leader { stroke-width: 0.7 }
  .strong { font-weight: 600 }
  .k0 { --k: #0969da } .k1 { --k: #8250df } .k2 { --k: #57606a } .k3 { --k: #bc4c00 } .k4 { --k: #1a7f37 }
  .curve, .mark { stroke: var(--k) } .mark, .label { fill: var(--k) }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #e6edf3 } .grid { stroke: #30363d }
    .k0 { --k: #58a6ff } .k1 { --k: #bc8cff } .k2 { --k: #a0aab4 } .k3 { --k: #f0883e } .k4 { --k: #3fb950 }
  }
"""


@attrs.frozen
class Curve:
    """One line of the plot.

    Attributes:
        label: Stands at its right end.
        points: (size, milliseconds).
        kind: Which of the five colours.
        is_ours: Drawn thick.
    """

    label: str
    points: list[Point]
    kind: int
    is_ours: bool = False


def svg(title: str, curves: Sequence[Curve]) -> str:
    """Return the plot as the text of an SVG file."""
    scale = Scale.around(curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="ink strong" x="{LEFT}" y="28">{title}</text>',
        *_axes(scale),
        *(part for curve in curves for part in _curve(curve, scale)),
        *_labels(curves, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@attrs.frozen
class Scale:
    """Where a point stands, in decades."""

    left: float
    right: float
    low: int
    high: int

    @classmethod
    def around(cls, curves: Sequence[Curve]) -> "Scale":
        sizes = [size for curve in curves for size, _ in curve.points]
        times = [ms for curve in curves for _, ms in curve.points]
        low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
        return cls(math.log10(min(sizes)), math.log10(max(sizes)), low, high)

    def x(self, size: float) -> float:
        part = (math.log10(size) - self.left) / (self.right - self.left)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def y(self, ms: float) -> float:
        part = (math.log10(ms) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM), 1)


def _axes(scale: Scale) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10**power)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="ink" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{_duration(power)}</text>'
    for power in range(math.ceil(scale.left), math.floor(scale.right) + 1):
        x = scale.x(10**power)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text class="ink" x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{10**power:,}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="ink" x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">nodes in the graph</text>'


def _duration(power: int) -> str:
    unit, shift = ("µs", 3) if power < 0 else ("ms", 0) if power < 3 else ("s", -3)
    return f"{10 ** (power + shift):,} {unit}"


def _curve(curve: Curve, scale: Scale) -> Iterator[str]:
    places = [(scale.x(size), scale.y(ms)) for size, ms in curve.points]
    line = " ".join(f"{x},{y}" for x, y in places)
    thick = " ours" if curve.is_ours else ""
    yield f'<polyline class="curve k{curve.kind}{thick}" points="{line}"/>'
    for x, y in places:
        yield f'<circle class="mark k{curve.kind}" cx="{x}" cy="{y}" r="{3.5 if curve.is_ours else 2.5}"/>'


def _labels(curves: Sequence[Curve], scale: Scale) -> Iterator[str]:
    """Put every label beside the end of its curve, or at the edge as near to it as the others let it."""
    edge = WIDTH - RIGHT
    at_edge = []
    for curve in curves:
        x, y = scale.x(curve.points[-1][0]), scale.y(curve.points[-1][1])
        if x < edge:
            yield _label(curve, x + 8, y + 4)
        else:
            at_edge.append((y, curve))
    at_edge.sort(key=lambda end: end[0])
    for y, (end, curve) in zip(_spread([y for y, _ in at_edge]), at_edge, strict=True):
        yield f'<line class="curve leader k{curve.kind}" x1="{edge}" y1="{end}" x2="{edge + 12}" y2="{y}"/>'
        yield _label(curve, edge + 16, y + 4)


def _label(curve: Curve, x: float, y: float) -> str:
    strong = " strong" if curve.is_ours else ""
    return f'<text class="label k{curve.kind}{strong}" x="{x:.1f}" y="{y:.1f}">{_escaped(curve.label)}</text>'


def _spread(heights: list[float]) -> list[float]:
    """Return sorted heights moved apart, so that labels do not overlap, and as a whole as little as that takes."""
    groups: list[tuple[float, int]] = []  # (middle, labels): those that touch are centred on where they want to be
    for height in heights:
        middle, count = height, 1
        while groups and groups[-1][0] + groups[-1][1] * LABEL_HEIGHT / 2 > middle - count * LABEL_HEIGHT / 2:
            above, number = groups.pop()
            middle, count = (above * number + middle * count) / (number + count), number + count
        groups.append((middle, count))
    return [
        round(middle + (place - (count - 1) / 2) * LABEL_HEIGHT, 1)
        for middle, count in groups
        for place in range(count)
    ]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
