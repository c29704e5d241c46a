"""The gold partitions that were built from inputs that have changed since, and why.

Read from the logs and from the platform's small tables alone: no data is read, and no Spark is needed.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping

from lakehouse import tables
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing, RegistryChanged, ServiceUnavailable
from lakehouse.models import registry, version_selection
from lakehouse.models.version_selection import Champion
from lakehouse.ops import pending_verdicts
from lakehouse.staleness import (
    expected_inputs,
    export_plan,
    group_staleness,
    monitored_days,
    score_plan,
    up_to_date,
)
from lakehouse.staleness.code_versions import CodeVersions
from lakehouse.staleness.left_days import LeftDays
from lakehouse.staleness.stale_partitions import Staleness
from lakehouse.staleness.up_to_date import Reasons
from lakehouse.tables import Table

log = logging.getLogger(__name__)

# What is said of a day that no model has scored.
_BY_FALLBACK = "a fallback scored it"


def find(
    use_case: UseCase,
    versions: CodeVersions,
    first: dt.date | None = None,
    last: dt.date | None = None,
    champion: Champion = "then",
) -> Staleness:
    """Compare the inputs that the days from ``first`` to ``last`` (all, when not given) were built from with those of now.

    Args:
        use_case: whose tables.
        versions: of the code that decides their values.
        first: the first day that is compared.
        last: the last day that is compared.
        champion: which model scores the days again; see `lakehouse.models.version_selection`.
    """
    left = LeftDays(use_case)
    groups = group_staleness.of_use_case(use_case, versions.groups, first, last)
    for taken in use_case.taken:
        groups[taken.use.label] = left.of_group(taken.group, groups[taken.use.label])
    features = left.of(tables.features, left.gone.features, _features(use_case, versions.features, first, last, groups))
    scores = left.of(
        tables.scores, left.gone.scores, _scores(use_case, versions.scores, first, last, features, champion)
    )
    built = _built(use_case, tables.outcomes(use_case), first, last)
    outcomes = up_to_date.compare(
        tables.outcomes(use_case), expected_inputs.for_outcomes(use_case, built, versions.outcomes)
    ).reasons()
    outcomes = left.of(tables.outcomes, left.gone.outcomes, outcomes)
    measured = _built(use_case, tables.performance(use_case), first, last)
    performance = up_to_date.compare(
        tables.performance(use_case), expected_inputs.for_performance(use_case, measured, versions.performance)
    ).reasons()
    performance = left.of(tables.performance, left.gone.performance, performance)
    estimates = left.of(tables.estimates, left.gone.estimates, _estimates(use_case, versions.estimates, first, last))
    pending = {
        day: ["a restatement was interrupted before its verdict"]
        for day in pending_verdicts.pending(use_case.name, first, last)
    }
    scored, includes = version_selection.scored_by(use_case), use_case.calendar.scores.includes
    again = monitored_days.of_changed(use_case, {*scores, *outcomes, *performance, *estimates})
    monitor = sorted(again.union(day for day in pending if day in scored or not includes(day)))
    reasons = left.of(tables.reasons, left.gone.reasons, _reasons(use_case, versions.reasons, first, last, scores))
    deliveries = {
        target: {day: why for day, why in stale.items() if includes(day)}
        for target, stale in export_plan.stale(use_case, versions.deliveries, first, last, scores).items()
    }
    left.note_asked(first, last)
    expired = tuple(left.found)
    return Staleness(
        features, scores, outcomes, performance, pending, monitor, reasons, deliveries, groups, estimates, expired
    )


def _features(
    use_case: UseCase, code: int, first: dt.date | None, last: dt.date | None, groups: Mapping[str, Reasons]
) -> Reasons:
    table = tables.features(use_case)
    built = _built(use_case, table, first, last)
    if not built:
        return {}
    arrivals = Arrivals(use_case, min(built), max(built))
    stale = up_to_date.compare(table, expected_inputs.for_features(use_case, built, arrivals, code)).reasons()
    for day, why in group_staleness.depending(use_case, groups, built).items():
        stale.setdefault(day, []).extend(why)
    return stale


def _scores(
    use_case: UseCase,
    code: int,
    first: dt.date | None,
    last: dt.date | None,
    stale_features: Iterable[dt.date],
    champion: Champion,
) -> Reasons:
    features, scored = up_to_date.built(tables.features(use_case)), _scored(use_case, first, last)
    days = sorted(scored.keys() & features.keys())
    by_fallbacks = scored.keys() - version_selection.scored_by_model(use_case).keys()
    waiting = {day: [f"{_BY_FALLBACK}, since its features are not built"] for day in by_fallbacks - features.keys()}
    if not days:
        return waiting
    try:
        champions = version_selection.choose(use_case, days, champion=champion)
        stale = score_plan.make(use_case, features, champions, code, retry_failed=False).reasons() | waiting
    except (ModelMissing, RegistryChanged, ServiceUnavailable) as error:
        if not by_fallbacks:
            raise
        log.warning("%s: of days that a model scored it can't be told whether they are stale: %s", use_case.name, error)
        stale = waiting | {
            day: [f"{_BY_FALLBACK}, and still no model can: {error}"] for day in by_fallbacks & set(days)
        }
    for day in set(stale_features) & set(days):
        stale.setdefault(day, []).append("its features are stale")
    return stale


def _reasons(
    use_case: UseCase, code: int, first: dt.date | None, last: dt.date | None, stale_scores: Iterable[dt.date]
) -> Reasons:
    features = up_to_date.built(tables.features(use_case))
    by_model = version_selection.scored_by_model(use_case)
    scored = _scored(use_case, first, last)
    scored = {day: digest for day, digest in scored.items() if day in features and day in by_model}
    expected = expected_inputs.for_reasons(use_case, scored, code)
    stale = up_to_date.compare_reasons(use_case, expected).reasons()
    for day in set(stale_scores) & set(expected):
        stale.setdefault(day, []).append("its scores are stale")
    return stale


def _estimates(use_case: UseCase, code: int, first: dt.date | None, last: dt.date | None) -> Reasons:
    if use_case.drift.estimate is None:
        return {}
    table = tables.estimates(use_case)
    built = _built(use_case, table, first, last)
    return up_to_date.compare(table, expected_inputs.for_estimates(use_case, built, code)).reasons()


def _scored(use_case: UseCase, first: dt.date | None, last: dt.date | None) -> dict[dt.date, str]:
    return _built(use_case, tables.scores(use_case), first, last, registry.CHAMPION)


def _built(
    use_case: UseCase, table: Table, first: dt.date | None, last: dt.date | None, role: str | None = None
) -> dict[dt.date, str]:
    """The fingerprint of each scored day of the table: what was built of others, before the rhythm was declared, stays as it is."""
    includes = use_case.calendar.scores.includes
    return {day: digest for day, digest in up_to_date.built(table, first, last, role).items() if includes(day)}
