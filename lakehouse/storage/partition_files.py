"""Parquet files of a table that a worker writes beside the log: they count only when `lakehouse.storage.commits` commits them.

So many rows are written where they are, by as many workers as there are, and one small process commits them. What a killed
worker leaves behind belongs to no version; `maintain` removes it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from lakehouse.storage import delta_log, object_store, stored_files, table_schema
from lakehouse.tables import Table

# Of one file; a reader of few columns takes several files at a time.
ROWS_A_FILE = 2_000_000
# Of a row group: whatever sizes rows come in, so few that a reader's memory is small, so many that reading them is quick.
ROWS_A_GROUP = 100_000
# Fewer rows than that where they are long: what is written together is in memory twice.
BYTES_A_GROUP = 64 << 20
# A column of many values is soon written without a dictionary: trying longer took most of the time.
DICTIONARY_BYTES = 1 << 16
# The columns of what `frame_writer` yields for Spark.
WRITTEN = "path string, partition_values string, rows long, size long, stats string"


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written and is not committed.

    Attributes:
        path: below the table's folder, as Delta's log writes it.
        partition_values: the text of each partition column, as JSON.
        rows: how many it has.
        size: in bytes.
        stats: for Delta's log, as JSON.
    """

    path: str
    partition_values: str
    rows: int
    size: int
    stats: str

    @property
    def values(self) -> dict[str, str | None]:
        """The text of each partition column."""
        return dict(json.loads(self.partition_values))


class TableFiles:
    """Writes batches of a table's rows to files, one or more a partition.

    Args:
        location: of the table.
        columns: the table's columns, as Arrow has them; a null where none may be stops the writing.
        partition_by: the partition columns.
        indexed: the columns whose least and greatest value the log gets.
    """

    def __init__(
        self, location: str, columns: pa.Schema, partition_by: tuple[str, ...], indexed: tuple[str, ...]
    ) -> None:
        self._location, self._columns, self._partition_by, self._indexed = location, columns, partition_by, indexed
        self._open: dict[tuple[Any, ...], _OpenFile] = {}

    @classmethod
    def of(cls, table: Table) -> Callable[[], TableFiles]:
        """What makes a writer for the table, here or in a worker."""
        location, columns = delta_log.location(table), table_schema.arrow_schema(table)
        partition_by, indexed = table.partition_by, table.indexed
        return lambda: TableFiles(location, columns, partition_by, indexed)

    def write(self, rows: pa.Table) -> Iterator[WrittenFile]:
        """Write the rows; yields files that are full with them."""
        for field in self._columns:
            if not field.nullable and rows.column(field.name).null_count:
                raise ValueError(f"{self._location}: expected a value of {field.name} in every row, found none")
        rows = _typed(rows, self._columns)
        for key, part in _by_partition(rows, self._partition_by):
            file = self._open.get(key)
            if file is None:
                file = self._open[key] = _OpenFile(self._location, key, part.schema, self._partition_by, self._indexed)
            file.write(part)
            if file.rows >= ROWS_A_FILE:
                yield self._open.pop(key).close()

    def close(self) -> Iterator[WrittenFile]:
        """Complete the files that are open."""
        while self._open:
            yield self._open.popitem()[1].close()


