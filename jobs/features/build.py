"""Around the transform of a use case or a feature group: the inputs that it may read, and the check of its result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.features.promise import broken
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, Input, UseCase
from lakehouse.populations import population
from lakehouse.storage import delta_log, spark_tables

# Spark's names of the types that a feature may have; void is a column of nulls.
NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "void"})
WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
# Of a category; what is no text is turned into one, as ``true`` and ``17``. A fraction has no one way to be written.
CATEGORIES = frozenset({"string", "boolean", "void", *WHOLE})
TYPE_NAMES = {"long": "bigint"}


def window(use_case: UseCase | FeatureGroup, item: Input, days: list[dt.date]) -> tuple[dt.date | None, dt.date]:
    """The first (None: the table's) and last silver partition of an input that any of the days may read."""
    if use_case.source(item.source).cadence == "occasional":
        return None, max(days)
    return min(days) - dt.timedelta(days=item.first), max(days) - dt.timedelta(days=item.last)


def rows_to_read(use_case: UseCase | FeatureGroup, days: list[dt.date]) -> int:
    """How many silver rows the days may read, by the tables' logs."""
    known: Mapping[dt.date, int] = {}
    if isinstance(use_case, UseCase) and use_case.entity.rows == "known":
        known = population.most_by_day(use_case, days)
    return sum(known.values()) + sum(
        sum(_between(delta_log.rows_by_day(tables.silver(use_case.source(item.source))), use_case, item, days).values())
        for item in use_case.inputs
    )


def _between(
    rows: dict[dt.date, int], use_case: UseCase | FeatureGroup, item: Input, days: list[dt.date]
) -> dict[dt.date, int]:
    first, last = window(use_case, item, days)
    return {day: count for day, count in rows.items() if day <= last and (first is None or day >= first)}


def read_inputs(
    session: SparkSession,
    use_case: UseCase | FeatureGroup,
    days: list[dt.date],
    snapshots: Mapping[str, dt.date | None],
    place: Callable[[Input, DataFrame], DataFrame],
) -> dict[str, DataFrame]:
    """The silver rows of every input within its window; of a reference table that comes as snapshots, those of one; of the
    entity's source, where its rows are not all of the population, the populations of its days.

    Args:
        session: a session.
        use_case: declares the inputs.
        days: the days to build, which all read the same snapshots.
        snapshots: the day of the snapshot to read, by source.
        place: lays an input's rows where the work on them needs few exchanges between workers.
    """
    inputs = {}
    for item in use_case.inputs:
        table = tables.silver(use_case.source(item.source))
        if isinstance(use_case, UseCase) and item.source == use_case.entity.source and not use_case.entity.as_delivered:
            rows = population.frame(session, use_case, _days_of_population(use_case, item, days))
        elif item.source in snapshots:
            newest = snapshots[item.source]
            rows = spark_tables.read_days(session, table, [] if newest is None else [newest])
        else:
            rows = spark_tables.read_between(session, table, *window(use_case, item, days))
        inputs[item.source] = place(item, rows)
    return inputs


def _days_of_population(use_case: UseCase, item: Input, days: list[dt.date]) -> list[dt.date]:
    if use_case.entity.rows == "known":
        return days
    first, last = min(days) - dt.timedelta(days=item.first), max(days)
    return [first + dt.timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def conform(built: object, use_case: UseCase | FeatureGroup) -> DataFrame:
    """The built rows with exactly the declared columns: key, partition and features, numbers as doubles, NaN as null.

    Raises:
        TransformBroken: when a declared column is missing, of a wrong type or there twice, or there is an undeclared one.
    """
    if not isinstance(built, DataFrame):
        raise broken(use_case, f"expected build() to return a DataFrame, found {type(built).__name__}")
    types = built.dtypes
    found = [name for name, _ in types]
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise broken(use_case, f"expected each column once, found twice: {', '.join(twice)}")
    expected = {*use_case.key_names, "partition", *use_case.own_feature_names}
    missing, surplus = sorted(expected - set(found)), sorted(set(found) - expected)
    if missing or surplus:
        raise broken(
            use_case,
            "expected the key, partition and the declared features; "
            f"missing: {', '.join(missing) or 'none'}; not declared: {', '.join(surplus) or 'none'}",
        )
    if wrong := _wrong_types(dict(types), use_case):
        raise broken(use_case, "; ".join(wrong))
    # A float widened to double would differ from one computed as double; NaN and null both mean unknown.
    values = [
        F.col(name).cast("string").alias(name)
        if name in use_case.own_category_names
        else F.nanvl(F.col(name).cast("double"), F.lit(None)).alias(name)
        for name in use_case.own_feature_names
    ]
    keys = [F.col(column.name).cast(column.type).alias(column.name) for column in tables.entity_columns(use_case)]
    return built.select(*keys, "partition", *values)


def _wrong_types(types: Mapping[str, str], use_case: UseCase | FeatureGroup) -> list[str]:
    """What is wrong with the columns' types: a cast would make null, or a truth a number, in silence."""
    wrong = [
        f"expected feature {name} to be a number, found {types[name]}"
        + ("; a text is declared as type: category" if types[name] == "string" else "")
        for name in use_case.own_number_names
        if types[name] not in NUMBERS and not types[name].startswith("decimal")
    ]
    wrong += [
        f"expected feature {name}, a category, to be text, boolean or a whole number, found {types[name]}"
        for name in use_case.own_category_names
        if types[name] not in CATEGORIES
    ]
    for column in tables.entity_columns(use_case):
        found, declared = types[column.name], TYPE_NAMES.get(column.type, column.type)
        if found != declared and not {found, declared} <= WHOLE:
            wrong.append(f"expected {column.name} of the key to be {declared} as in its source, found {found}")
    if types["partition"] != "date":
        wrong.append(f"expected partition to be a date, found {types['partition']}")
    return wrong
