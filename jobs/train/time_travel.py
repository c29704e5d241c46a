"""Whether a table can still be read as it was at a version: its log may be cleaned, and its files vacuumed."""

from __future__ import annotations

import datetime as dt

from deltalake.exceptions import DeltaError
from pyarrow import fs

from lakehouse.storage import delta_log, stored_files
from lakehouse.tables import Table


def missing(table: Table, version: int, first: dt.date, last: dt.date) -> str | None:
    """Why the days from ``first`` to ``last`` can't be read at ``version``, in words; None when they can."""
    location = delta_log.location(table)
    if not delta_log.exists(table):
        return "the table does not exist"
    if version > delta_log.version(table):
        return f"the table's newest version is {delta_log.version(table)}"
    try:
        opened = delta_log.open_at(location, version)
    except DeltaError as error:
        return f"its log does not reach back: {str(error).splitlines()[0][:150]}"
    filesystem, root = stored_files.filesystem_of(location)
    actions = opened.get_add_actions(flatten=True)
    files = zip(actions.column("path").to_pylist(), actions.column("partition.partition").to_pylist(), strict=True)
    needed = [f"{root}/{file}" for file, day in files if first <= day <= last]
    gone = [info.path for info in filesystem.get_file_info(needed) if info.type == fs.FileType.NotFound]
    return f"{len(gone)} of its {len(needed)} files were vacuumed" if gone else None
