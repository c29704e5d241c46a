"""A picture of what leads to a table and what is made from it: places of boxes and lines, which a template draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

# The tables next to one, by its name.
Neighbours = Callable[[str], Iterable[str]]

# In pixels of the picture.
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 252, 30, 48, 12, 6
LONGEST = 32


@dataclass(frozen=True)
class Box:
    """A table in the picture: its name, the text that fits, its layer, where it is, and whether the page is its own."""

    name: str
    text: str
    layer: str
    x: int
    y: int
    own: bool


@dataclass(frozen=True)
class Picture:
    """Boxes, and lines as SVG paths. ``width`` and ``height`` hold all of them."""

    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    width: int
    height: int


def around(name: str, up: Neighbours, down: Neighbours, steps: int = 2) -> Picture:
    """What is so many steps before and behind a table."""
    column = {name: 0}
    for direction, neighbours in ((-1, up), (1, down)):
        edge = [name]
        for step in range(1, steps + 1):
            edge = sorted({one for each in edge for one in neighbours(each)} - set(column))
            column |= dict.fromkeys(edge, direction * step)
    return _drawn(column, up, {name})


def among(names: Iterable[str], up: Neighbours) -> Picture:
    """These tables, each behind all that it is made from."""
    wanted = sorted(set(names))
    column: dict[str, int] = dict.fromkeys(wanted, 0)
    # As many rounds as the longest way has tables; a circle, which no declaration makes, ends it too.
    for _ in wanted:
        moved = {
            name: 1 + max((column[before] for before in up(name) if before in column and before != name), default=-1)
            for name in wanted
        }
        if moved == column:
            break
        column = moved
    return _drawn(column, up, set())


def _drawn(column: dict[str, int], up: Neighbours, own: set[str]) -> Picture:
    least = min(column.values(), default=0)
    by_column: dict[int, list[str]] = {}
    for name in sorted(column):
        by_column.setdefault(column[name] - least, []).append(name)
    tallest = max((len(names) for names in by_column.values()), default=0)
    boxes: dict[str, Box] = {}
    for index, names in by_column.items():
        top = MARGIN + (tallest - len(names)) * (HEIGHT + GAP_Y) // 2
        for row, name in enumerate(names):
            text = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
            place = MARGIN + index * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y)
            boxes[name] = Box(name, text, name.partition(".")[0], *place, name in own)
    lines = tuple(
        _line(boxes[before], boxes[name])
        for name in sorted(boxes)
        for before in sorted(set(up(name)))
        if before in boxes
    )
    columns = max(by_column, default=0) + 1
    width = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP_X
    return Picture(tuple(boxes.values()), lines, width, 2 * MARGIN + max(tallest * (HEIGHT + GAP_Y) - GAP_Y, HEIGHT))


def _line(start: Box, end: Box) -> str:
    x, y, to_x, to_y = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    bend = max((to_x - x) // 2, 24)
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
