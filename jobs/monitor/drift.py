"""The drift checks of a day: its trailing window against the champion's training profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.monitor import class_drift, known_days, new_categories, verdict
from jobs.monitor.alarms import checks as measured_alarms
from jobs.monitor.alarms import of_estimates
from jobs.monitor.alarms.finding import NONE
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.seen import Seen
from jobs.monitor.counts import Counts, DailyCounts, window
from jobs.monitor.known_days import Judged
from jobs.monitor.new_categories import NewLevels
from jobs.monitor.performance import Matured, over
from jobs.monitor.verdict import FEWEST_DAYS, DriftCheck, Verdict
from lakehouse.declaration import UseCase, metric_names
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import SCORE, Distribution, Profile

CALIBRATION = "calibration"
LOSS_RISE = "loss_rise"
# So many new levels are named in a sentence.
NAMED_IN_WORDS = 5


@dataclass(frozen=True)
class Evidence:
    """What was counted of a champion's days.

    Attributes:
        version: the champion's model version.
        profile: its training profile.
        features: feature rows by feature, day and bin.
        scores: its scores by day and bin.
        matured: how good its scores turned out, by day.
        new_levels: by feature and day the rows of each level that training did not have.
        classes: that it decides for, of a label of several.
        reference, seen: of measured alarms; ``seen`` also has the estimates of quality.
    """

    version: int
    profile: Profile
    features: DailyCounts
    scores: Mapping[dt.date, Counts]
    matured: Mapping[dt.date, Matured]
    new_levels: NewLevels = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    reference: Reference | None = None
    seen: Seen = field(default_factory=Seen)


def verdict_of(checks: Sequence[DriftCheck], use_case: UseCase, evidence: Evidence) -> Verdict:
    """The day's verdict, by measured alarms or by declared limits."""
    if evidence.reference is not None and use_case.drift.measured:
        return measured_alarms.verdict(list(checks))
    return verdict.day_verdict(checks, use_case.drift)


def checks_of_day(day: dt.date, use_case: UseCase, evidence: Evidence) -> list[DriftCheck]:
    """Every statistic of the window that ends with ``day``, and of the matured one before it."""
    drift, profile, rhythm = use_case.drift, evidence.profile, use_case.calendar.scores
    if evidence.reference is not None and drift.measured:
        found = measured_alarms.of_day(
            day, use_case, evidence.reference, evidence.features, evidence.scores, evidence.seen
        )
        return [*found, *_new_categories(day, evidence), *_not_estimated(use_case, evidence)]
    recent = Judged.pooled(rhythm.newest(day, drift.window_days), drift)
    checks = [
        _psi(
            "feature", name, profile.features[name], evidence.features[name], recent.newest,
            verdict.feature_limit(profile.features[name].ordinary_psi, drift), f"PSI of {name}",
        )
        for name in profile.features
        if name in evidence.features
    ]  # fmt: skip
    scores, limit = evidence.scores, drift.max_prediction_psi
    checks.append(
        _psi("prediction", SCORE, profile.prediction, scores, recent.newest, limit, "PSI of the scores")
        if not evidence.classes
        else class_drift.check(profile.prediction, scores, recent.newest, limit, evidence.classes)
    )
    matured = Judged.pooled(rhythm.newest(day - dt.timedelta(days=use_case.maturity_days), drift.window_days), drift)
    quality = _performance(matured.newest, use_case, evidence)
    facts = [*_new_categories(day, evidence), *_not_estimated(use_case, evidence)]
    if drift.estimate is not None and profile.estimator is not None:
        known = Judged.of(recent.newest, drift)
        estimates = {metric: known.of_days(by_day) for metric, by_day in evidence.seen.estimates.items()}
        told = of_estimates.told(profile.estimator, estimates, recent.newest, drift.false_alarm_days)
        facts += known_days.told(told, known.event)
    return [
        *known_days.told(checks, recent.event),
        *facts,
        *known_days.told(quality, matured.event),
        *recent.said("data", checks),
        *(matured.said("label", quality) if matured.event else ()),
    ]


