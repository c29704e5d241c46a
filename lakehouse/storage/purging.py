"""Taking what no row of a table has any more off the disk: files of earlier versions, and the log of how they came and went.

The log has the least and greatest value of indexed columns for every file that ever was, and a reader of an earlier version opens
the files that it names. After a purge there is one version, the newest: a reader of an earlier one, by its number or since it began
before, fails.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from lakehouse.storage import commit_lock, delta_log, half_written, stored_files, table_schema
from lakehouse.tables import Table

# Which rows of some columns are meant.
Affected = Callable[[pa.Table], pa.ChunkedArray]

# A younger file that no version has may be one that a job has written and is about to commit.
UNDER_WAY = dt.timedelta(hours=24)
# A part of a log: commits, checkpoints in one file or several, checksums of Spark's.
OF_A_VERSION = re.compile(r"^\.?(\d{20})\..*")
ROWS = 20_000


def purge(table: Table, columns: Sequence[str], affected: Affected, now: dt.datetime) -> list[str]:
    """Remove all versions of a table but the newest, whatever its retention: rows that were erased lie in the earlier ones.

    Readers of earlier versions fail from now on, those that are reading among them.

    Args:
        table: one that does not exist has none; none of its rows is affected any more.
        columns: the columns that ``affected`` looks at.
        affected: which rows are to be gone.
        now: the present instant.

    Returns:
        The files, of no version and younger than `UNDER_WAY`, that have such rows or can't be read: they are left, because a job
        may be about to commit them.
    """
    if not delta_log.exists(table):
        return []
    with commit_lock.alone(table):
        return _purge(table, columns, affected, now)


def _purge(table: Table, columns: Sequence[str], affected: Affected, now: dt.datetime) -> list[str]:
    location = delta_log.location(table)
    opened = delta_log.open_anew(location)
    filesystem, root = stored_files.filesystem_of(location)
    replaced = set(opened.vacuum(0, dry_run=True, enforce_retention_duration=False, full=False))
    left = []
    for path in opened.vacuum(0, dry_run=True, enforce_retention_duration=False, full=True):
        file = f"{root}/{unquote(path)}"
        info = filesystem.get_file_info(file)
        if info.type != fs.FileType.File:
            continue
        if path in replaced or info.mtime < now - UNDER_WAY:
            filesystem.delete_file(file)
        elif _may_have(table, path, columns, affected):
            left.append(file)
    # Writers keep others from the table while they write such files: who has left one here was killed.
    half_written.remove(location)
    opened.create_checkpoint()
    _remove_log_before(filesystem, f"{root}/_delta_log", opened.version())
    return left


def any_affected(table: Table, path: str, columns: Sequence[str], affected: Affected) -> bool:
    """Whether a file of a table has affected rows; a column that it does not have is null.

    Args:
        table: whose.
        path: of the file, as the log has it.
        columns: those that ``affected`` looks at.
        affected: which rows.
    """
    declared = table_schema.arrow_schema(table)
    schema = pa.schema([declared.field(name) for name in columns])
    file = stored_files.opened(delta_log.location(table), path)
    present = [name for name in columns if name in file.schema_arrow.names]
    partition = _partition_of(path)
    for batch in file.iter_batches(ROWS, columns=present):
        rows = stored_files.with_columns(batch, schema, partition)
        if pc.any(pc.fill_null(affected(rows), False)).as_py():
            return True
    return False


def _partition_of(path: str) -> dict[str, str]:
    """The partition of a file, as its folders are named."""
    folders = [unquote(part).partition("=") for part in path.split("/")[:-1]]
    return {name: unquote(value) for name, sign, value in folders if sign}


def _may_have(table: Table, path: str, columns: Sequence[str], affected: Affected) -> bool:
    try:
        return any_affected(table, path, columns, affected)
    except (pa.ArrowException, OSError):
        return True


def _remove_log_before(filesystem: fs.FileSystem, folder: str, version: int) -> None:
    """The newest version's own line stays: a writer looks for it, and the checkpoint has all that came before."""
    for found, file in _parts_of_log(filesystem, folder):
        if found < version or (found == version and file.endswith(".crc")):
            filesystem.delete_file(file)


def _parts_of_log(filesystem: fs.FileSystem, folder: str) -> Iterator[tuple[int, str]]:
    for info in filesystem.get_file_info(fs.FileSelector(folder)):
        match = OF_A_VERSION.match(info.base_name)
        if match is not None and info.type == fs.FileType.File:
            yield int(match[1]), info.path
