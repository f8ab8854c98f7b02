"""Where the marks of charts stand, in units of their SVG's view box. What they show stands in tables too."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 640.0
ROW = 26.0
"""Height of a bar's row."""
LABELS = 250.0
"""What the names of bars take of the width."""
HEIGHT = 140.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 12.0, 28.0
"""What a line's axes take."""


class Bar(NamedTuple):
    """A bar of a theme: it begins at the zero line, left of it where the theme lowers the risk."""

    label: str
    text: str
    x: float
    y: float
    width: float
    raises: bool


class Bars(NamedTuple):
    """The bars, the zero line's place, the height of the whole."""

    bars: list[Bar]
    zero: float
    height: float


class Dot(NamedTuple):
    """A probability at its time."""

    x: float
    y: float


class Curve(NamedTuple):
    """Probabilities over days: the dots, the points of the line, where the thresholds lie, the axis' highest value."""

    dots: list[Dot]
    points: str
    moderate: float
    strong: float
    top: float


_LEAST_SPAN = 1e-9
"""Log-odds: what is less is nothing, and a scale of it would have no end."""


def bars(values: Sequence[tuple[str, str, float]]) -> Bars:
    """Bars of (name, value as written, value), in this order, all to one scale."""
    lowest = min(0.0, *(value for *_, value in values), 0.0)
    highest = max(0.0, *(value for *_, value in values), 0.0)
    scale = (WIDTH - LABELS - 70) / max(highest - lowest, _LEAST_SPAN)
    zero = LABELS - lowest * scale
    placed = [
        Bar(label, text, zero + min(0.0, value) * scale, row * ROW, abs(value) * scale, value > 0)
        for row, (label, text, value) in enumerate(values)
    ]
    return Bars(placed, zero, max(1, len(values)) * ROW)


def curve(values: Sequence[tuple[float, float]], moderate: float, strong: float) -> Curve:
    """Probabilities from left to right, each at its x, beside the thresholds; the axis begins at 0. One at least."""
    top = min(1.0, max(strong, *(value for _, value in values), 0.0) * 1.15) or 1.0

    def height(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(value, top) / top), 1)

    dots = [Dot(round(x, 1), height(value)) for x, value in values]
    points = " ".join(f"{dot.x},{dot.y}" for dot in dots)
    return Curve(dots, points, height(moderate), height(strong), top)
