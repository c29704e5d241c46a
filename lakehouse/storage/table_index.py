"""What a table's log says of its newest days, kept in memory until the table changes: for readers that ask again and again.

Whether the table has changed is seen without opening it: the entry of its version is as it was, and there is none after it.
What is kept is bounded: so many tables, and of each the newest days alone.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow import fs

from lakehouse.storage import delta_log, stored_files, table_schema
from lakehouse.tables import Table

# Of each table so many days before its newest one.
KEPT_DAYS = 62
# So many answers are kept, of all tables together.
MOST_KEPT = 2000

Made = TypeVar("Made")
# The version, and when its entry in the log was written.
Mark = tuple[int, Any]


@dataclass(frozen=True)
class IndexedFile:
    """A file of a day, as the log has it.

    Attributes:
        path: its path in the log.
        partition: the value of each partition column.
        rows: how many it has.
        written: when.
        bounds: the least and greatest value of each indexed column that the log has them of.
    """

    path: str
    partition: Mapping[str, Any]
    rows: int
    written: dt.datetime
    bounds: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class DayIndex:
    """The files of a table's newest days, at one version.

    Attributes:
        newest: the newest day that has rows; None of an empty table.
        by_day: the files of each day of the last ``KEPT_DAYS``.
    """

    table: Table
    newest: dt.date | None
    by_day: Mapping[dt.date, tuple[IndexedFile, ...]]

    def files(self, day: dt.date, **partition: str) -> list[IndexedFile]:
        """The files of a day in these partitions, such as ``role="champion"``."""
        return [one for one in self.by_day.get(day, ()) if partition.items() <= one.partition.items()]

    def rows(self, day: dt.date, **partition: str) -> int:
        """How many rows they have."""
        return sum(one.rows for one in self.files(day, **partition))

    def written(self, day: dt.date, **partition: str) -> dt.datetime | None:
        """When the newest of them was written; None without any."""
        return max((one.written for one in self.files(day, **partition)), default=None)

    def values(self, column: str, day: dt.date, **partition: str) -> set[Any]:
        """The least and greatest values of an indexed column in them; empty where the log has none."""
        ends = (one.bounds.get(column, (None, None)) for one in self.files(day, **partition))
        return {end for both in ends for end in both if end is not None}

    def read(
        self, days: Collection[dt.date], columns: Sequence[str], where: pc.Expression | None = None, **partition: str
    ) -> pa.Table:
        """Some columns of these days, read file by file; a column that a file does not have is null.

        Args:
            days: which days.
            columns: which of the declared columns.
            where: which rows, by these columns.
            partition: further partition columns and their value.
        """
        schema = _schema(self.table, columns)
        parts = [
            _read(self.table, one, tuple(columns), schema)
            for day in sorted(set(days))
            for one in self.files(day, **partition)
        ]
        rows = pa.concat_tables(parts) if parts else schema.empty_table()
        return rows if where is None else rows.filter(where)


def of(table: Table) -> DayIndex | None:
    """The index of a table that is partitioned by ``partition``; None of one that does not exist.

    Raises:
        Exception: as delta-rs does of a log that can't be read.
    """
    return kept(table, "days", lambda opened: _index(table, opened))


def kept(table: Table, what: str, make: Callable[[DeltaTable], Made]) -> Made | None:
    """What is made of the table as it is now: made again when the table has changed, else as it was; None without the table.

    Args:
        table: whose.
        what: a name for what is made, which with the table identifies it.
        make: makes it from the opened table.
    """
    key = (delta_log.location(table), what)
    with _LOCK:
        known = _KEPT.get(key)
        if known is not None:
            _KEPT.move_to_end(key)
    if known is not None and _same(key[0], known[0]):
        return cast("Made", known[1])
    if not delta_log.exists(table):
        with _LOCK:
            _KEPT.pop(key, None)
        return None
    opened = delta_log.opened(table)
    made = make(opened)
    with _LOCK:
        _KEPT[key] = (_mark(key[0], opened.version()), made)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
    return made


def forget() -> None:
    """Keep nothing."""
    with _LOCK:
        _KEPT.clear()


_KEPT: OrderedDict[tuple[str, str], tuple[Mark, Any]] = OrderedDict()
_LOCK = threading.Lock()


def _entries(location: str, versions: Sequence[int]) -> list[fs.FileInfo]:
    filesystem, root = stored_files.filesystem_of(location)
    found: list[fs.FileInfo] = filesystem.get_file_info(
        [f"{root}/_delta_log/{version:020d}.json" for version in versions]
    )
    return found


def _mark(location: str, version: int) -> Mark:
    (entry,) = _entries(location, [version])
    return version, entry.mtime_ns


def _same(location: str, mark: Mark) -> bool:
    version, written = mark
    entry, following = _entries(location, [version, version + 1])
    there = entry.type == fs.FileType.File and entry.mtime_ns == written
    return bool(there and following.type == fs.FileType.NotFound)


def _index(table: Table, opened: DeltaTable) -> DayIndex:
    actions = pa.table(opened.get_add_actions(flatten=True))
    days = actions.column("partition.partition") if "partition.partition" in actions.column_names else None
    if days is None or not len(days):
        return DayIndex(table, None, {})
    newest = pc.max(days).as_py()
    recent = actions.filter(pc.greater(days, pa.scalar(newest - dt.timedelta(days=KEPT_DAYS), days.type)))
    by_day: dict[dt.date, list[IndexedFile]] = {}
    for one in _files(table, recent):
        by_day.setdefault(one.partition["partition"], []).append(one)
    return DayIndex(table, newest, {day: tuple(files) for day, files in by_day.items()})


def _files(table: Table, actions: pa.Table) -> Iterator[IndexedFile]:
    present = set(actions.column_names)
    bounded = [name for name in table.indexed if f"min.{name}" in present]
    ends = [f"{end}.{name}" for name in bounded for end in ("min", "max")]
    partition = {name: f"partition.{name}" for name in table.partition_by}
    names = ["path", "num_records", "modification_time", *partition.values(), *ends]
    for line in actions.select(names).to_pylist():
        yield IndexedFile(
            line["path"],
            {name: line[column] for name, column in partition.items()},
            line["num_records"] or 0,
            dt.datetime.fromtimestamp(line["modification_time"] / 1000, dt.UTC),
            {name: (line[f"min.{name}"], line[f"max.{name}"]) for name in bounded},
        )


def _schema(table: Table, columns: Sequence[str]) -> pa.Schema:
    declared = table_schema.arrow_schema(table)
    return pa.schema([declared.field(name) for name in columns])


def _read(table: Table, one: IndexedFile, columns: tuple[str, ...], schema: pa.Schema) -> pa.Table:
    file = stored_files.opened(delta_log.location(table), one.path)
    present = [name for name in columns if name in file.schema_arrow.names]
    return stored_files.with_columns(file.read(columns=present), schema, one.partition)
