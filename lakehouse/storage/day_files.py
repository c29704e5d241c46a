"""The files of a table's days, read column by column: here, or in a worker, to which their names are sent and not their rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lakehouse.storage import delta_log, stored_files, table_schema, touched
from lakehouse.tables import Table

# A text column that is read as a dictionary.
CODED = pa.dictionary(pa.int32(), pa.string())


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


_Opened = tuple[DayFile, parquet.ParquetFile]


@dataclass(frozen=True)
class DayFiles:
    """The files of some days of one table, at the version that it had when they were looked up.

    Attributes:
        location: of the table.
        columns: the declared ones.
        by_day: the files of each day that has some.
        key: the columns that identify a row of a day; the files of a day are read in the order of their least values. Their names
            are by chance, and tables whose rows were made of one another's come in one order by it.
        coded: text columns that are read as dictionaries: of few distinct texts that takes a third of the time.
    """

    location: str
    columns: pa.Schema
    by_day: Mapping[dt.date, tuple[DayFile, ...]]
    key: tuple[str, ...] = ()
    coded: frozenset[str] = frozenset()

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
        by_day = {day: tuple(files) for day, files in found.items()}
        key = tuple(name for name in table.key if name not in table.partition_by)
        return cls(location, table_schema.arrow_schema(table), by_day, key)

    @property
    def rows(self) -> int:
        """How many rows the files have."""
        return sum(file.rows for files in self.by_day.values() for file in files)

    def with_coded(self, names: Collection[str]) -> DayFiles:
        """The same files, of which those of these columns that have texts are read as dictionaries."""
        own = {field.name for field in self.columns if field.name in names and pa.types.is_string(field.type)}
        partitioned = {name for files in self.by_day.values() for file in files for name in file.partition}
        return replace(self, coded=frozenset(own - partitioned))

    def read(self, day: dt.date, names: Sequence[str]) -> pa.Table:
        """These columns of the day's rows, in the order of the files; a column that a file does not have is null."""
        files = [(file, self._opened(file)) for file in self.by_day.get(day, ())]
        if len(files) > 1:
            files = _in_order(files, self.key)
        parts = [part for file, opened in files for part in self._parts(file, opened, names, None)]
        return pa.concat_tables(parts) if parts else self._schema(names).empty_table()

    def parts(self, file: DayFile, names: Sequence[str], groups: Collection[int] | None = None) -> Iterator[pa.Table]:
        """These columns of a file, a row group (by default each, else these) at a time."""
        yield from self._parts(file, self._opened(file), names, groups)

    def row_groups(self, file: DayFile) -> int:
        """How many row groups the file has."""
        return int(self._opened(file).num_row_groups)

    def _opened(self, file: DayFile) -> parquet.ParquetFile:
        return stored_files.opened(self.location, file.path, self.coded)

    def _schema(self, names: Sequence[str]) -> pa.Schema:
        fields = [self.columns.field(name) for name in names]
        return pa.schema([field.with_type(CODED) if field.name in self.coded else field for field in fields])

    def _parts(
        self, file: DayFile, opened: parquet.ParquetFile, names: Sequence[str], groups: Collection[int] | None
    ) -> Iterator[pa.Table]:
        schema = self._schema(names)
        present = [name for name in opened.schema_arrow.names if name in names]
        for group in range(opened.num_row_groups) if groups is None else groups:
            # One thread: a worker has one core.
            rows = opened.read_row_group(group, columns=present, use_threads=False)
            if not present:
                rows = pa.table({"_": pa.nulls(opened.metadata.row_group(group).num_rows)})
            yield stored_files.with_columns(rows, schema, file.partition)


def _in_order(files: list[_Opened], key: Sequence[str]) -> list[_Opened]:
    """Files in the order of the least values of the key's columns, by their footers; as they are where one does not tell them."""
    least = [[_least(opened.metadata, name) for name in key] for _, opened in files]
    if any(value is None for values in least for value in values):
        return files
    return [files[place] for place in sorted(range(len(files)), key=least.__getitem__)]


def _least(footer: parquet.FileMetaData, name: str) -> Any:
    """The least value of a column in a file; None where the file does not tell it."""
    number = footer.schema.names.index(name) if name in footer.schema.names else None
    if number is None:
        return None
    found = [footer.row_group(group).column(number).statistics for group in range(footer.num_row_groups)]
    if not found or any(one is None or not one.has_min_max for one in found):
        return None
    return min(one.min for one in found)
