"""Lines in SVG: days from left to right, values from the bottom up. Pure geometry; the template draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A picture of so many days.

    Attributes:
        days: how many.
        low, high: the values at the lower and upper end.
        width, height: of the picture, in its own units.
        pad: kept free at every side.
    """

    days: int
    low: float
    high: float
    width: float = 220
    height: float = 46
    pad: float = 4

    def x(self, place: int) -> float:
        """Of a day."""
        return round(self.pad + (self.width - 2 * self.pad) * place / max(self.days - 1, 1), 1)

    def y(self, value: float) -> float:
        """Of a value; one beyond an end is drawn at it."""
        part = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1.0)
        return round(self.height - self.pad - (self.height - 2 * self.pad) * part, 1)

    def line(self, values: Sequence[float | None]) -> str:
        """The path through the known values; a day without one is a gap, and one between two gaps a dot."""
        parts, before = list[str](), False
        for place, value in enumerate(values):
            if value is None:
                before = False
                continue
            parts.append(f"{'L' if before else 'M'}{self.x(place):g} {self.y(value):g}")
            following = values[place + 1] if place + 1 < len(values) else None
            if not before and following is None:
                # A line of no length, which round ends make a dot.
                parts.append("h0.01")
            before = True
        return "".join(parts)

    def band(self, ends: Sequence[tuple[float, float] | None]) -> str:
        """The area between lower and upper ends; a day without them is a gap, and one between two gaps an upright bar."""
        parts, runs = list[str](), list[list[int]]()
        for place, one in enumerate(ends):
            if one is not None:
                if not runs or runs[-1][-1] != place - 1:
                    runs.append([])
                runs[-1].append(place)
        for run in runs:
            known = [(self.x(place), both) for place in run if (both := ends[place]) is not None]
            if len(known) == 1:
                ((x, both),) = known
                known = [(round(x - 1, 1), both), (round(x + 1, 1), both)]
            above = [f"{x:g} {self.y(both[1]):g}" for x, both in known]
            below = [f"{x:g} {self.y(both[0]):g}" for x, both in reversed(known)]
            parts.append(f"M{'L'.join([*above, *below])}Z")
        return "".join(parts)

    def steps(self, limits: Sequence[float | None]) -> str:
        """The path of limits, each for its day; a gap has the limit before it."""
        known = [limit for limit in limits if limit is not None]
        if not known:
            return ""
        parts, last, half = list[str](), known[0], (self.x(1) - self.x(0)) / 2
        parts.append(f"M0 {self.y(last):g}")
        for place, limit in enumerate(limits):
            if limit is not None and limit != last:
                parts.append(f"H{round(self.x(place) - half, 1):g}V{self.y(limit):g}")
                last = limit
        return "".join([*parts, f"H{self.width:g}"])
