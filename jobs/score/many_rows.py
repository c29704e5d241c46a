"""Scoring by Spark's workers: each reads parts of the feature table's files and writes files of the scores table.

No row travels through Spark: a worker gets the name of a file and gives back the names of those that it wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from jobs.score.role_scorer import RoleScorer
from lakehouse.storage import day_parts, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table

if TYPE_CHECKING:
    from jobs.score.absent_rows import AbsentRows


def score(
    files: DayFiles,
    table: Table,
    by_day: Mapping[dt.date, tuple[RoleScorer, ...]],
    absent: AbsentRows | None = None,
    of_absent: Mapping[dt.date, tuple[RoleScorer, ...]] = MappingProxyType({}),
) -> list[WrittenFile]:
    """Write the scores of some days to files, which count when they are committed.

    Args:
        files: of the feature table's days.
        table: the scores table, which exists.
        by_day: what scores each day.
        absent: the entities that the feature table has no row of.
        of_absent: what scores these, by day: a task a day.
    """
    parts = [(day, part) for day in sorted(files.by_day) for part in day_parts.parts_of(files, day, whole=False)]
    columns = list(dict.fromkeys(name for scorers in by_day.values() for one in scorers for name in one.reads))
    made, others, schema = TableFiles.of(table), sorted(of_absent), files.columns
    # Dictionaries can't be read-only ones on their way to a worker.
    scorers_of = dict(of_absent)

    def of_others(day: dt.date) -> Iterator[WrittenFile]:
        written = made()
        for scorer in scorers_of[day]:
            assert absent is not None
            yield from written.write(scorer.score(absent.read(day, schema, scorer.reads)))
        yield from written.close()

    def work(number: int) -> Iterator[WrittenFile]:
        if number >= len(parts):
            yield from of_others(others[number - len(parts)])
            return
        day, part = parts[number]
        written = made()
        for rows in files.parts(part.file, columns, part.groups):
            for scorer in by_day[day]:
                yield from written.write(scorer.score(rows))
        yield from written.close()

    return list(worker_tasks.run(f"score {table.name}", len(parts) + len(others), work))
