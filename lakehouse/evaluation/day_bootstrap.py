"""How certain a metric is: its value on days that are drawn again and again, with replacement (Efron 1979).

Whole days are drawn, not rows. The rows of a day share its weather, its strikes and its yesterday: six thousand rows of a
week are nearer to seven observations than to six thousand, and an interval from drawn rows would take one good day for
evidence. Two models are measured on the same draws, so what is hard about a day cancels out of their difference.

With so few blocks a plain percentile interval is too narrow; this one takes the quantiles further out by what Student's t
asks for (the expanded percentile interval of Hesterberg 2015). docs/decisions/0022-gate-beyond-noise.md has the error rates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RESAMPLES = 4_000
# Rankings are compared by so many different scores at most: beyond it, neighbours count as equal.
RANKS = 2_000
# So many resamples of a ranking are held in memory at a time.
AT_ONCE = 200


@dataclass(frozen=True)
class Rows:
    """What is measured: label, score, and the decision where there is one, each of shape (rows,)."""

    label: Floats
    score: Floats
    decided: Bools | None = None

    def __getitem__(self, kept: Bools) -> Rows:
        """The rows that are kept."""
        return Rows(self.label[kept], self.score[kept], None if self.decided is None else self.decided[kept])


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
            metric: one of ``SUMS`` or ``RANKINGS``.
            rows: all rows.
            kept: shape (rows,), those to measure; all by default.
        """
        day = self.day if kept is None else self.day[kept]
        mine = rows if kept is None else rows[kept]
        if metric in RANKINGS:
            return self._ranking(metric, mine, day)
        parts, combine = SUMS[metric]
        columns = parts(mine)
        by_day = np.stack([np.bincount(day, column, self.weights.shape[1]) for column in columns], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(combine(*(self.weights @ by_day).T), dtype=np.float64)

    def _ranking(self, metric: str, rows: Rows, day: NDArray[np.intp]) -> Floats:
        distinct, rank = np.unique(-rows.score, return_inverse=True)
        if len(distinct) > RANKS:
            rank = rank * RANKS // len(distinct)
        shape = self.weights.shape[1], int(rank.max(initial=0)) + 1
        place = day * shape[1] + rank
        yes, no = (
            np.bincount(place, side, shape[0] * shape[1]).reshape(shape) for side in (rows.label, 1 - rows.label)
        )
        # Of a few days there are few different draws: 1,716 of seven.
        different, which = np.unique(self.weights, axis=0, return_inverse=True)
        chunks = np.array_split(different, max(1, len(different) // AT_ONCE))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.concatenate([RANKINGS[metric](chunk @ yes, chunk @ no) for chunk in chunks])
        return found[which.ravel()]


def interval(found: Floats, days: int, level: float = 0.95) -> tuple[float, float] | None:
    """The interval that holds the true value with that certainty.

    Args:
        found: shape (resamples,), the values on the resamples.
        days: how many days they were drawn from.
        level: two-sided.

    Returns:
        Lower and upper end; None for a single day, or when fewer than half of the resamples define the value.
    """
    from scipy import stats

    defined = found[np.isfinite(found)]
    if days < 2 or len(defined) < max(1, len(found) / 2):
        return None
    tail = float(stats.norm.cdf(-np.sqrt(days / (days - 1)) * stats.t.ppf((1 + level) / 2, days - 1)))
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def value(metric: str, rows: Rows) -> float | None:
    """The metric of the rows as they are; None where they do not define it."""
    if not len(rows.label):
        return None
    once = Draws(np.zeros(len(rows.label), dtype=np.intp), np.ones((1, 1)))
    found = float(once.values(metric, rows)[0])
    return found if np.isfinite(found) else None


def _decided(rows: Rows) -> Floats:
    if rows.decided is None:
        raise AssertionError("expected decisions, found scores alone: the metric depends on a threshold")
    return rows.decided.astype(np.float64)


def _nats(rows: Rows) -> Floats:
    p = np.clip(rows.score, 1e-12, 1 - 1e-12)
    return np.asarray(-np.where(rows.label > 0, np.log(p), np.log1p(-p)), dtype=np.float64)


def _relative(rows: Rows) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rows.label != 0, np.abs((rows.score - rows.label) / rows.label), 0.0)


def _mean(value: Callable[[Rows], Floats]) -> Callable[[Rows], tuple[Floats, ...]]:
    return lambda rows: (value(rows), np.ones(len(rows.label)))


def _squares(rows: Rows) -> Floats:
    return np.asarray((rows.score - rows.label) ** 2, dtype=np.float64)


def _ratio(above: Floats, below: Floats) -> Floats:
    return above / below


Parts = Callable[[Rows], tuple[Floats, ...]]

# Metrics that sums over rows decide: the columns to sum, and what to make of the sums.
SUMS: Mapping[str, tuple[Parts, Callable[..., Floats]]] = {
    "log_loss": (_mean(_nats), _ratio),
    "brier": (_mean(_squares), _ratio),
    "calibration_gap": (_mean(lambda r: r.score - r.label), _ratio),
    "precision": (lambda r: (_decided(r) * r.label, _decided(r)), _ratio),
    "recall": (lambda r: (_decided(r) * r.label, r.label), _ratio),
    "f1": (lambda r: (2 * _decided(r) * r.label, _decided(r) + r.label), _ratio),
    "alarm_rate": (_mean(_decided), _ratio),
    "false_alarm_rate": (lambda r: (_decided(r) * (1 - r.label), 1 - r.label), _ratio),
    "rmse": (_mean(_squares), lambda squares, count: np.sqrt(squares / count)),
    "mae": (_mean(lambda r: np.abs(r.score - r.label)), _ratio),
    "mape": (lambda r: (_relative(r), (r.label != 0).astype(np.float64)), _ratio),
    "r2": (
        lambda r: (_squares(r), r.label, r.label**2, np.ones(len(r.label))),
        lambda squares, label, square, count: 1 - squares / (square - label**2 / count),
    ),
}


def _area(yes: Floats, no: Floats) -> Floats:
    """ROC-AUC from the weight of positives and negatives at each distinct score, greatest score first."""
    below = no.sum(axis=1, keepdims=True) - np.cumsum(no, axis=1)
    above = (yes * (below + no / 2)).sum(axis=1)
    return np.asarray(above / (yes.sum(axis=1) * no.sum(axis=1)), dtype=np.float64)


def _step_area(yes: Floats, no: Floats) -> Floats:
    """Average precision from the same."""
    found, alarms = np.cumsum(yes, axis=1), np.cumsum(yes + no, axis=1)
    precision = np.divide(found, alarms, out=np.zeros_like(found), where=alarms > 0)
    # A resample without a positive has none to find, as one without a negative has nothing to tell them from.
    total = np.where(no.sum(axis=1) > 0, yes.sum(axis=1), 0)
    return np.asarray((yes * precision).sum(axis=1) / total, dtype=np.float64)


RANKINGS: Mapping[str, Callable[[Floats, Floats], Floats]] = {"roc_auc": _area, "average_precision": _step_area}
