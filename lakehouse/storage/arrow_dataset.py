"""A Delta table as an Arrow dataset, for readers without Spark."""

from __future__ import annotations

from deltalake import DeltaTable
from pyarrow import dataset, fs


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
