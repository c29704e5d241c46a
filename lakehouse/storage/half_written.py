"""Files that a killed writer has left half written: delta-rs writes each beside its place, and lists none of these."""

from __future__ import annotations

import datetime as dt
import re

from pyarrow import fs

from lakehouse.storage import object_store, stored_files

_NAMES = re.compile(r"(#\d+|\.tmp(\.crc)?)$")


def remove(location: str, before: dt.datetime | None = None) -> None:
    """Remove them from a table.

    Args:
        location: of the table. In an object store an object is there when it is whole.
        before: only those that were last written before this instant; None: all, where nobody else has the table.
    """
    if object_store.is_address(location):
        return
    filesystem, root = stored_files.filesystem_of(location)
    for info in filesystem.get_file_info(fs.FileSelector(root, recursive=True)):
        if (
            info.type == fs.FileType.File
            and _NAMES.search(info.base_name)
            and (before is None or (info.mtime is not None and info.mtime < before))
        ):
            filesystem.delete_file(info.path)
