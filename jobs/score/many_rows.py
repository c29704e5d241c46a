"""Scoring by Spark's workers: each reads parts of the feature table's files and writes files of the scores table.

No row travels through Spark: a worker gets the name of a file and gives back the names of those that it wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from jobs.score.role_scorer import RoleScorer
from lakehouse.storage import day_parts, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table


def score(files: DayFiles, table: Table, by_day: Mapping[dt.date, tuple[RoleScorer, ...]]) -> list[WrittenFile]:
    """Write the scores of some days to files, which count when they are committed.

    Args:
        files: of the feature table's days.
        table: the scores table, which exists.
        by_day: what scores each day.
    """
    parts = [(day, part) for day in sorted(files.by_day) for part in day_parts.parts_of(files, day, whole=False)]
    columns = list(dict.fromkeys(name for scorers in by_day.values() for one in scorers for name in one.reads))
    made = TableFiles.of(table)

    def work(number: int) -> Iterator[WrittenFile]:
        day, part = parts[number]
        written = made()
        for rows in files.parts(part.file, columns, part.groups):
            for scorer in by_day[day]:
                yield from written.write(scorer.score(rows))
        yield from written.close()

    return list(worker_tasks.run(f"score {table.name}", len(parts), work))
