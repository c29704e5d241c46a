"""The files of a table's newest days, as its log has them: made from an opened table, and followed commit by commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.storage import delta_log, stored_files, table_schema
from lakehouse.storage.log_tail import Added, Commit
from lakehouse.tables import Table

DAY = "partition"
# Of each table so many days before its newest one.
KEPT_DAYS = 62
# Of these columns the ends are kept. What identifies a row may name a person, and is not.
BOUNDED = ("model_version", "chosen_by")


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of a day, as the log has it.

    Attributes:
        path: its path in the log.
        partition: the value of each partition column.
        rows: how many it has.
        written: when.
        bounds: the least and greatest value of each column of ``BOUNDED`` that the log has them of.
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
        newest: the newest day that has files; None of an empty table.
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
        """The least and greatest values of a column of ``BOUNDED`` in them; empty where the log has none."""
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
        declared = table_schema.arrow_schema(self.table)
        schema = pa.schema([declared.field(name) for name in columns])
        location = delta_log.location(self.table)
        parts = [
            stored_files.read(location, one.path, schema, one.partition)
            for day in sorted(set(days))
            for one in self.files(day, **partition)
        ]
        rows = pa.concat_tables(parts) if parts else schema.empty_table()
        return rows if where is None else rows.filter(where)

    def after(self, commits: Iterable[Commit]) -> DayIndex | None:
        """The index after further commits; None where the days that it has do not tell it.

        Args:
            commits: that follow its version, in order.
        """
        by_path = {one.path: one for files in self.by_day.values() for one in files}
        for commit in commits:
            for path in commit.removed:
                by_path.pop(path, None)
            for added in commit.added:
                made = _of_commit(self.table, added)
                if made is None:
                    return None
                by_path[made.path] = made
        newest = max((one.partition[DAY] for one in by_path.values()), default=None)
        # Its newest days are gone: those before them are not among what is kept.
        if self.newest is not None and (newest is None or newest < self.newest):
            return None
        return arranged(self.table, newest, by_path.values())


def arranged(table: Table, newest: dt.date | None, files: Iterable[IndexedFile]) -> DayIndex:
    """The index of these files, as far as they are of the newest days."""
    by_day: dict[dt.date, list[IndexedFile]] = {}
    for one in files:
        if newest is not None and one.partition[DAY] > newest - dt.timedelta(days=KEPT_DAYS):
            by_day.setdefault(one.partition[DAY], []).append(one)
    return DayIndex(table, newest, {day: tuple(of_day) for day, of_day in by_day.items()})


def of_opened(table: Table, opened: DeltaTable) -> DayIndex:
    """The index of an opened table that is partitioned by ``partition``."""
    actions = pa.table(opened.get_add_actions(flatten=True))
    days = actions.column(f"partition.{DAY}") if f"partition.{DAY}" in actions.column_names else None
    if days is None or not len(days):
        return DayIndex(table, None, {})
    newest = pc.max(days).as_py()
    recent = actions.filter(pc.greater(days, pa.scalar(newest - dt.timedelta(days=KEPT_DAYS), days.type)))
    return arranged(table, newest, _of_log(table, recent))


def _of_log(table: Table, actions: pa.Table) -> Iterator[IndexedFile]:
    present = set(actions.column_names)
    bounded = [name for name in BOUNDED if name in table.indexed and f"min.{name}" in present]
    ends = [f"{end}.{name}" for name in bounded for end in ("min", "max")]
    partition = {name: f"partition.{name}" for name in table.partition_by}
    names = ["path", "num_records", "modification_time", *partition.values(), *ends]
    for line in actions.select(names).to_pylist():
        yield IndexedFile(
            line["path"],
            {name: line[column] for name, column in partition.items()},
            line["num_records"] or 0,
            instant(line["modification_time"]),
            {
                name: (line[f"min.{name}"], line[f"max.{name}"])
                for name in bounded
                if (line[f"min.{name}"], line[f"max.{name}"]) != (None, None)
            },
        )


def _of_commit(table: Table, added: Added) -> IndexedFile | None:
    """The same of a file that a commit added; None where a value of its partition is not a day or a text."""
    declared = {column.name: column.type for column in table.columns}
    partition: dict[str, Any] = {}
    for name in table.partition_by:
        value = added.partition.get(name)
        if value is None or declared[name] not in ("string", "date"):
            return None
        try:
            partition[name] = dt.date.fromisoformat(value) if declared[name] == "date" else value
        except ValueError:
            return None
    bounds = {
        name: (added.least.get(name), added.greatest.get(name))
        for name in BOUNDED
        if name in table.indexed and (name in added.least or name in added.greatest)
    }
    return IndexedFile(added.path, partition, added.rows, instant(added.written), bounds)


def instant(milliseconds: int) -> dt.datetime:
    """An instant, which logs have in milliseconds since 1970."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
