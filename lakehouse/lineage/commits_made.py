"""What commits of a table have written: rows, bytes, files and days, from the log's entries of these very versions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lakehouse.storage import delta_log, stored_files
from lakehouse.tables import Table


@dataclass(frozen=True)
class Made:
    """The sum of some commits.

    Attributes:
        version: the last one's.
        rows: in the files that they added; None where the log does not count a file's.
        size: of these files, in bytes.
        files: how many these are.
        days: whose rows were written or taken away.
    """

    version: int
    rows: int | None
    size: int
    files: int
    days: frozenset[dt.date]


def of(table: Table, versions: Sequence[int]) -> Made:
    """Of these versions of the table. One whose entry is no longer there counts as nothing written."""
    filesystem, root = stored_files.filesystem_of(delta_log.location(table))
    rows: int | None = 0
    size, files, days = 0, 0, set[dt.date]()
    for version in versions:
        try:
            with filesystem.open_input_stream(f"{root}/_delta_log/{version:020d}.json") as entry:
                lines = [json.loads(line) for line in entry.read().decode().splitlines() if line.strip()]
        except FileNotFoundError:
            continue
        for line in lines:
            action = line.get("add") or line.get("remove")
            if not action:
                continue
            if (day := (action.get("partitionValues") or {}).get("partition")) is not None:
                days.add(dt.date.fromisoformat(unquote(day)))
            if "add" in line:
                count = json.loads(action.get("stats") or "{}").get("numRecords")
                rows = None if rows is None or count is None else rows + int(count)
                size, files = size + int(action["size"]), files + 1
    return Made(versions[-1], rows, size, files, frozenset(days))
