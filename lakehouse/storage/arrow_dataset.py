"""A Delta table as Arrow knows it, for readers without Spark."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow import dataset, fs

from lakehouse.storage import delta_log, table_schema
from lakehouse.tables import Table


def open_dataset(table: DeltaTable, location: str) -> dataset.Dataset:
    """The table's rows at the version that ``table`` is opened at.

    Args:
        table: an opened table.
        location: of the table: a folder, or an address such as ``s3://...``.
    """
    # Files are read by Arrow's own file system and not by delta-rs', which calls back into Python from other threads:
    # one that is still closing a file when the process ends aborts it, after all its work was done.
    filesystem, path = fs.FileSystem.from_uri(location) if "://" in location else (fs.LocalFileSystem(), location)
    return table.to_pyarrow_dataset(filesystem=fs.SubTreeFileSystem(path, filesystem))


def read(table: Table, where: pc.Expression | None = None, at_version: int | None = None) -> pa.Table:
    """The rows that satisfy ``where``, with the declared columns; a column that the table does not have yet is null.

    Args:
        table: a table of the catalogue; one that does not exist has no rows.
        where: on columns that the table has.
        at_version: of the table; the newest by default.
    """
    schema = table_schema.arrow_schema(table)
    if not delta_log.exists(table):
        return schema.empty_table()
    location = delta_log.location(table)
    opened = open_dataset(DeltaTable(location, version=at_version), location)
    present = [name for name in table.column_names if name in opened.schema.names]
    rows = opened.to_table(columns=present, filter=where)
    for field in schema:
        if field.name not in present:
            rows = rows.append_column(field.name, pa.nulls(len(rows), field.type))
    return rows.select(list(table.column_names))


def read_as_it_is(table: Table, where: pc.Expression) -> pa.Table:
    """The rows that satisfy ``where``, with the columns that the table has, declared or not; none when it does not exist."""
    if not delta_log.exists(table):
        return table_schema.arrow_schema(table).empty_table()
    location = delta_log.location(table)
    return open_dataset(DeltaTable(location), location).to_table(filter=where)


def any_row(table: Table, where: pc.Expression) -> bool:
    """Whether a row of the table, which exists, satisfies ``where``."""
    location = delta_log.location(table)
    return bool(open_dataset(DeltaTable(location), location).scanner(filter=where, columns=[]).count_rows())
