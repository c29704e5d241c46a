"""The files of a table, one by one: where they lie, and their rows with every declared column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs, parquet

from lakehouse.storage import object_store

READ_BYTES = 4 << 20


def filesystem_of(location: str) -> tuple[fs.FileSystem, str]:
    """Arrow's file system of a table's location, and the path there: of a folder, or of an address such as ``s3://...``."""
    return (
        object_store.filesystem_of(location) if object_store.is_address(location) else (fs.LocalFileSystem(), location)
    )


def chunks(filesystem: fs.FileSystem, path: str) -> Iterator[bytes]:
    """The bytes of a file as they are, some at a time.

    Raises:
        OSError: FileNotFoundError among them.
    """
    # Arrow would unpack what its name calls packed.
    with filesystem.open_input_stream(path, compression=None) as stream:
        while content := stream.read(READ_BYTES):
            yield content


def opened(location: str, path: str, coded: Collection[str] = ()) -> parquet.ParquetFile:
    """A file by its path in the log of the table at ``location``; its ``coded`` columns are read as dictionaries."""
    filesystem, root = filesystem_of(location)
    return parquet.ParquetFile(f"{root}/{unquote(path)}", filesystem=filesystem, read_dictionary=sorted(coded))


def read(location: str, path: str, columns: pa.Schema, partition: Mapping[str, Any]) -> pa.Table:
    """These columns of a file, with the values of its partition; null where the file has none.

    Args:
        location: of the table.
        path: of the file, in the table's log.
        columns: which.
        partition: its columns and their values.
    """
    file = opened(location, path)
    present = [name for name in columns.names if name in file.schema_arrow.names]
    return with_columns(file.read(columns=present, use_threads=False), columns, partition)


def remove(location: str, path: str) -> None:
    """Remove a file that was written for the table at ``location`` and is in no version of it."""
    filesystem, root = filesystem_of(location)
    filesystem.delete_file(f"{root}/{unquote(path)}")


def with_columns(rows: pa.RecordBatch | pa.Table, columns: pa.Schema, partition: Mapping[str, Any]) -> pa.Table:
    """The rows of a file with the values of its partition, and with every declared column; null where the file has none."""
    present = set(rows.schema.names)
    return pa.table(
        [
            pa.repeat(pa.scalar(partition[field.name]).cast(field.type), len(rows))
            if field.name in partition
            else rows.column(field.name).cast(field.type)
            if field.name in present
            else pa.nulls(len(rows), field.type)
            for field in columns
        ],
        schema=columns,
    )
