"""The files of a table, read one by one where they lie, by Spark's workers too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow import fs, parquet

from lakehouse.storage import delta_log
from lakehouse.tables import Table


def files_of(table: Table, days: Collection[dt.date]) -> list[tuple[str, dt.date]]:
    """The table's files of these days, by their path in the log, and the day of each."""
    actions = pa.table(DeltaTable(delta_log.location(table)).get_add_actions(flatten=True)).to_pylist()
    return [(one["path"], one["partition.partition"]) for one in actions if one["partition.partition"] in days]


def opened(location: str, path: str) -> parquet.ParquetFile:
    """A file by its path in the log of the table at ``location``."""
    filesystem, root = fs.FileSystem.from_uri(location) if "://" in location else (fs.LocalFileSystem(), location)
    return parquet.ParquetFile(f"{root}/{unquote(path)}", filesystem=filesystem)


def with_columns(rows: pa.RecordBatch | pa.Table, columns: pa.Schema, day: dt.date) -> pa.Table:
    """The rows with the day and with every declared column; null where the file is older than the column."""
    found: Mapping[str, Any] = {name: rows.column(name) for name in rows.schema.names}
    return pa.table(
        [
            pa.repeat(pa.scalar(day), len(rows))
            if field.name == "partition"
            else found[field.name].cast(field.type)
            if field.name in found
            else pa.nulls(len(rows), field.type)
            for field in columns
        ],
        schema=columns,
    )


class RawLines:
    """The lines of a bronze file, batch by batch, read from where they are first asked for."""

    def __init__(self, file: parquet.ParquetFile, rows: int) -> None:
        """``rows``: of a batch."""
        self._file, self._rows = file, rows
        self._batches: Iterator[tuple[int, pa.RecordBatch]] | None = None

    def of(self, number: int) -> pa.Array:
        """The lines of a batch; asked for in order."""
        if self._batches is None:
            self._batches = enumerate(self._file.iter_batches(self._rows, columns=["raw"]))
        return next(batch.column("raw") for found, batch in self._batches if found == number)
