"""What monitoring would have seen of the days after a training, by monitoring's own functions on the same windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from jobs.calibrate import alarm_seen
from jobs.calibrate.backtest import PastModel
from jobs.calibrate.rates import Exposure
from jobs.gate import measurement
from jobs.monitor import counts, drift, estimates, known_days, new_categories, performance, verdict
from jobs.monitor.alarms import checks, repairs
from jobs.monitor.alarms.passing import passing
from jobs.monitor.counts import Counts
from jobs.monitor.drift import Evidence
from jobs.monitor.performance import Matured
from jobs.monitor.scored_rows import ScoredRows
from jobs.monitor.verdict import DriftCheck
from lakehouse.declaration import UseCase
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.models import registry


@dataclass(frozen=True)
class Watch:
    """The watched days of one past model.

    Attributes:
        day: which the model was trained for: the first that is watched.
        days: the watched days that have rows, in order, but those whose verdict a known event keeps back.
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
        length, bins = use_case.drift.window_days, past.profile.features
        around = rows.between(use_case.calendar.scores.newest(past.day, length)[0], last)
        table = coded_rows.arrow(around)
        by_day = {day: table.filter(pa.array(kept)) for day, kept in _days(around)}
        pairs = {day: (around.between(day, day), of_day) for day, of_day in by_day.items()}
        features = {day: counts.of_columns(of_day, bins) for day, of_day in by_day.items()}
        new_levels = {day: new_categories.of_rows(of_day, bins) for day, of_day in by_day.items()}
        # XGBoost predicts no empty matrix.
        scored = _scored(use_case, around.between(past.day, last), past, number)
        evidence = Evidence(
            version=number,
            profile=past.profile,
            features={name: {day: counted[name] for day, counted in features.items()} for name in bins},
            scores={of_day.day: _by_bin(of_day, past.profile.prediction) for of_day in scored},
            matured=_matured(use_case, scored, number),
            new_levels={
                name: {day: found[name] for day, found in new_levels.items()}
                for name in use_case.category_names
                if name in bins
            },
            classes=use_case.classes,
            reference=checks.reference_of(past.profile, use_case.classes),
            seen=replace(
                alarm_seen.of_rows(use_case, past.profile, pairs, scored, number),
                estimates=_estimated(past.profile, scored, number),
            ),
        )
        of_a_day = [of_day.num_rows for of_day in by_day.values()]
        days = tuple(of_day.day for of_day in scored if known_days.is_ordinary(of_day.day, use_case))
        return cls(past.day, days, evidence, int(np.median(of_a_day or [0]) * length))

    def checks(self, use_case: UseCase) -> dict[dt.date, list[DriftCheck]]:
        """Every statistic of each watched day against the limits that ``use_case`` declares."""
        return {day: drift.checks_of_day(day, use_case, self.evidence) for day in self.days}

    def verdicts(self, use_case: UseCase) -> dict[dt.date, bool]:
        """Whether each watched day is violated by what ``use_case`` declares."""
        return {
            day: drift.verdict_of(of_day, use_case, self.evidence).violated
            for day, of_day in self.checks(use_case).items()
        }

    def exposure(self, use_case: UseCase, violated: dict[dt.date, bool]) -> Exposure:
        """On which days this model might have asked for a retraining, and whether it did, by the limits of ``use_case``."""
        exposed, limits, rhythm = list[dt.date](), use_case.drift, use_case.calendar.scores
        checks_by_day = self.checks(use_case) if limits.measured else {}
        if limits.measured:
            violated = {day: bad and not repairs.alone(map(vars, checks_by_day[day])) for day, bad in violated.items()}
        for day in self.days:
            if (day - self.day).days >= max(limits.cooldown_days, 1):
                exposed.append(day)
            known = {past: bad for past, bad in violated.items() if past <= day}
            recent = rhythm.newest(day, limits.of_days)
            if verdict.retraining(day, known, limits, self.day, [self.day], recent=recent).retrain and not passing(
                # By declared limits nothing passes.
                map(vars, checks_by_day.get(day, []))
            ):
                return Exposure(tuple(exposed), True)
        return Exposure(tuple(exposed), False)


def _scored(use_case: UseCase, rows: TrainingSet, past: PastModel, number: int) -> list[ScoredRows]:
    """The rows of each day with the model's scores and decisions, as monitoring reads them from the scores table."""
    if not len(rows):
        return []
    what = f"the model trained for {past.day}"
    predicted = measurement.of_model(past.model.scorer, past.model.threshold, rows, use_case, what).predictions
    decided = np.full(len(rows), -1) if predicted.decided is None else predicted.decided.astype(np.int64)
    return [
        ScoredRows(
            *(day, registry.CHAMPION, number, predicted.score[kept], decided[kept], rows.label[kept]),
            {name: SliceTexts.of(pa.chunked_array([pa.array(values[kept])])) for name, values in _slices(rows, past)},
            classes=use_case.classes,
        )
        for day, kept in _days(rows)
    ]


def _slices(rows: TrainingSet, past: PastModel) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.str_]]]]:
    """The slices whose quality is measured: only where alarms are, since it takes most of the time."""
    if past.profile.history is not None:
        yield from rows.slices.items()


def _by_bin(rows: ScoredRows, shape: Distribution) -> Counts:
    """The scores by bin; of several classes the numbers of the decided ones."""
    return counts.by_bin(rows.decision.astype(np.float64) if rows.classes else rows.score, shape)


def _matured(use_case: UseCase, scored: Iterable[ScoredRows], number: int) -> dict[dt.date, Matured]:
    task = use_case.model.task
    lines = (line for of_day in scored for line in performance.of_rows(of_day, task))
    return performance.by_day(lines, registry.CHAMPION, number, task)


def _estimated(profile: Profile, scored: Iterable[ScoredRows], number: int) -> estimates.Daily:
    """The estimates of each day, where they are declared."""
    if profile.estimator is None:
        return {}
    lines = (line for of_day in scored for line in estimates.of_rows(replace(of_day, slices={}), profile.estimator))
    return estimates.by_day(lines, registry.CHAMPION, number)


def _days(rows: TrainingSet) -> Iterator[tuple[dt.date, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Each day with which of the rows are its."""
    for day in np.unique(rows.days):
        yield day.astype("datetime64[D]").astype(dt.date), rows.days == day
