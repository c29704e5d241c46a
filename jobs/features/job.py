"""Features: silver -> gold features, for one use case and one day or a range, in one commit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from jobs.features import build, version
from jobs.features.arguments import FeaturesArguments
from jobs.result import Result
from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.declaration import UseCase, loader, transform
from lakehouse.errors import InputsMissing
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import commits, delta_log, spark_session, sql_quoting


@dataclass(frozen=True, kw_only=True)
class FeaturesResult(Result):
    """How many days were built, of how many rows, and the table's version with them."""

    days: int
    rows: int
    features_version: int


def run(arguments: FeaturesArguments) -> FeaturesResult:
    """Build the days whose inputs or code have changed since they were built; leave the others alone."""
    use_case = loader.by_name(arguments.use_case)
    table = tables.features(use_case)
    days = arguments.days
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
        return FeaturesResult(status="unchanged", days=len(days), rows=0, features_version=delta_log.version(table))

    session = spark_session.session(f"features {use_case.name}", len(stale))
    parts = [_build(session, use_case, *group) for group in arrivals.same_snapshots(stale)]
    built = reduce(DataFrame.unionByName, (one for one, _ in parts)).persist()
    try:
        population = reduce(DataFrame.unionByName, (one for _, one in parts))
        rows = build.check_rows(built, population, use_case, stale)
        stamped = build.stamp(built, use_case, builds.record(table, {day: expected[day] for day in stale}))
        commits.replace(stamped, table, {"partition": stale}, rows)
    finally:
        built.unpersist()
    return FeaturesResult(status="built", days=len(stale), rows=rows, features_version=delta_log.version(table))


def _build(
    session: SparkSession, use_case: UseCase, days: list[dt.date], snapshots: dict[str, dt.date | None]
) -> tuple[DataFrame, DataFrame]:
    """The built rows of days that read the same snapshots, and their population."""
    inputs = build.read_inputs(session, use_case, days, snapshots)
    days_to_build = session.createDataFrame([(day,) for day in days], schema="partition date")
    built = build.conform(transform.load(use_case).build(days_to_build, inputs), use_case)
    return built, inputs[use_case.entity.source].where(sql_quoting.days_condition(days))
