"""Which days are compared with which: each with training's days of the same weekday, where there are enough of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation.packed_numbers import Whole

# A weekday's mean of fewer days is a guess: then all days are compared with all.
LEAST_DAYS = 4
WEEK = 7


def of_days(days: Sequence[dt.date]) -> Whole:
    """0 for Monday to 6 for Sunday."""
    return np.array([day.weekday() for day in days], dtype=np.int64)


def groups(weekday: Whole, present: NDArray[np.bool_]) -> Whole:
    """Shape (7,), the group of each weekday: its own, or one for all when a weekday of the present days has too few.

    A weekday that never occurs shares the first group: its days are compared with something.
    """
    days = np.bincount(weekday[present], minlength=WEEK)
    if np.any((days > 0) & (days < LEAST_DAYS)) or not days.any():
        return np.zeros(WEEK, dtype=np.int64)
    number = np.cumsum(days > 0) - 1
    return np.where(days > 0, number, 0).astype(np.int64)