def rows(day: dt.date, version: int, checks: Sequence[DriftCheck], day_verdict: Verdict) -> list[dict[str, Any]]:
    """The day's rows of the drift table: the checks, and the verdict with all its reasons."""
    identity = {"partition": day, "model_version": version, **NONE}
    last = DriftCheck(
        kind="verdict",
        feature="all",
        statistic="violated",
        value=float(day_verdict.violated),
        limit=None,
        violated=day_verdict.violated,
        reason="; ".join(day_verdict.reasons),
    )
    return [identity | vars(check) for check in checks] + [identity | vars(last)]


def _psi(
    kind: verdict.Kind,
    name: str,
    expected: Distribution | CategoryDistribution,
    counts: Mapping[dt.date, Any],
    days: Sequence[dt.date],
    limit: float,
    words: str,
) -> DriftCheck:
    present, total = window(counts, days)
    needed = min(FEWEST_DAYS, len(days))
    if total is None or present < needed:
        why = f"{words}: {present} of the {len(days)} days to {days[-1]} have rows, {needed} are needed"
        return verdict.unmeasured(kind, name, "psi", limit, why)
    value = expected.psi(total)
    return verdict.check(kind, name, "psi", value, limit, f"{words} {value:.3f}")


def _new_categories(day: dt.date, evidence: Evidence) -> list[DriftCheck]:
    """The new levels of the day itself, a check a category. They have no limit of their own: their share counts in its PSI."""
    checks = []
    for name, item in evidence.profile.features.items():
        if not isinstance(item, CategoryDistribution) or day not in evidence.features.get(name, {}):
            continue
        counts, levels = evidence.features[name][day], evidence.new_levels.get(name, {}).get(day, {})
        rows = int(counts[item.new])
        words = f"new categories of {name}: {rows} of {int(counts.sum())} rows of {day}"
        if rows:
            named = new_categories.most_frequent(levels, NAMED_IN_WORDS)
            words += ": " + ", ".join(f"{category_codes.shown(level)} ({count})" for level, count in named)
            words += f" and {len(levels) - len(named)} more" if len(levels) > len(named) else ""
        checks.append(DriftCheck(new_categories.KIND, name, "rows", float(rows), None, violated=False, reason=words))
    return checks


def _not_estimated(use_case: UseCase, evidence: Evidence) -> list[DriftCheck]:
    """That a version has no estimates although they are declared."""
    if use_case.drift.estimate is None or evidence.profile.estimator is not None:
        return []
    return of_estimates.without(evidence.version)


def _performance(days: Sequence[dt.date], use_case: UseCase, evidence: Evidence) -> list[DriftCheck]:
    """Calibration and loss over the matured days against those on the holdout."""
    drift, task = use_case.drift, use_case.model.task
    loss_name = metric_names.LOSS[task]
    present = [evidence.matured[day] for day in days if day in evidence.matured]
    needed = min(FEWEST_DAYS, len(days))
    if len(present) < needed:
        why = (
            f"{len(present)} of the {len(days)} days to {days[-1]} have matured labels of version {evidence.version}, "
            f"{needed} are needed"
        )
        return [
            verdict.unmeasured(
                "performance", CALIBRATION, metric_names.CALIBRATION_GAP, drift.max_calibration_gap, why
            ),
            verdict.unmeasured("performance", loss_name, LOSS_RISE, drift.max_loss_rise, why),
        ]
    matured = over(present, task)
    way = "high" if matured.gap > 0 else "low"
    whose = class_drift.whose(matured)
    words = f"{whose} {abs(matured.gap):.3f} too {way} on average over the matured days to {days[-1]}"
    calibration = verdict.check(
        "performance", CALIBRATION, metric_names.CALIBRATION_GAP, abs(matured.gap), drift.max_calibration_gap, words
    )
    expected = evidence.profile.metrics.get(loss_name)
    if expected is None:
        why = f"the training profile of version {evidence.version} has no {loss_name}"
        return [calibration, verdict.unmeasured("performance", loss_name, LOSS_RISE, drift.max_loss_rise, why)]
    words = f"{loss_name} {matured.loss:.3f} over the matured days to {days[-1]} against {expected:.3f} on the holdout"
    rise = verdict.check("performance", loss_name, LOSS_RISE, matured.loss - expected, drift.max_loss_rise, words)
    return [calibration, rise]
