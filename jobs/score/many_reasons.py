"""Reasons by Spark's workers: each looks into parts of the feature table's files for the rows that get reasons."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jobs.score.explainer import Explainer
from lakehouse.storage import day_parts, delta_log, stored_files, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.day_parts import Part
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table

# Where a chosen row was in the rows that were looked through.
PLACE = "_place"
# A task looks for about so many rows of a day: to explain any at all takes a twentieth of a second, and to make a model's tables,
# as each worker does, half a second.
ROWS_A_TASK = 4_096
# It looks through so many parts of the day's files at most.
PARTS_A_TASK = 8
# By fewer rows at once the cost of explaining any is seen, by more the memory.
ROWS_AT_ONCE = 8_192


def explain(files: DayFiles, table: Table, chosen: pa.Table, explainer: Explainer) -> list[WrittenFile]:
    """Write the reasons of the chosen rows to files, which count when they are committed.

    Args:
        files: of the feature table's days.
        table: the reasons table, which exists.
        chosen: the columns that identify the rows that get reasons.
        explainer: explains them.
    """
    a_day = len(chosen) // max(1, len(files.by_day))
    tasks = [
        share
        for day in sorted(files.by_day)
        for share in shares(list(day_parts.parts_of(files, day, whole=False)), a_day)
    ]
    made = TableFiles.of(table)
    # Beside the log, for all workers to read: sent with each task, many keys would be more than Spark takes. What a killed job
    # leaves, `maintain` removes.
    location = delta_log.location(table)
    filesystem, root = stored_files.filesystem_of(location)
    path = f"{root}/chosen-{uuid.uuid4()}.parquet"
    parquet.write_table(chosen, path, filesystem=filesystem)

    def work(number: int) -> Iterator[WrittenFile]:
        store, _ = stored_files.filesystem_of(location)
        wanted = parquet.read_table(path, filesystem=store, use_threads=False)
        written = made()
        for rows in gathered(found_in(files, tasks[number], wanted, explainer), ROWS_AT_ONCE):
            yield from written.write(explainer.explain(rows))
        yield from written.close()

    try:
        return list(worker_tasks.run(f"reasons {table.name}", len(tasks), work))
    finally:
        filesystem.delete_file(path)


def shares(parts: Sequence[Part], chosen: int) -> list[Sequence[Part]]:
    """The parts of a day that each task looks through, the tasks as even as they can be, for so many chosen rows of the day."""
    count = min(len(parts), max(chosen // ROWS_A_TASK, -(-len(parts) // PARTS_A_TASK)))
    return [parts[task * len(parts) // count : (task + 1) * len(parts) // count] for task in range(count)]


def found_in(files: DayFiles, parts: Sequence[Part], wanted: pa.Table, explainer: Explainer) -> Iterator[pa.Table]:
    """The feature rows in these parts whose key is wanted, a table for each row group that has some."""
    on = list(explainer.kept)
    for part in parts:
        for group in part.groups if part.groups is not None else range(files.row_groups(part.file)):
            (keys,) = files.parts(part.file, on, [group])
            placed = keys.append_column(PLACE, pa.array(np.arange(len(keys))))
            found = placed.join(wanted, on, join_type="left semi", use_threads=False).sort_by(PLACE)
            # A row in a thousand is explained: the others' features are not read, where a whole group has none.
            if len(found):
                (rows,) = files.parts(part.file, explainer.reads, [group])
                yield rows.take(found.column(PLACE))


def gathered(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The tables' rows in order, in tables of at least so many rows; the last may have fewer."""
    waiting, count = list[pa.Table](), 0
    for table in tables:
        waiting.append(table)
        count += len(table)
        if count >= rows:
            yield pa.concat_tables(waiting)
            waiting, count = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
