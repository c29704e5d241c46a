"""What monitoring would have seen of the days after a training, by monitoring's own functions on the same windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jobs.calibrate.backtest import PastModel
from jobs.calibrate.rates import Exposure
from jobs.monitor import counts, drift, performance, verdict
from jobs.monitor.drift import Evidence
from jobs.monitor.performance import Matured
from jobs.monitor.scored_rows import ScoredRows
from jobs.monitor.verdict import DriftCheck
from jobs.train import fitting
from lakehouse.declaration import Drift, UseCase
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import registry


@dataclass(frozen=True)
class Watch:
    """The watched days of one past model.

    Attributes:
        day: which the model was trained for: the first that is watched.
        days: the watched days that have rows, in order.
        evidence: what was counted of them.
        rows_a_window: feature rows of a window, in the middle.
    """

    day: dt.date
    days: tuple[dt.date, ...]
    evidence: Evidence
    rows_a_window: int

    @classmethod
    def of(cls, use_case: UseCase, rows: TrainingSet, past: PastModel, number: int, last: dt.date) -> Watch:
        """Score the days from the training to ``last``, and count what monitoring counts."""
        length = use_case.drift.window_days
        around = rows.between(past.day - dt.timedelta(days=length - 1), last)
        scored = around.between(past.day, last)
        # XGBoost predicts no empty matrix.
        score = fitting.score(past.model.booster, scored.features) if len(scored) else np.empty(0)
        by_name = {name: around.features[:, place] for place, name in enumerate(around.names)}
        evidence = Evidence(
            version=number,
            profile=past.profile,
            features={
                name: {day: counts.by_bin(values[kept], shape) for day, kept in _days(around)}
                for name, shape in past.profile.features.items()
                for values in [by_name[name]]
            },
            scores={day: counts.by_bin(score[kept], past.profile.prediction) for day, kept in _days(scored)},
            matured=_matured(use_case, scored, score, past.model.threshold, number),
        )
        of_a_day = [int(kept.sum()) for _, kept in _days(around)]
        days = tuple(day for day, _ in _days(scored))
        return cls(past.day, days, evidence, int(np.median(of_a_day or [0]) * length))

    def checks(self, use_case: UseCase) -> dict[dt.date, list[DriftCheck]]:
        """Every statistic of each watched day against the limits that ``use_case`` declares."""
        return {day: drift.checks_of_day(day, use_case, self.evidence) for day in self.days}

    def exposure(self, violated: dict[dt.date, bool], limits: Drift) -> Exposure:
        """On which days this model might have asked for a retraining, and whether it did."""
        exposed: list[dt.date] = []
        for day in self.days:
            if (day - self.day).days >= max(limits.cooldown_days, 1):
                exposed.append(day)
            known = {past: bad for past, bad in violated.items() if past <= day}
            if verdict.retraining(day, known, limits, self.day, [self.day]).retrain:
                return Exposure(tuple(exposed), True)
        return Exposure(tuple(exposed), False)


def verdicts(checks: dict[dt.date, list[DriftCheck]], limits: Drift) -> dict[dt.date, bool]:
    """Whether each day is violated."""
    return {day: verdict.day_verdict(of_day, limits).violated for day, of_day in checks.items()}


def _matured(
    use_case: UseCase, rows: TrainingSet, score: Floats, threshold: float | None, number: int
) -> dict[dt.date, Matured]:
    decided = np.full(len(rows), -1) if threshold is None else score >= threshold
    task = use_case.model.task

    def lines() -> Iterator[dict[str, object]]:
        for day, kept in _days(rows):
            of_day = ScoredRows(
                day, registry.CHAMPION, number, score[kept], decided[kept].astype(np.int8), rows.label[kept], {}
            )
            yield from performance.of_rows(of_day, task)

    return performance.by_day(lines(), registry.CHAMPION, number, task)


def _days(rows: TrainingSet) -> Iterator[tuple[dt.date, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Each day with which of the rows are its."""
    for day in np.unique(rows.days):
        yield day.astype("datetime64[D]").astype(dt.date), rows.days == day
