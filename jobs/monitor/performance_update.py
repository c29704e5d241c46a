"""Keeping ``gold.<use_case>_performance`` up to date: days are measured when their scores, labels or the code have changed."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession

from jobs.monitor import performance, version
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import commits, delta_log, partition_rows, spark_tables


def measure(session: SparkSession, use_case: UseCase, watched: list[dt.date], force: bool) -> bool:
    """Measure the watched days that have labels and are not up to date; returns whether any row changed."""
    table = tables.performance(use_case)
    expected = expected_inputs.for_performance(use_case, watched, version.PERFORMANCE)
    days = up_to_date.compare(table, expected).outdated(force)
    if not days:
        return False
    commits.ensure(table)
    scores, labels, population = (
        spark_tables.read_days(session, source, days)
        for source in (
            tables.scores(use_case),
            tables.outcomes(use_case),
            tables.silver(use_case.source(use_case.entity.source)),
        )
    )
    scored = performance.scored_rows(scores, labels, population, use_case)
    digests = builds.record(table, {day: expected[day] for day in days})
    rows = performance.measure(scored, use_case, delta_log.rows_in(tables.scores(use_case), days))
    stamped = [row | {tables.INPUTS_FINGERPRINT: digests[row["partition"]]} for row in rows]
    return partition_rows.replace(table, days, stamped)


def labelled_rows(use_case: UseCase, day: dt.date) -> int:
    """Labelled rows of the champion's scores of that day."""
    whole = {"role": registry.CHAMPION, "slice": performance.ALL}
    measured = partition_rows.read(tables.performance(use_case), [day])
    return max((row["labelled_rows"] for row in measured if whole.items() <= row.items()), default=0)
