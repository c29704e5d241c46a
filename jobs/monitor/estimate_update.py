"""Keeping ``gold.<use_case>_estimates`` up to date: a day is estimated again when its scores, matured days or the code change."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from jobs.monitor import estimates, matured_shares, version
from jobs.monitor.matured_shares import Scored
from jobs.monitor.scored_rows import ScoredDays, ScoredRows
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.quality_estimator import QualityEstimator
from lakehouse.evaluation.training_days import ALL
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import delta_log, partition_rows, row_limits, table_shape, worker_tasks

log = logging.getLogger(__name__)

# Of a version; None of one that was trained before an estimate was declared.
Estimators = Mapping[int, QualityEstimator | None]
Made = TypeVar("Made")


def keep(use_case: UseCase, days: Collection[dt.date], force: bool) -> bool:
    """Estimate the scored days that are not up to date; returns whether any row changed."""
    if use_case.drift.estimate is None:
        return False
    table = tables.estimates(use_case)
    expected = expected_inputs.for_estimates(use_case, days, version.ESTIMATES)
    outdated = up_to_date.compare(table, expected).outdated(force)
    estimators = _estimators(use_case, outdated)
    if not any(estimators.values()):
        # Versions that were trained before: there is nothing to estimate by, and no row to read for it.
        return partition_rows.replace(table, outdated, []) if delta_log.exists(table) and outdated else False
    table_shape.ensure(table)
    digests = builds.record(table, {day: expected[day] for day in outdated})
    by = _moves(use_case, outdated, estimators)
    rows = of_days(use_case, outdated, estimators, by)
    return partition_rows.replace(
        table, outdated, [row | {tables.INPUTS_FINGERPRINT: digests[row["partition"]]} for row in rows]
    )


def of_days(
    use_case: UseCase, days: Collection[dt.date], estimators: Estimators, by: Mapping[Scored, float] | None = None
) -> list[dict[str, Any]]:
    """Rows of the table for these days, without their fingerprints; ``by``: so much chances are moved."""
    moves = by or {}

    def estimate(rows: ScoredRows, own: QualityEstimator, whole: bool) -> Iterator[dict[str, Any]]:
        yield from estimates.of_rows(rows, own, whole, moves.get((rows.day, rows.version), 0.0))

    return _each(use_case, days, estimators, use_case.slices, estimate)


def _moves(use_case: UseCase, days: Collection[dt.date], estimators: Estimators) -> dict[Scored, float]:
    """By how much the chances of each day and version are moved."""
    past = matured_shares.needed(use_case, days)
    lines = partition_rows.read(tables.estimates(use_case), past.difference(days))
    whole = [line for line in lines if line["slice"] == ALL and line["metric"] == "label_rate"]
    expected = {(line["partition"], line["model_version"]): line["by_training"] for line in whole}

    def share(rows: ScoredRows, own: QualityEstimator, whole: bool) -> Iterator[tuple[Scored, float]]:
        yield (rows.day, rows.version), estimates.expected_share(rows, own)

    # Of a range the days that are about to be written, and days that nobody has monitored; a night needs none of them.
    known, own = _versions(use_case, past), {number for number, found in estimators.items() if found is not None}
    absent = [day for day in past if any((day, number) not in expected for number in own & known[day])]
    expected |= dict(_each(use_case, absent, estimators, (), share))
    return matured_shares.moves(use_case, days, estimators, expected)


def _each(
    use_case: UseCase,
    days: Collection[dt.date],
    estimators: Estimators,
    slices: tuple[str, ...],
    work: Callable[[ScoredRows, QualityEstimator, bool], Iterator[Made]],
) -> list[Made]:
    """What ``work`` makes of the rows that the model scored: here when they are few, else by Spark's workers."""
    scored = ScoredDays.of(use_case, sorted(days), labelled=False)
    pieces = [
        piece for day in sorted(days) for role in scored.roles(day) for piece in _pieces(day, role, slices, scored)
    ]

    def of_piece(number: int) -> Iterator[Made]:
        day, role, its_slices, whole = pieces[number]
        for rows in scored.read(day, role, its_slices):
            own = estimators.get(rows.version)
            # Rows as they were decided, by rules and fallbacks too, come beside what the model said: the estimate is of the latter.
            if own is not None and rows.deciders is None and len(rows.score):
                yield from work(rows, own, whole)

    if scored.scores.rows <= row_limits.IN_PROCESS_ROWS:
        return [made for number in range(len(pieces)) for made in of_piece(number)]
    return list(worker_tasks.run(f"monitor {use_case.name}", len(pieces), of_piece))


def _pieces(
    day: dt.date, role: str, slices: tuple[str, ...], scored: ScoredDays
) -> list[tuple[dt.date, str, tuple[str, ...], bool]]:
    """The whole of a day and its slices together; of very many rows apart, each on a core."""
    rows = sum(file.rows for file in scored.scores.by_day[day] if file.partition["role"] == role)
    if rows <= row_limits.IN_PROCESS_ROWS:
        return [(day, role, slices, True)]
    return [(day, role, (), True), *((day, role, (name,), False) for name in slices)]


def _versions(use_case: UseCase, days: Collection[dt.date]) -> dict[dt.date, set[int]]:
    """The versions that scored each day, by the log's statistics: a role's day has one, and of two both are ends."""
    found: dict[dt.date, set[int]] = {day: set() for day in days}
    for role in (registry.CHAMPION, registry.CHALLENGER):
        bounds = delta_log.bounds_by_partition(tables.scores(use_case), "model_version", role=role)
        for day in days:
            found[day].update(int(end) for end in bounds.get(day) or ())
    return found


def _estimators(use_case: UseCase, days: Collection[dt.date]) -> dict[int, QualityEstimator | None]:
    """Of each version that scored one of the days, by its profile."""
    numbers = {number for found in _versions(use_case, days).values() for number in found}
    return {number: _of_version(use_case, number) for number in sorted(numbers)}


def _of_version(use_case: UseCase, number: int) -> QualityEstimator | None:
    try:
        model = recorded_version.version(use_case.name, number)
        profile = artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8")
    except ModelMissing as error:
        # A challenger that was retired since: the night is not about it.
        log.warning("monitor: the scores of version %d are not estimated: %s", number, error)
        return None
    return Profile.from_json(profile).estimator
