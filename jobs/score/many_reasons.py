"""Reasons by Spark's workers: each looks into parts of the feature table's files for the rows that get reasons."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jobs.score.explainer import Explainer
from lakehouse.storage import delta_log, file_parts, stored_files, worker_tasks
from lakehouse.storage.file_parts import PartReader
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table

# Where a chosen row was in the rows that were looked through.
PLACE = "_place"


def explain(
    source: Table, table: Table, chosen: pa.Table, days: Collection[date], explainer: Explainer, features_version: int
) -> list[WrittenFile]:
    """Write the reasons of the chosen rows to files, which count when they are committed.

    Args:
        source: the feature table.
        table: the reasons table, which exists.
        chosen: the columns that identify the rows that get reasons.
        days: of the rows.
        explainer: explains them.
        features_version: of the feature table.
    """
    parts = file_parts.parts_of(source, days, features_version)
    keys, rows = PartReader.of(source, explainer.kept), PartReader.of(source, explainer.reads)
    made, on = TableFiles.of(table), list(explainer.kept)
    # Beside the log, for all workers to read: sent with each task, many keys would be more than Spark takes. What a killed job
    # leaves, `maintain` removes.
    filesystem, root = stored_files.filesystem_of(delta_log.location(table))
    path = f"{root}/chosen-{uuid.uuid4()}.parquet"
    location = delta_log.location(table)
    parquet.write_table(chosen, path, filesystem=filesystem)

    def work(number: int) -> Iterator[WrittenFile]:
        store, _ = stored_files.filesystem_of(location)
        wanted = parquet.read_table(path, filesystem=store, use_threads=False)
        part, files = parts[number], made()
        for few, whole in zip(keys.read(part), rows.read(part), strict=True):
            placed = few.append_column(PLACE, pa.array(np.arange(len(few))))
            found = placed.join(wanted, on, join_type="left semi", use_threads=False).sort_by(PLACE)
            if len(found):
                yield from files.write(explainer.explain(whole.take(found.column(PLACE))))
        yield from files.close()

    try:
        return list(worker_tasks.run(f"reasons {table.name}", len(parts), work))
    finally:
        filesystem.delete_file(path)
