"""How the rows of a table lie in its files: merged, sorted, and no file kept that no version needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from deltalake import CommitProperties, DeltaTable

from lakehouse.storage import commit_lock, delta_log, half_written
from lakehouse.storage.commit_retry import commit
from lakehouse.tables import Table

# What compacting and sorting make of a partition: files of about so many bytes.
FILE_BYTES = 1 << 30
# A file that is half written and older than this nobody is writing any more.
UNDER_WAY = dt.timedelta(hours=24)


def compact(table: Table) -> None:
    """Merge small files, and remove those that no version within the table's retention needs."""

    def merge(opened: DeltaTable, mark: dict[str, str]) -> None:
        opened.optimize.compact(target_size=FILE_BYTES, commit_properties=CommitProperties(custom_metadata=mark))

    with commit_lock.shared(table):
        commit(table, merge)
    vacuum(table)


def cluster(table: Table, days: Iterable[dt.date]) -> None:
    """Sort the rows of these days into files by ``clustered_by``."""
    columns = [str(table.clustered_by)]
    for day in sorted(days):
        where: list[Any] = [("partition", "=", day.isoformat())]

        def sort(opened: DeltaTable, mark: dict[str, str], where: list[Any] = where) -> None:
            properties = CommitProperties(custom_metadata=mark)
            opened.optimize.z_order(
                columns, partition_filters=where, target_size=FILE_BYTES, commit_properties=properties
            )

        with commit_lock.shared(table):
            commit(table, sort)


def vacuum(table: Table) -> None:
    """Remove the files that no version within the table's retention needs."""
    # Spark makes a task of each folder that it lists: 20 s for a year of days, and delta-rs takes less than one.
    delta_log.open_anew(delta_log.location(table)).vacuum(table.retention_days * 24, dry_run=False, full=True)
    half_written.remove(delta_log.location(table), dt.datetime.now(dt.UTC) - UNDER_WAY)
