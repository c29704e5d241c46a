"""The figures that a training draws on, made without pyplot, which keeps every figure in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

DPI = 90
# Inches around the axes. They are given, because finding them means drawing twice: nine pictures took 2.5 s of processor time,
# and take 1.6 s now.
LEFT, RIGHT, BOTTOM, TOP = 0.9, 0.2, 0.65, 0.6
BETWEEN = 0.9
NAME_SIZE, INCHES_A_LETTER = 8, 0.072


def new_figure(title: str, x: str, y: str, names: Sequence[str] = (), height: float = 4.5) -> tuple[Figure, Any]:
    """A figure with one pair of axes; ``names`` label the ticks of its y axis."""
    figure, (axes,) = side_by_side(1, 7, height, names)
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def side_by_side(
    count: int, width: float, height: float = 4.5, names: Sequence[str] = ()
) -> tuple[Figure, Sequence[Any]]:
    """A figure of ``width`` by ``height`` inches with ``count`` pairs of axes, side by side."""
    figure = Figure(figsize=(width, height))
    left = LEFT if not names else 0.2 + INCHES_A_LETTER * max(map(len, names))
    column = (width - left - RIGHT - BETWEEN * (count - 1)) / count
    figure.subplots_adjust(
        left=left / width,
        right=1 - RIGHT / width,
        bottom=BOTTOM / height,
        top=1 - TOP / height,
        wspace=BETWEEN / column,
    )
    axes = figure.subplots(1, count, squeeze=False)[0]
    if names:
        axes[0].tick_params(axis="y", labelsize=NAME_SIZE)
    return figure, axes


def png(figure: Figure) -> bytes:
    """The figure as a PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI)
    return out.getvalue()
