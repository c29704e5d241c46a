"""The features of the groups that a use case takes, joined to its rows of some days as they were known on each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.features import point_in_time
from lakehouse import tables
from lakehouse.arrivals.group_days import GroupTables
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset, delta_log, spark_tables
from lakehouse.tables import Table

# A worker's part of a join among many rows.
ROWS_A_BUCKET = 500_000


def rows_to_read(groups: Sequence[GroupTables], days: Sequence[dt.date]) -> int:
    """How many rows of the groups the days may use, by the tables' logs."""
    total = 0
    for one in groups:
        rows, wanted = delta_log.rows_by_day(tables.group(one.taken.group)), one.days(max(days), min(days))
        total += sum(rows.get(day, 0) for day in wanted)
    return total


def in_process(
    built: pa.Table, population: pa.Table, use_case: UseCase, groups: Sequence[GroupTables], days: Sequence[dt.date]
) -> tuple[pa.Table, dict[str, int]]:
    """The built rows with the features of the groups.

    Args:
        built: the rows of the use case's own transform.
        population: their key and ``partition``, and the columns by which the groups are joined.
        use_case: takes the groups.
        groups: at the versions that are read.
        days: the days of the rows.

    Returns:
        The rows, in another order, and by group how many of them have no value since theirs is too old.
    """
    identity, expired = [*use_case.entity.key, "partition"], dict[str, int]()
    found = population
    for one in groups:
        taken = one.taken
        rows = _read(one, days)
        matched = point_in_time.match(population, rows, taken.key, taken.group.ttl_days)
        for name, values in matched.take(rows, taken.columns).items():
            found = found.append_column(name, values)
        expired[taken.use.label] = int(matched.expired.sum()) + _too_old(one, population, matched.unknown, min(days))
    features = [feature.name for one in groups for feature in one.taken.features]
    return built.join(found.select([*identity, *features]), keys=identity, join_type="left outer"), expired


@contextmanager
def in_workers(
    session: SparkSession,
    built: DataFrame,
    population: DataFrame,
    use_case: UseCase,
    groups: Sequence[GroupTables],
    days: Sequence[dt.date],
    rows: int,
) -> Iterator[tuple[DataFrame, dict[str, int]]]:
    """The same of many rows, by the same function in Spark's workers, while the context lasts; ``rows``: about how many."""
    identity, expired = [*use_case.entity.key, "partition"], dict[str, int]()
    kept: list[DataFrame] = []
    try:
        for one in groups:
            matched = _matched(session, population, use_case, one, days, max(rows // ROWS_A_BUCKET, 1)).persist()
            kept.append(matched)
            expired[one.taken.use.label] = matched.where("expired").count()
            built = built.join(matched.drop("expired"), identity, "left")
        yield built, expired
    finally:
        for matched in kept:
            matched.unpersist()


def _read(one: GroupTables, days: Sequence[dt.date]) -> pa.Table:
    """The rows that the days may use, in this process."""
    wanted, columns = one.days(max(days), min(days)), _columns(one)
    parts = [
        arrow_dataset.read(table, arrow_dataset.among("partition", read), version, columns)
        for table, version, read in _places(one, wanted)
    ]
    return pa.concat_tables(parts)


def _places(one: GroupTables, wanted: Sequence[dt.date]) -> Iterator[tuple[Table, int, list[dt.date]]]:
    """The tables that have the days, each with its version and its days."""
    group = one.taken.group
    yield tables.group(group), max(one.version, 0), [day for day in wanted if day not in one.first]
    if kept := [day for day in wanted if day in one.first]:
        yield tables.group_first(group), max(one.first_version, 0), kept


def _columns(one: GroupTables) -> list[str]:
    return [*one.taken.group.key_names, "partition", *one.taken.columns.values()]


def _too_old(one: GroupTables, population: pa.Table, unknown: NDArray[np.bool_], first: dt.date) -> int:
    """How many rows of the population have rows of their key that are too old for all days. Only keys are read, some at a time."""
    lacking, key = population.filter(pa.array(unknown)), one.taken.key
    older = one.older(first)
    if not len(lacking) or not older:
        return 0
    name, column = next(iter(key.items()))
    wanted = lacking[column].unique()
    known: list[pa.Table] = []
    for table, version, days in _places(one, older):
        if not delta_log.exists(table):
            continue
        where = arrow_dataset.among("partition", days) & arrow_dataset.among(name, wanted)
        for batch in arrow_dataset.batches(table, list(key), where, version):
            known.append(pa.concat_tables([*known, pa.table(batch)]).group_by(list(key)).aggregate([]))
            del known[:-1]
    if not known:
        return 0
    there = known[0].append_column("partition", pa.array([min(older)] * len(known[0]), pa.date32()))
    return int(point_in_time.match(lacking, there, key, 0).expired.sum())


def _matched(
    session: SparkSession,
    population: DataFrame,
    use_case: UseCase,
    one: GroupTables,
    days: Sequence[dt.date],
    buckets: int,
) -> DataFrame:
    """The population's key and day with the group's features, and whether they are too old."""
    taken, identity = one.taken, [*use_case.entity.key, "partition"]
    keys = {name: f"_key_{number}" for number, name in enumerate(taken.key)}
    left = population.select(*identity, *(F.col(taken.key[name]).alias(alias) for name, alias in keys.items()))
    newest = _of_days(session, one, one.days(max(days), min(days)), _columns(one))
    types = {column.name: column.type for column in tables.feature_columns(taken.features)}
    none = (F.lit(None).cast(types[name]).alias(own) for name, own in taken.columns.items())
    older = _of_days(session, one, one.older(min(days)), [*taken.key, "partition"])
    known = newest.unionByName(older.groupBy(*taken.key).agg(F.max("partition").alias("partition")).select("*", *none))
    right = known.select("partition", *(F.col(n).alias(a) for n, a in keys.items()), *taken.columns.values())
    bucket = F.pmod(F.hash(*keys.values()), F.lit(buckets)).alias("_bucket")
    schema = ", ".join(
        [
            *(f"`{column.name}` {column.type}" for column in tables.entity_columns(use_case)),
            "partition date",
            *(f"`{name}` {of_type}" for name, of_type in types.items()),
            "expired boolean",
        ]
    )
    join = _joiner(identity, list(keys.values()), taken.columns, taken.group.ttl_days)
    parts = left.select("*", bucket).groupBy("_bucket").cogroup(right.select("*", bucket).groupBy("_bucket"))
    return parts.applyInArrow(join, schema)


def _of_days(session: SparkSession, one: GroupTables, days: Sequence[dt.date], columns: Sequence[str]) -> DataFrame:
    parts = [
        spark_tables.read_days(session, table, read, version if delta_log.exists(table) else None).select(*columns)
        for table, version, read in _places(one, days)
    ]
    return reduce(DataFrame.unionByName, parts)


def _joiner(
    identity: list[str], keys: list[str], columns: Mapping[str, str], ttl_days: int
) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """What a worker does with its part of both sides."""

    def join(left: pa.Table, right: pa.Table) -> pa.Table:
        matched = point_in_time.match(left, right, {name: name for name in keys}, ttl_days)
        found = {name: left[name] for name in identity} | matched.take(right, columns)
        return pa.table({**found, "expired": pa.array(matched.expired)})

    return join
