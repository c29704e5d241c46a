"""Matured labels: gold outcomes from the population and the label's source in silver."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import delta, lineage, stamps, tables, training_set, wanted
from lakehouse.declaration import UseCase

log = logging.getLogger(__name__)


def mature(session: SparkSession, use_case: UseCase, days: list[dt.date], force: bool = False) -> list[dt.date]:
    """Write the outcomes of those days whose deliveries have arrived or have been corrected since, in one commit.

    Returns:
        The days written; the others wait for a delivery or are up to date.
    """
    table = tables.outcomes(use_case)
    inputs_of = wanted.outcomes(use_case, days)
    built = delta.constant_by_partition(table, "inputs_fingerprint")
    stale = [day for day in inputs_of if force or built.get(day) != lineage.fingerprint(inputs_of[day])]
    if not stale:
        return []
    log.info("monitor: labels of %d day(s) have matured, %s to %s", len(stale), stale[0], stale[-1])
    condition = delta.days_condition(stale)
    population = delta.read(session, tables.silver(use_case.source(use_case.entity.source))).where(condition)
    reported = delta.read(session, tables.silver(use_case.source(use_case.label.source))).where(condition)
    rows = label_rows(population, reported, use_case, lineage.record(table, {day: inputs_of[day] for day in stale}))
    delta.replace(rows, table, where=condition)
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
        *on, value.cast("double").alias("value"), training_set.label_of(value, use_case.label).alias("label")
    )
    return (
        population.select(*on).join(labels, on=on, how="left").withColumn("inputs_fingerprint", stamps.of_day(by_day))
    )
