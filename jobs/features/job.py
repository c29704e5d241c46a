"""Features: silver -> gold features, for one use case and one day or a range, in one commit."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.asked_days import NOT_SCORED, AskedDays, ScoredDaysResult
from jobs.features import version
from jobs.features.arguments import FeaturesArguments
from jobs.features.batch import Batch
from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.declaration import loader
from lakehouse.errors import InputsMissing
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import delta_log
from lakehouse.tables import Table


@dataclass(frozen=True, kw_only=True)
class FeaturesResult(ScoredDaysResult):
    """How many days were built, of how many rows, and the table's version with them."""

    days: int
    rows: int
    features_version: int


def run(arguments: FeaturesArguments) -> FeaturesResult:
    """Build the days whose inputs or code have changed since they were built; leave the others alone."""
    use_case = loader.by_name(arguments.use_case)
    table = tables.features(use_case)
    asked = AskedDays.of(use_case, arguments.days)
    days = asked.scored
    if not days:
        return _result(NOT_SCORED, 0, 0, asked, table)
    arrivals = readiness.Arrivals(use_case, days[0], days[-1])
    waiting = {day: missing for day in days if (missing := arrivals.missing(day))}
    if waiting:
        day, missing = next(iter(waiting.items()))
        raise InputsMissing(
            f"{table.full_name}: expected the inputs of {len(days)} day(s) to have arrived, {len(waiting)} still wait; "
            f"{day} waits for {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}; "
            f"ingest them first: python -m jobs ingest --source ... --partition ..."
        )
    expected = expected_inputs.for_features(use_case, days, arrivals, version.FEATURES)
    stale = up_to_date.compare(table, expected).outdated(arguments.force)
    if not stale:
        return _result("unchanged", len(days), 0, asked, table)

    by_day = builds.record(table, {day: expected[day] for day in stale})
    rows = Batch(use_case, tuple(stale)).build(arrivals.same_snapshots(stale), by_day)
    return _result("built", len(stale), rows, asked, table)


def _result(status: str, days: int, rows: int, asked: AskedDays, table: Table) -> FeaturesResult:
    return FeaturesResult(
        status=status,
        days=days,
        rows=rows,
        features_version=delta_log.version(table),
        message=asked.message,
        not_scored=asked.others,
    )
