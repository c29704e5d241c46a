"""A table's log, read without its rows: where the table lies, its version, and statistics by day.

Read by delta-rs, which answers in milliseconds and needs no Spark.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse import settings
from lakehouse.storage import object_store, snapshots, store_errors, touched
from lakehouse.tables import Table

# Where a commit's metadata has the note of `table_shape.rebuild`.
NOTE = "nightjar.note"


def location(table: Table) -> str:
    """Where the table lies: ``<LAKEHOUSE_ROOT>/<layer>/<name>``."""
    return f"{settings.load().lakehouse_root.rstrip('/')}/{table.layer}/{table.name}"


def opened(table: Table, at_version: int | None = None) -> DeltaTable:
    """The table, which exists, at its newest version or at another, for reading."""
    return open_at(location(table), at_version)


def open_at(place: str, at_version: int | None = None) -> DeltaTable:
    """The same of the table at a folder or an address."""
    return snapshots.at(place, at_version, lambda: open_anew(place, at_version))


def open_anew(place: str, at_version: int | None = None) -> DeltaTable:
    """The same read from the log now, and nobody else's: for those who change the table, or want to know whether it can be read."""
    with store_errors.explained(object_store.is_address(place)):
        return DeltaTable(place, version=at_version, storage_options=object_store.options(place))


def exists(table: Table) -> bool:
    """Whether anything was ever written to the table."""
    place = location(table)
    with store_errors.explained(object_store.is_address(place)):
        return snapshots.is_kept(place) or bool(DeltaTable.is_deltatable(place, object_store.options(place)))


def column_names(table: Table, at_version: int | None = None) -> set[str]:
    """The columns that the table has now or had at a version, maybe fewer than declared; none when it does not exist."""
    if not exists(table):
        return set()
    return {field.name for field in opened(table, at_version).schema().fields}


def columns(table: Table, at_version: int | None = None) -> dict[str, pa.DataType]:
    """The type of each column that the table has, now or at a version; none when it does not exist."""
    if not exists(table):
        return {}
    schema = opened(table, at_version).schema()
    return {field.name: field.type for field in pa.schema(schema.to_arrow())}


def required_columns(table: Table) -> set[str]:
    """The columns in which the table itself takes no null."""
    if not exists(table):
        return set()
    return {field.name for field in opened(table).schema().fields if not field.nullable}


def rebuilt_with(table: Table) -> str | None:
    """The note of the last rebuilding of the table that had one, as far as the log goes back."""
    commits = opened(table).history() if exists(table) else []
    return next((str(commit[NOTE]) for commit in commits if commit.get(NOTE)), None)


def version(table: Table) -> int:
    """The newest version of the table; -1 when it does not exist."""
    return opened(table).version() if exists(table) else -1


def constants_by_partition(
    table: Table, *columns: str, at_version: int | None = None, **partition: str
) -> dict[dt.date, tuple[str | None, ...]]:
    """The values of columns that are constant within each day, read from the log's statistics alone.

    Args:
        table: partitioned by ``partition``.
        columns: string or integer columns of at most 32 characters.
        at_version: of the table; the newest by default.
        partition: further partition columns and their value, such as ``role="champion"``.

    Returns:
        By day the value of each column as text; empty where the log has none, None where the day's files differ.
    """
    values: dict[dt.date, list[set[str]]] = {}
    names = [f"{end}.{column}" for column in columns for end in ("min", "max")]
    for day, bounds in _files(table, partition, *names, at_version=at_version):
        of_day = values.setdefault(day, [set() for _ in columns])
        for index, bound in enumerate(bounds):
            of_day[index // 2].add("" if bound is None else str(bound))
    return {
        day: tuple(next(iter(distinct)) if len(distinct) == 1 else None for distinct in of_day)
        for day, of_day in values.items()
    }


def constant_by_partition(table: Table, column: str, **partition: str) -> dict[dt.date, str]:
    """The same for one column, without the days whose files differ."""
    constants = constants_by_partition(table, column, at_version=None, **partition)
    return {day: value for day, (value,) in constants.items() if value is not None}


def bounds_by_partition(table: Table, column: str, **partition: str) -> dict[dt.date, tuple[str, str] | None]:
    """The least and greatest value of a column on each day, by the log's statistics; None where a file has none.

    Args:
        table: partitioned by ``partition``.
        column: one that the log has statistics of.
        partition: further partition columns and their value, such as ``role="champion"``.
    """
    values: dict[dt.date, list[Any]] = {}
    for day, bounds in _files(table, partition, f"min.{column}", f"max.{column}"):
        values.setdefault(day, []).extend(bounds)
    return {day: None if None in bounds else (str(min(bounds)), str(max(bounds))) for day, bounds in values.items()}


def files_by_day(table: Table, at_version: int | None = None, **partition: str) -> dict[dt.date, list[str]]:
    """The names of the files that hold each day's rows, sorted: other files whenever a day is written again.

    Args:
        table: partitioned by ``partition``.
        at_version: of the table; the newest by default.
        partition: further partition columns and their value, such as ``role="champion"``.
    """
    if touched.watching() and exists(table):
        touched.read(location(table), version(table) if at_version is None else at_version)
    files: dict[dt.date, list[str]] = {}
    for day, (path,) in _files(table, partition, "path", at_version=at_version):
        files.setdefault(day, []).append(path)
    return {day: sorted(paths) for day, paths in files.items()}


def rows_by_day(table: Table, at_version: int | None = None, **partition: str) -> dict[dt.date, int]:
    """How many rows each day of the table has, by the log's statistics; days without rows are left out."""
    rows: dict[dt.date, int] = {}
    for day, (count,) in _files(table, partition, "num_records", at_version=at_version):
        rows[day] = rows.get(day, 0) + count
    return rows


def rows_in(table: Table, days: Iterable[dt.date], **partition: str) -> int:
    """How many rows the table holds for these days, by the log's statistics."""
    rows = rows_by_day(table, None, **partition)
    return sum(rows.get(day, 0) for day in set(days))


def _files(
    table: Table, partition: dict[str, str], *names: str, at_version: int | None = None
) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
    """The day and the named statistics (None: the log has none) of each of the table's files in these partitions."""
    if not exists(table):
        return
    actions = opened(table, at_version).get_add_actions(flatten=True)
    present = set(actions.schema.names)
    if "partition.partition" not in present:
        return
    days, *limits = (actions.column(f"partition.{name}").to_pylist() for name in ("partition", *partition))
    statistics = [actions.column(name).to_pylist() if name in present else [None] * len(days) for name in names]
    expected = tuple(partition.values())
    for index, day in enumerate(days):
        if tuple(limit[index] for limit in limits) == expected:
            yield day, tuple(values[index] for values in statistics)
