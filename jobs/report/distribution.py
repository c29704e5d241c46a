"""Two distributions of one column, bin by bin: of training, and of the window."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.report import words
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution

Floats = NDArray[np.float64]

# Of a column with more levels those that differ most are drawn one by one.
MOST_BARS = 16
SMALLEST = float(np.finfo(np.float64).tiny)
MISSING, OTHERS, RARE, NEW = "no value", "all other levels", "rare levels", "new levels"


def bars(labels: Sequence[str], before: Floats, now: Floats, ordered: bool) -> dict[str, Any]:
    """Bars of shares.

    Args:
        labels: of the bins.
        before: shape (bins,), the share of training's rows in each.
        now: shape (bins,), the window's rows in each; at least one row.
        ordered: whether the bins keep their order; else the most frequent of training comes first, but for the last: no value.

    Returns:
        ``bars``: each with ``label``, the shares ``before`` and ``now`` and ``widths``, the lengths of its bars in percent of the
        longest; ``rows``, of the window.
    """
    shares = now / now.sum()
    places = [place for place in range(len(labels)) if before[place] > 0 or shares[place] > 0]
    named = [(labels[place], float(before[place]), float(shares[place])) for place in places]
    if not ordered:
        named = _most_different(named)
    longest = max((max(old, new) for _, old, new in named), default=1.0) or 1.0
    return {
        "rows": int(now.sum()),
        "bars": [
            {
                "label": label,
                "before": old,
                "now": new,
                "widths": (round(100 * old / longest, 1), round(100 * new / longest, 1)),
            }
            for label, old, new in named
        ],
    }


def of_column(item: Distribution | CategoryDistribution, before: Floats, now: Floats) -> dict[str, Any]:
    """Bars of a feature, or of scores, by the bins of the profile."""
    labels = levels(item) if isinstance(item, CategoryDistribution) else bins(item.edges)
    return bars(labels, before, now, ordered=not isinstance(item, CategoryDistribution))


def of_classes(classes: Sequence[str], before: Floats, now: Floats) -> dict[str, Any]:
    """Bars of numbers of classes: the last bins are of classes that are no more, or of none."""
    others = ["no class any more"] * (len(before) - len(classes))
    return bars([*classes, *others], before, now, ordered=True)


def bins(edges: Sequence[float]) -> list[str]:
    """What lies between edges, in the column's unit, and last the rows without a value."""
    if not edges:
        return ["any value", MISSING]
    # An edge just below a value, and the value as the next edge: the bin has that value alone.
    alone = [float(np.nextafter(edge, np.inf)) == following for edge, following in pairwise(edges)]
    texts = _texts(edges, alone)
    between = [
        text if one else f"{before} to {text}" for one, (before, text) in zip(alone, pairwise(texts), strict=True)
    ]
    first = f"below {texts[0]}" if _just_below(edges[0]) else f"to {texts[0]}"
    return [first, *between, f"above {texts[-1]}", MISSING]


def levels(item: CategoryDistribution) -> list[str]:
    """The levels of a category by bin, as a person reads them."""
    by_bin: dict[int, list[str]] = {}
    for level, place in zip(item.levels, item.bin, strict=True):
        by_bin.setdefault(place, []).append(level)
    named = []
    for place in range(item.width - 3):
        named.append(", ".join(map(category_codes.shown, by_bin.get(place, []))))
    rare = len(by_bin.get(item.width - 3, []))
    return [*named, f"{RARE} ({rare})" if rare else RARE, NEW, MISSING]


def _texts(edges: Sequence[float], alone: Sequence[bool]) -> list[str]:
    """The edges with as many digits as tell them apart."""
    texts = list[str]()
    for digits in range(3, 18):
        texts = [words.edge(_written(edge), digits) for edge in edges]
        if all(one or before != text for one, (before, text) in zip(alone, pairwise(texts), strict=True)):
            break
    return texts


def _just_below(edge: float) -> bool:
    """Whether an edge is the number just below one that can be written, which the profile puts there."""
    above = float(np.nextafter(edge, np.inf))
    # Next to 0 lie numbers that nobody writes.
    return above == 0 or (abs(above) > SMALLEST and above == float(f"{above:.12g}"))


def _written(edge: float) -> float:
    """The edge, or the number that it is just below; 0 without a sign."""
    return float(np.nextafter(edge, np.inf)) + 0.0 if _just_below(edge) else edge


def _most_different(named: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    last = [one for one in named if one[0] == MISSING]
    levels = sorted((one for one in named if one[0] != MISSING), key=lambda one: (-one[1], -one[2], one[0]))
    if len(levels) <= MOST_BARS:
        return [*levels, *last]
    kept = set(sorted(levels, key=lambda one: -max(abs(one[1] - one[2]), one[1] / 10))[: MOST_BARS - 1])
    rest = [one for one in levels if one not in kept]
    others = (OTHERS, sum(one[1] for one in rest), sum(one[2] for one in rest))
    return [*(one for one in levels if one in kept), others, *last]
