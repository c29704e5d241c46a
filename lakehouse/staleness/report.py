"""Which gold partitions were built from inputs that have changed since, and why.

Asked of the logs and of the platform's small tables alone: no data is read, and no Spark is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse import tables
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase
from lakehouse.models import registry, shadow, version_selection
from lakehouse.models.version_selection import Champion
from lakehouse.ops import builds, pending_verdicts
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import expected_inputs, reasons_status
from lakehouse.staleness.expected_inputs import FINGERPRINT
from lakehouse.storage import delta_log
from lakehouse.tables import Table

# Reasons by day.
Stale = dict[dt.date, list[str]]


@dataclass(frozen=True)
class Staleness:
    """What is stale of a use case: the days of each table with the reasons, and the days that monitoring must repeat.

    ``owed`` are the verdicts that a killed restatement did not come to. ``monitor`` has them, and the days whose verdict or
    whose matured labels rest on something stale. A verdict looks back over days, and monitoring judges those after the
    repeated ones by itself.
    """

    features: Stale
    scores: Stale
    outcomes: Stale
    performance: Stale
    owed: Stale
    monitor: list[dt.date]
    reasons: Stale

    def lines(self, use_case: UseCase) -> list[tuple[str, dt.date, list[str]]]:
        """Table, day and reasons of every stale partition."""
        made = (
            (tables.features, self.features),
            (tables.scores, self.scores),
            (tables.reasons, self.reasons),
            (tables.outcomes, self.outcomes),
            (tables.performance, self.performance),
            (tables.drift, self.owed),
        )
        return [(table(use_case).full_name, day, why) for table, stale in made for day, why in sorted(stale.items())]


def find(
    use_case: UseCase, first: dt.date | None = None, last: dt.date | None = None, champion: Champion = "then"
) -> Staleness:
    """Compare what the days from ``first`` to ``last`` (all, when not given) were built from with what is there now.

    Args:
        use_case: whose tables.
        first: the first day looked at.
        last: the last day looked at.
        champion: by which model the days would be scored again; see `lakehouse.models.version_selection`.
    """
    features, outcomes = _features(use_case, first, last), _outcomes(use_case, first, last)
    scores = _scores(use_case, first, last, features, champion)
    scored, maturity = version_selection.scored_by(use_case), dt.timedelta(days=use_case.label.maturity_days)
    performance = _performance(use_case, first, last)
    touched = {*scores, *outcomes, *performance}
    interrupted = {
        day: ["a restatement was interrupted before its verdict"]
        for day in pending_verdicts.pending(use_case.name, first, last)
    }
    monitor = sorted({*touched, *(day + maturity for day in touched), *interrupted} & set(scored))
    reasons = _reasons(use_case, first, last, scores)
    return Staleness(features, scores, outcomes, performance, interrupted, monitor, reasons)


def _features(use_case: UseCase, first: dt.date | None, last: dt.date | None) -> Stale:
    table = tables.features(use_case)
    built = _built(table, first, last)
    if not built:
        return {}
    return _differing(
        table, built, expected_inputs.features(use_case, built, Arrivals(use_case, min(built), max(built)))
    )


def _outcomes(use_case: UseCase, first: dt.date | None, last: dt.date | None) -> Stale:
    table = tables.outcomes(use_case)
    built = _built(table, first, last)
    return _differing(table, built, expected_inputs.outcomes(use_case, built))


def _performance(use_case: UseCase, first: dt.date | None, last: dt.date | None) -> Stale:
    table = tables.performance(use_case)
    built = _built(table, first, last)
    return _differing(table, built, expected_inputs.performance(use_case, built))


def _scores(
    use_case: UseCase,
    first: dt.date | None,
    last: dt.date | None,
    stale_features: Iterable[dt.date],
    champion: Champion,
) -> Stale:
    table = tables.scores(use_case)
    features = delta_log.constant_by_partition(tables.features(use_case), FINGERPRINT)
    scored = _built(table, first, last, role=registry.CHAMPION)
    built = {day: digest for day, digest in scored.items() if day in features}
    if not built:
        return {}
    chosen = version_selection.choose(use_case, sorted(built), champion=champion)
    beside = shadow.choose(use_case, chosen, again=False).by_day
    canary = {day: one.canary for day, one in beside.items()}
    stale = _differing(
        table, built, expected_inputs.scores(features, {day: one.model for day, one in chosen.items()}, canary)
    )
    built_beside = _built(table, first, last, role=registry.CHALLENGER)
    models, _ = shadow.models(use_case, (beside[day].version for day in beside if day in built_beside))
    now = expected_inputs.scores_beside(
        features, {day: one for day, one in beside.items() if day in built_beside}, models
    )
    for day, why in _differing(table, built_beside, now).items():
        # What both were built from is named once.
        stale[day] = list(dict.fromkeys([*stale.get(day, []), *why]))
    for day in set(stale_features) & set(built):
        stale.setdefault(day, []).append("its features are stale")
    return stale


def _reasons(use_case: UseCase, first: dt.date | None, last: dt.date | None, stale_scores: Iterable[dt.date]) -> Stale:
    features = delta_log.constant_by_partition(tables.features(use_case), FINGERPRINT)
    scored = _built(tables.scores(use_case), first, last, role=registry.CHAMPION)
    inputs_of = expected_inputs.reasons(use_case, {day: digest for day, digest in scored.items() if day in features})
    stale = reasons_status.behind(use_case, inputs_of)
    for day in set(stale_scores) & set(inputs_of):
        stale.setdefault(day, []).append("its scores are stale")
    return stale


def _built(table: Table, first: dt.date | None, last: dt.date | None, **partition: str) -> dict[dt.date, str]:
    found = delta_log.constant_by_partition(table, FINGERPRINT, **partition)
    return {
        day: digest
        for day, digest in found.items()
        if (first is None or day >= first) and (last is None or day <= last)
    }


def _differing(table: Table, built: Mapping[dt.date, str], now: Mapping[dt.date, Inputs]) -> Stale:
    stale = {day for day, inputs in now.items() if built[day] != builds.fingerprint(inputs)}
    before = builds.inputs_behind(table, {day: built[day] for day in stale})
    return {day: builds.changes(before.get(day), now[day]) for day in sorted(stale)}
