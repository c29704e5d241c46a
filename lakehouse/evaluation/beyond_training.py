"""Rows outside of what training saw, as training itself can tell: each week against all the others.

No row of training lies beyond training's own least and greatest value, so its days say nothing on how many rows of a fresh ordinary
day do. A week that is left out is fresh to the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation.packed_numbers import Whole


def of_numbers(values: NDArray[np.float64], day: Whole, week: Whole, days: int) -> Whole:
    """The rows of each day that are less or greater than every known value of all other weeks.

    Args:
        values: shape (rows,), NaN where not known.
        day: shape (rows,), which day each row belongs to.
        week: shape (rows,), which week.
        days: how many days there are.
    """
    known = np.isfinite(values)
    values, day, week = values[known], day[known], week[known]
    blocks = np.unique(week)
    if len(blocks) < 2:
        return np.zeros(days, dtype=np.int64)
    least, most = np.full(int(blocks.max()) + 1, np.inf), np.full(int(blocks.max()) + 1, -np.inf)
    np.minimum.at(least, week, values)
    np.maximum.at(most, week, values)
    low, high = _of_others(least), -_of_others(-most)
    outside = (values < low[week]) | (values > high[week])
    return np.bincount(day[outside], minlength=days).astype(np.int64)


def of_levels(codes: NDArray[np.float64], day: Whole, week: Whole, days: int) -> Whole:
    """The rows of each day whose level no other week has; NaN is no level."""
    known = ~np.isnan(codes)
    level, day, week = codes[known].astype(np.int64), day[known], week[known]
    if not len(level) or week.min() == week.max():
        return np.zeros(days, dtype=np.int64)
    pairs = np.unique(np.stack([level, week]), axis=1)
    in_weeks = np.bincount(pairs[0])
    return np.bincount(day[in_weeks[level] == 1], minlength=days).astype(np.int64)


def _of_others(least: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each block the least of all other blocks."""
    first, second = np.partition(least, 1)[:2]
    return np.asarray(np.where(least == first, second, first), dtype=np.float64)
