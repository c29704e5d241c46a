"""Whether a distribution over bins has changed: Pearson's chi-square, measured on training's own windows of days first.

Rows of one day are alike, so that a week of one value a day is no six thousand draws, and the chi-square distribution of the
textbook does not hold. The same statistic of every window of training has a mean and a variance: a multiple of a chi-square with
the same two stands for it (Satterthwaite 1946; Rao and Scott 1981), and its uncertain scale makes the tail one of F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from jobs.monitor.alarms.least_chance import least_chance
from jobs.monitor.alarms.memory import TINY, Floats, lags_of, of_products
from lakehouse.evaluation.packed_numbers import Whole

# With fewer windows that share no day, or fewer rows of a window for each bin, nothing is said.
LEAST_WINDOWS, LEAST_ROWS = 5, 3
# Of a statistic that is nearly always near 0 and seldom great.
LEAST_DEGREES = 0.1


def chi_square(counts: Floats, shares: Floats) -> Floats:
    """Pearson's chi-square of rows counted by bin, shape (..., bins), against shares of which none is 0; 0 for no rows."""
    expected = counts.sum(axis=-1, keepdims=True) * shares
    return np.asarray(((counts - expected) ** 2 / np.maximum(expected, TINY)).sum(axis=-1), dtype=np.float64)


@dataclass(frozen=True)
class Shape:
    """What ordinary windows of ``length`` days give.

    Attributes:
        shares: of the bins that training has.
        length: of the window.
        mean: of the statistic.
        degrees: of the chi-square that stands for it.
        windows: how many windows the training is worth.
        rows: of a window, on average.
        least: the least chance that training's days can tell of.
    """

    shares: Floats
    length: int
    mean: float
    degrees: float
    windows: float
    rows: float
    least: float

    @classmethod
    def of(cls, counts: Whole, length: int, together: float = 0.0) -> Shape | None:
        """Measure training's windows; shape (days, bins), of bins that have rows. None where there are too few of them.

        ``together``: the correlation of two rows of a day, where that is known from elsewhere: neighbouring bins know nothing of
        one another, so that a day's rows in two of them are not seen to be alike.
        """
        days: Floats = np.asarray(counts[counts.sum(axis=1) > 0], dtype=np.float64)
        bins = days.shape[1]
        if bins < 2 or len(days) < max(length, 2):
            return None
        shares = days.sum(axis=0) / days.sum()
        windows = np.lib.stride_tricks.sliding_window_view(days, length, axis=0).transpose(0, 2, 1)
        found = without_a_day(windows, shares)
        mean, variance = float(found.mean()), float(found.var())
        degrees = float(np.clip(2 * mean**2 / max(variance, TINY), LEAST_DEGREES, bins - 1))
        memory = _memory(days, shares)
        worth = len(days) / max(length, memory)
        least = least_chance(
            np.array(max(alike(days), together)),
            np.array(days.sum(axis=1).mean()),
            np.array(float(len(days))),
            np.array(memory),
            length=max(length - 1, 1),
        )
        rows = float(windows.sum(axis=(1, 2)).mean())
        enough = worth >= LEAST_WINDOWS and rows >= LEAST_ROWS * bins
        return cls(shares, length, mean, degrees, worth, rows, float(least)) if enough and mean > 0 else None

    def measured(self, counts: Whole) -> tuple[float, float]:
        """The statistic of a window, shape (days, bins), as a multiple of what is expected of as many rows, and its chance."""
        value = float(without_a_day(counts[None].astype(np.float64), self.shares)[0])
        ratio = value / self._expected(float(counts.sum()))
        return ratio, max(self.least, float(scipy.special.fdtrc(self.degrees, self.windows, ratio)))

    def bound(self, chance: float) -> float:
        """The multiple that an ordinary window exceeds with this chance."""
        return float(scipy.special.fdtri(self.degrees, self.windows, 1 - chance))

    def _expected(self, rows: float) -> float:
        # The part that is more than rows by themselves would give grows with their number.
        by_rows = len(self.shares) - 1
        extra = max(0.0, self.mean - by_rows)
        return min(self.mean, by_rows) + extra * rows / max(self.rows, 1.0)


def alike(counts: Whole | Floats) -> float:
    """The correlation of two rows of a day: 0 for rows that know nothing of one another, 1 for a column of one value a day.

    By the chi-square of the days, shape (days, bins): its mean is one a free bin for such rows, and grows with their number else.
    """
    days: Floats = np.asarray(counts[counts.sum(axis=1) > 1], dtype=np.float64)
    if days.shape[1] < 2 or not len(days):
        return 0.0
    shares = days.sum(axis=0) / days.sum()
    each = chi_square(days, shares) / (days.shape[1] - 1)
    return float(np.clip((each.mean() - 1) / max(days.sum(axis=1).mean() - 1, 1.0), 0.0, 1.0))


def without_a_day(windows: Floats, shares: Floats) -> Floats:
    """The chi-square of each window without the day that speaks for it most; shape (windows, days, bins).

    Of a single day nothing is left out.
    """
    if windows.shape[1] == 1:
        return chi_square(windows[:, 0], shares)
    return np.asarray(chi_square(windows.sum(axis=1)[:, None] - windows, shares).min(axis=1), dtype=np.float64)


def lasting(counts: Whole) -> float:
    """For how many days a deviation of the shape lasts; shape (days, bins)."""
    days: Floats = np.asarray(counts[counts.sum(axis=1) > 0], dtype=np.float64)
    return _memory(days, days.sum(axis=0) / max(days.sum(), 1.0)) if len(days) > 1 else 1.0


def _memory(counts: Floats, shares: Floats) -> float:
    rows = counts.sum(axis=1, keepdims=True)
    residual = (counts - rows * shares) / np.sqrt(np.maximum(rows * shares, TINY))
    products = [float((residual[lag:] * residual[:-lag]).sum()) for lag in range(1, lags_of(len(counts)) + 1)]
    memory, _ = of_products(np.array(products), np.asarray((residual**2).sum()), len(counts))
    return float(memory)
