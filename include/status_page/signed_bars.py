"""Bars to both sides of a line, and intervals across one: pure geometry, which the templates draw as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 200.0
PAD = 4.0


@dataclass(frozen=True)
class Bar:
    """A bar from the middle line: where it begins, how long it is, and to which side."""

    x: float
    length: float
    side: str


@dataclass(frozen=True)
class Span:
    """An interval: its ends and the value, and where zero is."""

    low: float
    high: float
    at: float
    zero: float


def bars(values: Sequence[float]) -> list[Bar]:
    """Each value as a bar; the greatest, whichever its sign, reaches an end."""
    most = max((abs(value) for value in values), default=0.0) or 1.0
    middle, found = WIDTH / 2, []
    for value in values:
        length = round(abs(value) / most * (middle - PAD), 1)
        side = "up" if value > 0 else "down" if value < 0 else "none"
        found.append(Bar(round(middle - length, 1) if value < 0 else middle, length, side))
    return found


def shares(values: Sequence[float | None]) -> list[float]:
    """Each share as a length; the greatest reaches the end, one that is not known has none."""
    most = max((value for value in values if value is not None), default=0.0) or 1.0
    return [0.0 if value is None else round(value / most * WIDTH, 1) for value in values]


def span(low: float, value: float, high: float) -> Span:
    """An interval with zero, on a scale of its own in which zero is in the middle."""
    most = max(abs(low), abs(high), abs(value)) or 1.0

    def place(number: float) -> float:
        return round(WIDTH / 2 + number / most * (WIDTH / 2 - PAD), 1)

    return Span(place(low), place(high), place(value), WIDTH / 2)
