"""The files of a table's days, read column by column: here, or in a worker, to which their names are sent and not their rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.storage import delta_log, stored_files, table_schema, touched
from lakehouse.tables import Table


@dataclass(frozen=True)
class DayFile:
    """A file of a day.

    Attributes:
        path: as the table's log has it.
        partition: the value of each partition column.
        rows: how many it has.
    """

    path: str
    partition: Mapping[str, Any]
    rows: int


@dataclass(frozen=True)
class DayFiles:
    """The files of some days of one table, at the version that it had when they were looked up.

    Attributes:
        location: of the table.
        columns: the declared ones.
        by_day: the files of each day that has some.
    """

    location: str
    columns: pa.Schema
    by_day: Mapping[dt.date, tuple[DayFile, ...]]

    @classmethod
    def of(cls, table: Table, days: Collection[dt.date], at_version: int | None = None, **partition: str) -> DayFiles:
        """Look them up; of a table that does not exist there are none.

        Args:
            table: partitioned by ``partition``.
            days: which days.
            at_version: of the table; the newest by default.
            partition: further partition columns and their value, such as ``role="champion"``.
        """
        location, found = delta_log.location(table), dict[dt.date, list[DayFile]]()
        if delta_log.exists(table):
            wanted = set(days)
            opened = delta_log.open_at(location, at_version)
            if touched.watching():
                touched.read(location, opened.version())
            actions = pa.table(opened.get_add_actions(flatten=True))
            columns = {name: f"partition.{name}" for name in table.partition_by}
            lines = actions.select(["path", "num_records", *columns.values()]).to_pylist()
            for line in sorted(lines, key=lambda line: str(line["path"])):
                values = {name: line[column] for name, column in columns.items()}
                if values["partition"] in wanted and partition.items() <= values.items():
                    file = DayFile(line["path"], values, line["num_records"])
                    found.setdefault(values["partition"], []).append(file)
        return cls(location, table_schema.arrow_schema(table), {day: tuple(files) for day, files in found.items()})

    @property
    def rows(self) -> int:
        """How many rows the files have."""
        return sum(file.rows for files in self.by_day.values() for file in files)

    def read(self, day: dt.date, names: Sequence[str]) -> pa.Table:
        """These columns of the day's rows, in the order of the files; a column that a file does not have is null."""
        schema = pa.schema([self.columns.field(name) for name in names])
        parts = [part for file in self.by_day.get(day, ()) for part in self.parts(file, names)]
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def parts(self, file: DayFile, names: Sequence[str], groups: Collection[int] | None = None) -> Iterator[pa.Table]:
        """These columns of a file, a row group (by default each, else these) at a time."""
        schema = pa.schema([self.columns.field(name) for name in names])
        opened = stored_files.opened(self.location, file.path)
        present = [name for name in opened.schema_arrow.names if name in names]
        for group in range(opened.num_row_groups) if groups is None else groups:
            # One thread: a worker has one core.
            rows = opened.read_row_group(group, columns=present, use_threads=False)
            if not present:
                rows = pa.table({"_": pa.nulls(opened.metadata.row_group(group).num_rows)})
            yield stored_files.with_columns(rows, schema, file.partition)

    def row_groups(self, file: DayFile) -> int:
        """How many row groups the file has."""
        return int(stored_files.opened(self.location, file.path).num_row_groups)
