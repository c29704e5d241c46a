"""The files of a table at a version: its rows, what can be read of earlier versions, and the log up to that version."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs, parquet

from lakehouse.analyst.listing import FoundTable
from lakehouse.backup import files
from lakehouse.errors import BackupIncomplete
from lakehouse.storage import delta_log, stored_files
from lakehouse.storage.purging import OF_A_VERSION

LOG = "_delta_log"


@dataclass(frozen=True)
class TableFiles:
    """Paths within a table's folder.

    Attributes:
        found: what is on the disk.
        needed: files that the version does not work without: its rows.
        earlier: files of versions before it that are still there. The log names them; a vacuum may remove them meanwhile.
        log: the log up to the version.
    """

    found: dict[str, fs.FileInfo]
    needed: tuple[str, ...]
    earlier: tuple[str, ...]
    log: tuple[str, ...]


def of_version(table: FoundTable, version: int) -> TableFiles:
    """The files of a table at a version.

    Raises:
        BackupIncomplete: when the version can't be read any more, or has files elsewhere.
    """
    found = files.listed(table.location)
    opened = delta_log.open_at(table.location, version)
    needed = {unquote(path) for path in pa.table(opened.get_add_actions(flatten=True)).column("path").to_pylist()}
    if elsewhere := [path for path in needed if "://" in path or path.startswith("/")]:
        raise BackupIncomplete(
            f"{table.full_name}: expected files in its own folder, found {elsewhere[0]}: it is a shallow copy of another "
            "table; write its "
            "rows anew"
        )
    if missing := sorted(needed - found.keys()):
        raise BackupIncomplete(
            f"{table.full_name}: expected the {len(needed)} files of version {version}, found {len(missing)} gone, such as "
            f"{missing[0]}: an erasure has removed earlier versions meanwhile, or the table is damaged; run the same command again"
        )
    # Without `_last_checkpoint`: it is a hint, and may be of a later version when it is copied than when it was looked at.
    log = [path for path in found if _is_of_log(path, version)]
    earlier = {path for path in _named(table, found, log) if path in found} - needed
    return TableFiles(found, tuple(sorted(needed)), tuple(sorted(earlier)), tuple(sorted(log)))


def _is_of_log(path: str, version: int) -> bool:
    folder, _, name = path.rpartition("/")
    match = OF_A_VERSION.match(name) if folder == LOG else None
    if match is None:
        return False
    # A log that was made one of several has the first and the last version in its name.
    last = name.split(".")[1]
    return int(last if name.endswith(".compacted.json") else match[1]) <= version


def _named(table: FoundTable, found: dict[str, fs.FileInfo], log: Iterable[str]) -> set[str]:
    """The files that the log names, those of versions before among them."""
    filesystem, _ = stored_files.filesystem_of(table.location)
    named: set[str] = set()
    for path in log:
        try:
            if path.endswith(".json"):
                for line in _bytes(table, found[path].path).splitlines():
                    action = json.loads(line)
                    named |= {unquote(action[kind]["path"]) for kind in ("add", "remove") if action.get(kind)}
            elif path.endswith(".parquet"):
                removed = parquet.read_table(found[path].path, filesystem=filesystem, columns=["remove.path"])
                # A checkpoint of a table that never lost a file may lack the column.
                if "remove" in removed.column_names:
                    paths = removed.column("remove").combine_chunks().field("path").to_pylist()
                    named |= {unquote(name) for name in paths if name}
        except FileNotFoundError:
            # The log's own tidying removes what an older checkpoint has made superfluous.
            continue
    return named


def _bytes(table: FoundTable, path: str) -> bytes:
    filesystem, _ = stored_files.filesystem_of(table.location)
    return b"".join(stored_files.chunks(filesystem, path))
