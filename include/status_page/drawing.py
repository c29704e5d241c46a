"""Lines over days as SVG: pure geometry, which the templates draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

Values = Sequence[float | None]
# Beyond it differences of two values are no numbers any more.
MOST = 1e100


@dataclass(frozen=True)
class Mark:
    """A place on a picture, with its title."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Chart:
    """A picture of lines over days.

    Attributes:
        width, height: of the picture, in its own units.
        line: the path of the values.
        second: that of what they are compared with; empty without it.
        limit: that of the limit; empty without it.
        points: a mark on each value that stands out.
        changes: where another version begins, and its title.
        last: the newest value's place; None without one.
        low, high: the values at the lower and upper end.
    """

    width: float
    height: float
    line: str
    second: str = ""
    limit: str = ""
    points: tuple[Mark, ...] = ()
    changes: tuple[Mark, ...] = ()
    last: Mark | None = None
    low: float = 0.0
    high: float = 1.0
    grid: tuple[Mark, ...] = field(default=())


@dataclass(frozen=True)
class Frame:
    """How days and values become places."""

    days: int
    low: float
    high: float
    width: float
    height: float
    pad: float = 6

    def x(self, place: int) -> float:
        """Of a day."""
        return round(self.pad + (self.width - 2 * self.pad) * place / max(self.days - 1, 1), 1)

    def y(self, value: float) -> float:
        """Of a value; one beyond an end is drawn at it."""
        part = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1.0)
        return round(self.height - self.pad - (self.height - 2 * self.pad) * part, 1)

    def path(self, values: Values) -> str:
        """Through the known values; a day without one is a gap, and one between two gaps a dot."""
        parts: list[str] = []
        drawing = False
        for place, value in enumerate(values):
            if not drawable(value):
                drawing = False
                continue
            parts.append(f"{'L' if drawing else 'M'}{self.x(place):g} {self.y(value):g}")
            following = values[place + 1] if place + 1 < len(values) else None
            if not drawing and not drawable(following):
                # A line of no length, which round ends make a dot.
                parts.append("h0.01")
            drawing = True
        return "".join(parts)


def drawable(value: float | None) -> TypeGuard[float]:
    """Whether it is a number that has a place on a picture: a browser takes no other."""
    return value is not None and abs(value) < MOST


def chart(
    days: Sequence[dt.date],
    values: Values,
    second: Values = (),
    limits: Values = (),
    stands_out: Sequence[bool] = (),
    changes: Sequence[tuple[dt.date, str]] = (),
    from_zero: bool = True,
    width: float = 320,
    height: float = 96,
) -> Chart:
    """A picture of values over days.

    Args:
        days: in order.
        values: one a day.
        second: what they are compared with, such as an estimate.
        limits: the limit of each day.
        stands_out: which values get a mark.
        changes: days on which another version begins, each with a title.
        from_zero: whether the lower end is zero, or just below the least value.
        width: of the picture.
        height: likewise.
    """
    known = [value for value in (*values, *second) if drawable(value)]
    usual = sorted(value for value in limits if drawable(value))
    # A limit that is far above for some days is cut off there, or nothing else would be seen.
    capped = [min(usual[-1], 2 * usual[len(usual) // 2])] if usual else []
    high, low = max([*known, *capped], default=1.0), min([*known, *capped], default=0.0)
    room = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    low = min(0.0, low) if from_zero else low - room
    frame = Frame(len(days), low, high + room, width, height)
    places = {day: place for place, day in enumerate(days)}
    points = tuple(
        Mark(frame.x(place), frame.y(value), f"{days[place]}: {value:.3g}")
        for place, (value, marked) in enumerate(zip(values, stands_out, strict=False))
        if marked and drawable(value)
    )
    last = next((place for place in reversed(range(len(values))) if drawable(values[place])), None)
    return Chart(
        width,
        height,
        frame.path(values),
        frame.path(second),
        frame.path(limits),
        points,
        tuple(Mark(frame.x(places[day]), 0, title) for day, title in changes if day in places),
        None if last is None else Mark(frame.x(last), frame.y(values[last] or 0.0), f"{days[last]}"),
        low,
        high,
    )


CellState = Literal["ordinary", "violated", "event", "none", "ingested", "refused", "missing"]


@dataclass(frozen=True)
class Cell:
    """A day of a strip: ``state`` chooses shape and colour, ``title`` says it in words, ``change`` marks another version."""

    day: dt.date
    state: CellState
    title: str
    change: str = ""


def in_words(cells: Sequence[Cell]) -> str:
    """A strip for people who do not see it: how many days of which state."""
    counts: dict[str, int] = {}
    for cell in cells:
        name = {"none": "without a verdict", "event": "of a known event"}.get(cell.state, cell.state)
        counts[name] = counts.get(name, 0) + 1
    if not cells:
        return "no days"
    return f"{cells[0].day} to {cells[-1].day}: " + ", ".join(f"{count} {name}" for name, count in counts.items())
