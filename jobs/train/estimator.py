"""What a training keeps for estimates of quality: curves from score to chance, fitted on all rows that no model had learned.

Those are validation, scored by the tuned model, which saw train alone, and the holdout, scored by the final one. Validation has
chosen the number of trees and so looks a little too good; the holdout has chosen nothing, and its days are the newest. Nothing that
the holdout is judged by changes with a curve fitted to it: scores, threshold, metrics and gate never see the curve.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import Rhythm
from lakehouse.evaluation import class_metrics, metrics
from lakehouse.evaluation.calibrator import Calibrator, Method
from lakehouse.evaluation.estimated_metrics import Estimates
from lakehouse.evaluation.labelled_rows import Floats
from lakehouse.evaluation.quality_estimator import OrdinaryDays, QualityEstimator, measured

log = logging.getLogger(__name__)

# The days are cut into so many runs, and each run is estimated by a curve of the others.
FOLDS = 5
# With fewer days nothing is said on how far days stray.
FEWEST_DAYS = 5


@dataclass(frozen=True)
class Judged:
    """Rows that the model had not learned.

    Attributes:
        days: shape (rows,).
        label: shape (rows,), 1 or 0, or the number of a class; of rows without a label NaN.
        score: shape (rows,), or of several classes (rows, classes).
        decided: shape (rows,), as the scores table has it.
        classes: of a label of several, in the order of their numbers.
    """

    days: NDArray[np.datetime64]
    label: Floats
    score: Floats
    decided: NDArray[Any]
    classes: tuple[str, ...] = ()

    def where(self, kept: NDArray[np.bool_]) -> Judged:
        """Some of the rows."""
        return Judged(self.days[kept], self.label[kept], self.score[kept], self.decided[kept], self.classes)

    def followed_by(self, other: Judged) -> Judged:
        """These rows and then others."""
        days, label, score, decided = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("days", "label", "score", "decided")
        )
        return Judged(days, label, score, decided, self.classes)


def fit(method: Method, rows: Judged, rhythm: Rhythm, others: Judged | None = None) -> QualityEstimator | None:
    """The curves of these rows, and what the estimates of their days are like; None where a curve can't be fitted.

    Args:
        method: of the curves.
        rows: labelled.
        rhythm: the days that are scored.
        others: rows of these windows without a label: a night estimates the quality of all that it scores.
    """
    curves = _curves(method, rows)
    if curves is None:
        log.warning(
            "train: quality will not be estimated: the labels of validation and holdout are all alike for a class"
        )
        return None
    every = rows if others is None else rows.followed_by(others)
    first, last = (end.astype("datetime64[D]").astype(dt.date) for end in (every.days.min(), every.days.max()))
    days = tuple(rhythm.between(first, last))
    by_day = _by_day(every, days)
    estimates = [measured(curves, one.score, one.decided) for one in by_day]
    return QualityEstimator(
        method=method,
        calibrators=curves,
        days=days,
        ordinary={name: _ordinary(name, by_day, estimates) for name in estimates[0]},
        strayed=_strayed(method, rows, by_day if others is None else _by_day(rows, days)),
        classes=rows.classes,
    )


def _by_day(rows: Judged, days: Sequence[dt.date]) -> list[Judged]:
    return [rows.where(rows.days == np.datetime64(day)) for day in days]


def _curves(method: Method, rows: Judged) -> tuple[Calibrator, ...] | None:
    if rows.score.ndim == 1:
        one = Calibrator.fit(method, rows.label, rows.score)
        return None if one is None else (one,)
    each = [
        Calibrator.fit(method, (rows.label == number).astype(np.float64), rows.score[:, number])
        for number in range(rows.score.shape[1])
    ]
    found = tuple(one for one in each if one is not None)
    return found if len(found) == len(each) else None


def _ordinary(name: str, by_day: list[Judged], estimates: list[Estimates]) -> OrdinaryDays:
    own = [one[name] for one in estimates]
    rows = [0 if one is None else len(day.label) for day, one in zip(by_day, own, strict=True)]
    spread = sum(count * one.spread for count, one in zip(rows, own, strict=True) if one is not None) / max(
        sum(rows), 1
    )
    values = tuple(0.0 if one is None else one.value for one in own)
    return OrdinaryDays(tuple(rows), values, spread)


def _strayed(method: Method, rows: Judged, by_day: list[Judged]) -> dict[str, float]:
    """The variance of realised minus estimated beyond what the rows explain, by moments over days, weighted by their rows."""
    above: dict[str, float] = {}
    below: dict[str, float] = {}
    counted: dict[str, int] = {}
    for day, name, estimate, variance, realised in _beside(method, rows, by_day):
        above[name] = above.get(name, 0.0) + day * ((realised - estimate) ** 2 - variance)
        below[name] = below.get(name, 0.0) + day
        counted[name] = counted.get(name, 0) + 1
    return {name: max(above[name] / below[name], 0.0) for name in above if counted[name] >= FEWEST_DAYS}


def _beside(method: Method, rows: Judged, by_day: list[Judged]) -> Iterator[tuple[int, str, float, float, float]]:
    """Rows of a day, metric, estimate by a curve of other days, its variance, and the realised value."""
    known = [day for day in by_day if len(day.label)]
    for part in np.array_split(np.arange(len(known)), min(FOLDS, len(known))):
        own = [known[place] for place in part.tolist()]
        others = _curves(method, rows.where(~np.isin(rows.days, [day.days[0] for day in own])))
        if others is None:
            continue
        for day in own:
            realised = realised_of(day.label, day.score, day.decided)
            for name, estimate in measured(others, day.score, day.decided).items():
                value = realised.get(name)
                if estimate is not None and value is not None:
                    yield len(day.label), name, estimate.value, estimate.variance, value


def realised_of(label: Floats, score: Floats, decided: NDArray[Any]) -> dict[str, float | None]:
    """How good scores turned out, by the names that estimates have; of a yes or no also the shares of yes."""
    if score.ndim == 2:
        return class_metrics.compute(label, score, decided.astype(np.int64))
    known = bool((decided >= 0).all())
    found = metrics.compute("classification", label, score, decided == 1 if known else None)
    if len(label):
        found |= {"label_rate": float(label.mean()), **({"alarm_rate": float((decided == 1).mean())} if known else {})}
    return found
