"""The tests of estimated quality: whether the model expects to do worse on the window's rows than on those it was judged by.

Estimates of the window's days against estimates of the days that the model was not fitted to, by the same curve from score to
chance: so a difference is one of the scores, and says nothing on whether the curve still holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from jobs.monitor.alarms import material, weekdays
from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.finding import Finding
from jobs.monitor.alarms.means import LESS_SURE, Means
from jobs.monitor.alarms.tested import WHOLE, Tested, of_best
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.estimates import Daily
from jobs.monitor.verdict import FEWEST_DAYS, DriftCheck, Kind, unmeasured
from lakehouse.evaluation.quality_estimator import OrdinaryDays, QualityEstimator

ESTIMATE: Kind = "estimate"
# What is tested, with whether more of it is worse.
TESTED = {"log_loss": True, "roc_auc": False}
STATISTIC = {True: "estimated_rise", False: "estimated_fall"}
UNSURE = (
    "the model is less sure of these rows than of those it was judged by: look at what has moved among the features; no label is "
    "known yet, and whether the relation to the label has changed too only matured labels can show"
)


def add(estimator: QualityEstimator, daily: Daily, newest: Sequence[dt.date], tally: Tally) -> None:
    """Test the window. They are tests of the scores, and share the scores' part of the rate: the whole stays as declared."""
    for found, tests in _tested(estimator, daily, newest):
        tally.add("scores", tests, [found])


def told(
    estimator: QualityEstimator, daily: Daily, newest: Sequence[dt.date], false_alarm_days: int
) -> list[DriftCheck]:
    """The same where limits are declared: facts that violate nothing, with the value that would be beyond chance as their limit."""
    tally = Tally()
    add(estimator, daily, newest, tally)
    found = [_fact(one) for one in tally.findings(false_alarm_days)]
    if found:
        return found
    days = len({day for by_day in daily.values() for day in by_day}.intersection(newest))
    return [_nothing(f"{days} of the {len(newest)} days to {newest[-1]} have estimates, {FEWEST_DAYS} are needed")]


def without(version: int) -> list[DriftCheck]:
    """What is said of a version that was trained before an estimate was declared."""
    return [
        _nothing(
            f"version {version} was trained before drift.estimate was declared; the next training keeps what it needs"
        )
    ]


def _nothing(why: str) -> DriftCheck:
    return unmeasured(ESTIMATE, "log_loss", STATISTIC[True], None, why)


def _fact(found: Finding) -> DriftCheck:
    # A verdict's reasons are joined by semicolons.
    told = f"{found.reason}: {found.advice.replace('; ', ', ')}" if found.violated and found.advice else found.reason
    # Too small to matter is not told, however sure.
    limit = found.limit
    if limit is not None and found.value is not None and not found.violated:
        limit = max(limit, found.value)
    return DriftCheck(found.kind, found.feature, found.statistic, found.value, limit, False, told)


def _tested(estimator: QualityEstimator, daily: Daily, newest: Sequence[dt.date]) -> Iterator[tuple[Tested, int]]:
    weekday = weekdays.of_days(estimator.days)
    for metric, more_is_worse in TESTED.items():
        ordinary, by_day = estimator.ordinary.get(metric), daily.get(metric, {})
        recent = Recent.of(newest, by_day)
        if ordinary is None or not any(ordinary.rows) or len(recent.days) < min(FEWEST_DAYS, len(newest)):
            continue
        means = _means(ordinary, weekday)
        rows = np.array([[by_day[day].rows for day in recent.days]], dtype=np.float64)
        values = np.array([[by_day[day].value for day in recent.days]])
        best = Best.of(
            recent.lengths(),
            lambda n, m=means, r=rows, v=values, w=recent: m.moved(  # type: ignore[misc]
                r[:, -n:], v[:, -n:], w.weekday[-n:]
            ),
        )
        if best is not None:
            lately = float(means.newest(rows, values, recent.weekday)[0])
            yield _worse(metric, more_is_worse, ordinary, means, best, recent, lately), best.tests


def _means(ordinary: OrdinaryDays, weekday: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Means:
    rows, values = (np.array([of_days], dtype=np.float64) for of_days in (ordinary.rows, ordinary.values))
    return Means.of(rows, values, np.array([ordinary.spread]), weekday)


def _worse(
    metric: str, more_is_worse: bool, ordinary: OrdinaryDays, means: Means, best: Best, recent: Recent, lately: float
) -> Tested:
    usual = float(np.average(ordinary.values, weights=ordinary.rows))
    shift, z, length = float(best.shift[0]), float(best.z[0]), int(best.length[0])
    worse = shift if more_is_worse else -shift
    words = f"estimated {metric}: {usual + shift:.3f}, {usual:.3f} when the model was judged"
    least = material.LOSS * usual if more_is_worse else material.AUC

    def bound(chance: float) -> float | None:
        kept = abs(float(best.kept[0]))
        if not kept:
            return None
        # A chance of one side.
        times = means.tails.bound(min(2 * chance, 1.0), length)[0] / abs(z)
        rest = means.tails.bound(min(2 * chance * LESS_SURE, 1.0), length - 1)[0] / kept
        return max(least, abs(shift) * float(max(times, rest)))

    made = of_best(
        ESTIMATE, metric, STATISTIC[more_is_worse], WHOLE, worse, worse >= least, words, UNSURE, best, 0, recent,
        lambda: np.array([lately]), bound,
    )  # fmt: skip
    # Better than it was is no alarm.
    return replace(made, chance=made.chance / 2 if worse > 0 else 1.0)
