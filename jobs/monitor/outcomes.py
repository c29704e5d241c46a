"""Matured labels: gold outcomes from the population and the label's source in silver."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.monitor import version
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import labelled_rows
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import commits, delta_log, spark_tables

log = logging.getLogger(__name__)


def mature(session: SparkSession, use_case: UseCase, days: list[dt.date], force: bool = False) -> list[dt.date]:
    """Write the outcomes of those days whose deliveries have arrived or have been corrected since, in one commit.

    Returns:
        The days written; the others wait for a delivery or are up to date.
    """
    table = tables.outcomes(use_case)
    expected = expected_inputs.for_outcomes(use_case, days, version.OUTCOMES)
    stale = up_to_date.compare(table, expected).outdated(force)
    if not stale:
        return []
    log.info("monitor: labels of %d day(s) have matured, %s to %s", len(stale), stale[0], stale[-1])
    entities = tables.silver(use_case.source(use_case.entity.source))
    population = spark_tables.read_days(session, entities, stale)
    reported = spark_tables.read_days(session, tables.silver(use_case.source(use_case.label.source)), stale)
    rows = label_rows(population, reported, use_case, builds.record(table, {day: expected[day] for day in stale}))
    commits.replace(rows, table, {"partition": stale}, delta_log.rows_in(entities, stale))
    return stale


def label_rows(
    population: DataFrame, reported: DataFrame, use_case: UseCase, by_day: Mapping[dt.date, str]
) -> DataFrame:
    """The columns of the outcomes table: one row for each entity of the population, label null where none came.

    Args:
        population: silver rows of the entity's source.
        reported: silver rows of the label's source.
        use_case: declares key and label.
        by_day: fingerprint of the inputs of each day; has every day of ``population``.
    """
    on = ["partition", *use_case.entity.key]
    value = F.col(use_case.label.column)
    labels = reported.select(
        *on, value.cast("double").alias("value"), labelled_rows.label_of(value, use_case.label).alias("label")
    )
    return (
        population.select(*on)
        .join(labels, on=on, how="left")
        .withColumn(tables.INPUTS_FINGERPRINT, spark_tables.value_of_day(by_day))
    )
