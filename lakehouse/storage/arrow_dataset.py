"""A Delta table as Arrow knows it, for readers without Spark."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow import dataset, fs

from lakehouse.storage import delta_log, snapshots, stored_files, table_schema, touched
from lakehouse.tables import Table


def among(name: str, values: Collection[Any] | pa.Array) -> pc.Expression:
    """Whether a column has one of the values. Of no values it is false: Arrow can't compare a column with a list of no type."""
    chosen = values if isinstance(values, pa.Array) else list(values)
    return pc.field(name).isin(chosen) if len(chosen) else pc.scalar(False)


def open_dataset(table: DeltaTable, location: str) -> dataset.Dataset:
    """The table's rows at the version that ``table`` is opened at.

    Args:
        table: an opened table.
        location: of the table: a folder, or an address such as ``s3://...``.
    """
    _note(table, location)
    return _dataset(table, location)


def _note(table: DeltaTable, location: str) -> None:
    if touched.watching():
        touched.read(location, table.version())


def _dataset(table: DeltaTable, location: str) -> dataset.Dataset:
    # Files are read by Arrow's own file system and not by delta-rs', which calls back into Python from other threads:
    # one that is still closing a file when the process ends aborts it, after all its work was done.
    filesystem, path = stored_files.filesystem_of(location)
    return table.to_pyarrow_dataset(filesystem=fs.SubTreeFileSystem(path, filesystem))


def read(
    table: Table,
    where: pc.Expression | None = None,
    at_version: int | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The rows that satisfy ``where``, with the declared columns; a column that the table does not have yet is null.

    Args:
        table: a table of the catalogue; one that does not exist has no rows.
        where: on columns that the table has.
        at_version: of the table; the newest by default.
        columns: which of the declared columns; all by default.
    """
    names = list(table.column_names if columns is None else columns)
    declared = table_schema.arrow_schema(table)
    schema = pa.schema([declared.field(name) for name in names])
    if not delta_log.exists(table):
        return schema.empty_table()
    location = delta_log.location(table)
    snapshot = delta_log.open_at(location, at_version)
    _note(snapshot, location)
    opened = snapshots.rows_of(location, snapshot, lambda: _dataset(snapshot, location))
    present = [name for name in names if name in opened.schema.names]
    rows = opened.to_table(columns=present, filter=where)
    for field in schema:
        if field.name not in present:
            rows = rows.append_column(field.name, pa.nulls(len(rows), field.type))
    return rows.select(names)


def batches(
    table: Table, columns: Sequence[str], where: pc.Expression, at_version: int, rows: int = 50_000
) -> pa.RecordBatchReader:
    """The rows that satisfy ``where``, at most ``rows`` at a time, so that memory does not grow with the table.

    Args:
        table: one that exists.
        columns: which of its declared columns; one that the table does not have yet is null.
        where: on columns that the table has.
        at_version: of the table.
        rows: of a batch.
    """
    declared = table_schema.arrow_schema(table)
    schema = pa.schema([declared.field(name) for name in columns])
    location = delta_log.location(table)
    opened = open_dataset(delta_log.open_at(location, at_version), location)
    present = [name for name in columns if name in opened.schema.names]
    # One file and one batch ahead: by default Arrow reads sixteen of each.
    scanned = opened.to_batches(columns=present, filter=where, batch_size=rows, batch_readahead=1, fragment_readahead=1)

    def complete(batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays = [
            batch.column(field.name) if field.name in present else pa.nulls(batch.num_rows, field.type)
            for field in schema
        ]
        return pa.RecordBatch.from_arrays(
            [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema
        )

    return pa.RecordBatchReader.from_batches(schema, map(complete, scanned))


def read_as_it_is(table: Table, where: pc.Expression) -> pa.Table:
    """The rows that satisfy ``where``, with the columns that the table has, declared or not; none when it does not exist."""
    if not delta_log.exists(table):
        return table_schema.arrow_schema(table).empty_table()
    location = delta_log.location(table)
    return open_dataset(delta_log.open_at(location), location).to_table(filter=where)


def any_row(table: Table, where: pc.Expression) -> bool:
    """Whether a row of the table, which exists, satisfies ``where``."""
    location = delta_log.location(table)
    return bool(open_dataset(delta_log.open_at(location), location).scanner(filter=where, columns=[]).count_rows())