class _OpenFile:
    def __init__(
        self,
        location: str,
        key: tuple[Any, ...],
        columns: pa.Schema,
        partition_by: tuple[str, ...],
        indexed: tuple[str, ...],
    ) -> None:
        self._values = {name: str(value) for name, value in zip(partition_by, key, strict=True)}
        folders = [f"{name}={quote(value, safe='')}" for name, value in self._values.items()]
        self._path = str(PurePosixPath(*folders, f"part-{uuid.uuid4()}.parquet"))
        filesystem, root = stored_files.filesystem_of(location)
        self._filesystem, self._full = filesystem, f"{root}/{self._path}"
        if not object_store.is_address(location):
            filesystem.create_dir(self._full.rpartition("/")[0])
        # Without Arrow's own schema, so that readers get plain text columns and not dictionaries.
        self._writer = parquet.ParquetWriter(
            self._full,
            columns,
            filesystem=filesystem,
            compression="snappy",
            dictionary_pagesize_limit=DICTIONARY_BYTES,
            store_schema=False,
        )
        self._bounds: dict[str, list[Any]] = {name: [None, None, 0] for name in indexed if name in columns.names}
        self._waiting: list[pa.Table] = []
        self._bytes = 0
        self.rows = 0
        self._written = 0

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self.rows += len(rows)
        self._bytes += rows.nbytes
        if self.rows - self._written >= ROWS_A_GROUP or self._bytes >= BYTES_A_GROUP:
            self._write_group()
        for name, bounds in self._bounds.items():
            found = _bounds(rows.column(name))
            if found["min"] is not None:
                bounds[0] = found["min"] if bounds[0] is None else min(bounds[0], found["min"])
                bounds[1] = found["max"] if bounds[1] is None else max(bounds[1], found["max"])
            bounds[2] += rows.column(name).null_count

    def _write_group(self) -> None:
        self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._written, self._bytes = [], self.rows, 0

    def close(self) -> WrittenFile:
        if self._waiting:
            self._write_group()
        self._writer.close()
        known = {name: bounds for name, bounds in self._bounds.items() if bounds[0] is not None}
        stats = {
            "numRecords": self.rows,
            "minValues": {name: bounds[0] for name, bounds in known.items()},
            "maxValues": {name: bounds[1] for name, bounds in known.items()},
            "nullCount": {name: bounds[2] for name, bounds in self._bounds.items()},
        }
        size = self._filesystem.get_file_info(self._full).size
        # A log has the path as a URL has it.
        return WrittenFile(
            quote(self._path, safe="/="), json.dumps(self._values), self.rows, size, json.dumps(stats, default=str)
        )


def frame_writer(made: Callable[[], TableFiles]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for Spark's ``mapInArrow``: from batches of a table's rows to a line for each file that was written."""

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        files = made()
        for batch in batches:
            yield from map(as_batch, files.write(pa.Table.from_batches([batch])))
        yield from map(as_batch, files.close())

    return write


def as_batch(file: WrittenFile) -> pa.RecordBatch:
    """The line of one file."""
    return pa.RecordBatch.from_pylist([asdict(file)])


def now_ms() -> int:
    """The present instant as Delta's log writes it."""
    return time.time_ns() // 1_000_000


def _typed(rows: pa.Table, columns: pa.Schema) -> pa.Table:
    """The columns in order and typed as declared; a dictionary of such values stays one, which is soon written."""
    typed = []
    for field in columns:
        column = rows.column(field.name)
        same = pa.types.is_dictionary(column.type) and column.type.value_type == field.type
        typed.append(column if same else column.cast(field.type))
    fields = [field.with_type(column.type) for field, column in zip(columns, typed, strict=True)]
    return pa.table(typed, schema=pa.schema(fields))


def _bounds(column: pa.ChunkedArray) -> dict[str, Any]:
    """The least and the greatest value of a column."""
    if pa.types.is_dictionary(column.type):
        column = pc.unique(column).cast(column.type.value_type)
    found: dict[str, Any] = pc.min_max(column).as_py()
    return found


def _by_partition(rows: pa.Table, partition_by: tuple[str, ...]) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
    """The rows of each partition, without the partition columns."""
    others = [name for name in rows.column_names if name not in partition_by]
    if not len(rows):
        return
    for name in partition_by:
        if pa.types.is_dictionary(found := rows.schema.field(name).type):
            rows = rows.set_column(rows.column_names.index(name), name, rows.column(name).cast(found.value_type))
    distinct = rows.select(list(partition_by)).group_by(list(partition_by)).aggregate([]).to_pylist()
    for values in distinct:
        part: pa.Table = rows
        if len(distinct) > 1:
            same = None
            for name, value in values.items():
                equal = pc.equal(rows.column(name), pa.scalar(value, rows.schema.field(name).type))
                same = equal if same is None else pc.and_(same, equal)
            part = rows.filter(same)
        yield tuple(values[name] for name in partition_by), part.select(others)
