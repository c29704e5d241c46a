"""How certain a metric is: the bootstrap over days (Efron 1979), which are drawn with replacement.

Whole days are drawn, not rows. The rows of a day have common causes, so the six thousand rows of a week are nearer to seven
observations than to six thousand, and an interval from drawn rows would take one good day for evidence. Two models are measured
on the same draws, so that what is hard about a day cancels out of their difference.

With so few blocks a plain percentile interval is too narrow. This one is the expanded percentile interval (Hesterberg 2015),
whose quantiles lie further out by Student's t. docs/decisions/0022-gate-beyond-noise.md has the error rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import class_catalogue
from lakehouse.declaration.class_catalogue import CLASS_METRICS, Macro
from lakehouse.declaration.metric_catalogue import METRICS, Ranking, Rows, Sums
from lakehouse.declaration.worth_metrics import WORTH_METRICS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RESAMPLES = 4_000
# A ranking distinguishes at most so many scores; of more, neighbours count as equal.
RANKS = 2_000
# Resamples of a ranking that are in memory at a time.
AT_ONCE = 200


@dataclass(frozen=True)
class Draws:
    """Days drawn with replacement.

    Attributes:
        day: shape (rows,), which day each row belongs to, counted from 0.
        weights: shape (resamples, days), how often each day was drawn.
    """

    day: NDArray[np.intp]
    weights: Floats

    @classmethod
    def of(cls, days: NDArray[np.datetime64], seed: int, resamples: int = RESAMPLES) -> Draws:
        """Draw as many days as there are; equal seeds draw the same."""
        distinct, day = np.unique(days, return_inverse=True)
        count = len(distinct)
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
        return cls(day, drawn.astype(np.float64))

    def values(self, metric: str, rows: Rows, kept: Bools | None = None) -> Floats:
        """The metric on each resample; NaN where the drawn days do not define it.

        Args:
            metric: one that has a formula, see `metric_catalogue`.
            rows: all rows.
            kept: shape (rows,), those to measure; all by default.
        """
        day = self.day if kept is None else self.day[kept]
        measured = rows if kept is None else rows[kept]
        if metric in WORTH_METRICS:
            return self._by_formula(metric, WORTH_METRICS[metric].formula, measured, day)
        if measured.score.ndim == 1:
            return self._by_formula(metric, METRICS[metric].formula, measured, day)
        formula = CLASS_METRICS[metric].formula
        if not isinstance(formula, Macro):
            return self._by_formula(metric, formula, measured, day)
        return self._macro(formula, measured, day)

    def _macro(self, metric: Macro, rows: Rows, day: NDArray[np.intp]) -> Floats:
        """The mean over the classes that the drawn days have rows of."""
        formula, shape = class_catalogue.two_class_formula(metric), (rows.score.shape[1], len(self.weights))
        found, present = np.empty(shape), np.empty(shape, dtype=bool)
        for number in range(len(found)):
            own = class_catalogue.of_class(rows, number)
            found[number] = self._by_formula(metric.of, formula, own, day)
            present[number] = self.weights @ np.bincount(day, own.label, self.weights.shape[1]) > 0
        if isinstance(formula, Ranking):
            present &= np.isfinite(found)
        found = np.where(present, np.nan_to_num(found), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(found.sum(axis=0) / present.sum(axis=0), dtype=np.float64)

    def _by_formula(self, metric: str, formula: Sums | Ranking | None, measured: Rows, day: NDArray[np.intp]) -> Floats:
        if isinstance(formula, Ranking):
            return self._ranking(formula, measured, day)
        if formula is None:
            raise AssertionError(f"{metric}: expected a metric with a formula")
        if formula.among is not None:
            among = formula.among(measured)
            day, measured = day[among], measured[among]
        columns = formula.columns(measured)
        by_day = np.stack([np.bincount(day, column, self.weights.shape[1]) for column in columns], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(formula.combine(*(self.weights @ by_day).T), dtype=np.float64)

    def _ranking(self, formula: Ranking, rows: Rows, day: NDArray[np.intp]) -> Floats:
        distinct, rank = np.unique(-rows.score, return_inverse=True)
        if len(distinct) > RANKS:
            rank = rank * RANKS // len(distinct)
        shape = self.weights.shape[1], int(rank.max(initial=0)) + 1
        place = day * shape[1] + rank
        yes, no = (
            np.bincount(place, side, shape[0] * shape[1]).reshape(shape) for side in (rows.label, 1 - rows.label)
        )
        # A few days have few different draws: seven days have 1,716.
        different, which = np.unique(self.weights, axis=0, return_inverse=True)
        chunks = np.array_split(different, max(1, len(different) // AT_ONCE))
        with np.errstate(divide="ignore", invalid="ignore"):
            areas = np.concatenate([formula.area(chunk @ yes, chunk @ no) for chunk in chunks])
        return areas[which.ravel()]


def interval(drawn: Floats, days: int, level: float = 0.95) -> tuple[float, float] | None:
    """The confidence interval of the metric.

    Args:
        drawn: shape (resamples,), the values on the resamples.
        days: the number of days that they were drawn from.
        level: of confidence, two-sided.

    Returns:
        Lower and upper end; None for a single day, or when fewer than half of the resamples define the value.
    """
    from scipy import stats

    defined = drawn[np.isfinite(drawn)]
    if days < 2 or len(defined) < max(1, len(drawn) / 2):
        return None
    tail = float(stats.norm.cdf(-np.sqrt(days / (days - 1)) * stats.t.ppf((1 + level) / 2, days - 1)))
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def value(metric: str, rows: Rows) -> float | None:
    """The metric of the rows, each counted once; None where they do not define it."""
    if not len(rows.label):
        return None
    once = Draws(np.zeros(len(rows.label), dtype=np.intp), np.ones((1, 1)))
    result = float(once.values(metric, rows)[0])
    return result if np.isfinite(result) else None
