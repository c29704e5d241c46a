"""Scoring by Spark's workers: each reads parts of the feature table's files and writes files of the scores table.

No row travels through Spark: a worker gets the name of a file and gives back the names of those that it wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from jobs.score.role_scorer import RoleScorer
from lakehouse.storage import file_parts, worker_tasks
from lakehouse.storage.file_parts import PartReader
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table


def score(
    source: Table, table: Table, by_day: Mapping[dt.date, tuple[RoleScorer, ...]], features_version: int
) -> list[WrittenFile]:
    """Write the scores of some days to files, which count when they are committed.

    Args:
        source: the feature table.
        table: the scores table, which exists.
        by_day: the days, and what scores each.
        features_version: of the feature table.
    """
    parts = file_parts.parts_of(source, list(by_day), features_version)
    columns = tuple(dict.fromkeys(name for scorers in by_day.values() for one in scorers for name in one.reads))
    reader, made = PartReader.of(source, columns), TableFiles.of(table)

    def work(number: int) -> Iterator[WrittenFile]:
        part, files = parts[number], made()
        for rows in reader.read(part):
            for scorer in by_day[part.day]:
                yield from files.write(scorer.score(rows))
        yield from files.close()

    return list(worker_tasks.run(f"score {table.name}", len(parts), work))
