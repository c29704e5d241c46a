"""Reasons by Spark's workers: each looks into parts of the feature table's files for the rows that get reasons."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jobs.score.explainer import Explainer
from lakehouse.storage import day_parts, delta_log, stored_files, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table

# Where a chosen row was in the rows that were looked through.
PLACE = "_place"


def explain(files: DayFiles, table: Table, chosen: pa.Table, explainer: Explainer) -> list[WrittenFile]:
    """Write the reasons of the chosen rows to files, which count when they are committed.

    Args:
        files: of the feature table's days.
        table: the reasons table, which exists.
        chosen: the columns that identify the rows that get reasons.
        explainer: explains them.
    """
    parts = [part for day in sorted(files.by_day) for part in day_parts.parts_of(files, day, whole=False)]
    made, on = TableFiles.of(table), list(explainer.kept)
    # Beside the log, for all workers to read: sent with each task, many keys would be more than Spark takes. What a killed job
    # leaves, `maintain` removes.
    location = delta_log.location(table)
    filesystem, root = stored_files.filesystem_of(location)
    path = f"{root}/chosen-{uuid.uuid4()}.parquet"
    parquet.write_table(chosen, path, filesystem=filesystem)

    def work(number: int) -> Iterator[WrittenFile]:
        store, _ = stored_files.filesystem_of(location)
        wanted = parquet.read_table(path, filesystem=store, use_threads=False)
        part, written = parts[number], made()
        for group in part.groups if part.groups is not None else range(files.row_groups(part.file)):
            (keys,) = files.parts(part.file, on, [group])
            placed = keys.append_column(PLACE, pa.array(np.arange(len(keys))))
            found = placed.join(wanted, on, join_type="left semi", use_threads=False).sort_by(PLACE)
            # A row in a thousand is explained: the others' features are not read, where a whole group has none.
            if len(found):
                (rows,) = files.parts(part.file, explainer.reads, [group])
                yield from written.write(explainer.explain(rows.take(found.column(PLACE))))
        yield from written.close()

    try:
        return list(worker_tasks.run(f"reasons {table.name}", len(parts), work))
    finally:
        filesystem.delete_file(path)
