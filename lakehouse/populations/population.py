"""The population: who is scored on a day. Made here, for everything that asks: by `of` on Arrow, by `frame` for Spark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from lakehouse import tables
from lakehouse.declaration import UseCase, population
from lakehouse.ops import deliveries
from lakehouse.populations.known_rows import KnownRows
from lakehouse.storage import arrow_dataset, delta_log, spark_tables, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Rows that a worker gives to Spark at a time.
BATCH_ROWS = 50_000


class DayRows(Protocol):
    """The rows of days, read column by column: here, or in a worker."""

    @property
    def rows(self) -> int:
        """How many rows there are, or more."""

    def read(self, day: dt.date, names: Sequence[str]) -> pa.Table:
        """These columns of the day's rows."""


def of(use_case: UseCase, days: Collection[dt.date], coded: Collection[str] = ()) -> DayRows:
    """The populations of these days: each entity once a day, with all columns of silver of its source.

    Args:
        use_case: declares the entity.
        days: which days. What became known after a day makes no difference to it.
        coded: columns whose texts may come as dictionaries; never those of the key.
    """
    table = _table(use_case)
    if use_case.entity.as_delivered:
        return DayFiles.of(table, days).with_coded(set(coded).difference(use_case.entity.key))
    return _known_rows(use_case, table, days)


def most_by_day(use_case: UseCase, days: Collection[dt.date]) -> dict[dt.date, int]:
    """How many entities each of the days has, or more, by the log alone; a day that surely has none is left out."""
    if use_case.entity.as_delivered:
        rows = delta_log.rows_by_day(_table(use_case))
        return {day: rows[day] for day in days if day in rows}
    known = _known_rows(use_case, _table(use_case), days)
    return {day: most for day in days if (most := known.most(day))}


def read(use_case: UseCase, days: Collection[dt.date], names: Sequence[str]) -> pa.Table:
    """These columns of the populations of the days."""
    if use_case.entity.as_delivered:
        return arrow_dataset.read(_table(use_case), arrow_dataset.among("partition", days), columns=names)
    rows = of(use_case, days)
    parts = [rows.read(day, names) for day in sorted(days)]
    return pa.concat_tables(parts) if parts else rows.read(dt.date.min, names)


def frame(session: SparkSession, use_case: UseCase, days: Collection[dt.date]) -> DataFrame:
    """The populations of the days with all columns of silver of the source; ``partition`` is the day.

    Few rows are made in this process, of more each day by one of Spark's workers.
    """
    table, ordered = _table(use_case), sorted(days)
    if use_case.entity.as_delivered:
        return spark_tables.read_days(session, table, ordered)
    names, known = list(table.column_names), _known_rows(use_case, table, ordered)
    if known.rows <= spark_tables.GIVEN_ROWS:
        return spark_tables.given(session, table, pa.concat_tables([known.read(day, names) for day in ordered]))

    def of_days(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                yield from known.read(ordered[number], names).combine_chunks().to_batches(max_chunksize=BATCH_ROWS)

    tasks = worker_tasks.for_rows(known.rows, len(ordered))
    return session.range(0, len(ordered), 1, tasks).mapInArrow(of_days, spark_tables.schema(table))


def _table(use_case: UseCase) -> Table:
    return tables.silver(use_case.source(use_case.entity.source))


def _known_rows(use_case: UseCase, table: Table, days: Collection[dt.date]) -> KnownRows:
    reads = dict(_reads(use_case, days))
    present = sorted(delta_log.rows_by_day(table))
    read = [day for day in present if any((first or day) <= day <= last for first, last in set(reads.values()))]
    entity, source = use_case.entity, use_case.source(use_case.entity.source)
    files = DayFiles.of(table, read)
    return KnownRows(files, tuple(read), reads, entity.key, entity.where, population.types_within(source))


def _reads(use_case: UseCase, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, tuple[dt.date | None, dt.date]]]:
    """Of each day the first and last day of the source that its population is made of."""
    entity, source = use_case.entity, use_case.source(use_case.entity.source)
    ordered = sorted(days)
    if entity.rows == "of_day":
        yield from ((day, (day, day)) for day in ordered)
    elif source.cadence == "daily":
        back = dt.timedelta(days=next(item.last for item in use_case.inputs if item.source == source.name))
        start = use_case.calendar.start
        yield from ((day, (day - back, day - back)) for day in ordered if day - back >= start)
    elif source.delivers == "changes":
        yield from ((day, (None, day)) for day in ordered)
    elif ordered:
        # By the ledger: a snapshot without rows leaves none in silver, and nobody is known from it on.
        arrived = {day for _, day in deliveries.arrived([source.name], None, ordered[-1])}
        for day in ordered:
            if newest := max((snapshot for snapshot in arrived if snapshot <= day), default=None):
                yield day, (newest, newest)
