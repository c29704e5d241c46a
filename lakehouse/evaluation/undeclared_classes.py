"""Values of a label of several classes that are none of them: rows without a label, which are named and not passed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset, spark_tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# So many different values are named at most, the most frequent first.
NAMED = 20


def in_labels(spark: SparkSession, use_case: UseCase, first: dt.date, last: dt.date, version: int) -> dict[str, int]:
    """How often each such value came for the days from ``first`` to ``last``, by a version of the table that has the labels."""
    label = use_case.label
    if not label.classes:
        return {}
    from pyspark.sql import functions as F

    rows = spark_tables.read_between(spark, tables.labels(use_case), first, last, version)
    if label.column is None:
        value, unknown = F.col("label_class"), F.isnull("label") & F.isnotnull("label_class")
    else:
        value = F.col(label.column)
        unknown = ~value.isin(list(label.classes))
    others = rows.where(unknown).groupBy(value.cast("string").alias("value")).count()
    found = others.orderBy(F.desc("count"), "value").limit(NAMED).collect()
    return {row["value"]: row["count"] for row in found}


def in_outcomes(use_case: UseCase, days: Iterable[dt.date]) -> dict[str, int]:
    """The same among the matured labels of these days."""
    if not use_case.label.classes:
        return {}
    where = arrow_dataset.among("partition", days) & pc.field("label").is_null() & pc.field("label_class").is_valid()
    found = arrow_dataset.read(tables.outcomes(use_case), where, columns=["label_class"]).column("label_class")
    counted = {one["values"]: one["counts"] for one in pc.value_counts(found).to_pylist()}
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NAMED])


def words(use_case: UseCase, found: Mapping[str, int]) -> str:
    """What they mean for people."""
    values = ", ".join(f"{value!r} ({count})" for value, count in found.items())
    remedy = (
        "" if use_case.label.computed else f", or have the contract of {use_case.label.source} reject them by allowed"
    )
    return (
        f"{use_case.name}: {sum(found.values())} value(s) of {use_case.label_in_words} are none of the classes "
        f"({', '.join(use_case.classes)}) and count as unlabelled: {values}; declare them under label.classes{remedy}"
    )
