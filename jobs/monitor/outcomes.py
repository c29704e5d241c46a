"""Matured labels: gold outcomes from the population and the label's source in silver."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from jobs.monitor import version
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import key_join, labels
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import commits, row_limits, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.partition_files import TableFiles, WrittenFile

log = logging.getLogger(__name__)


def mature(use_case: UseCase, days: list[dt.date], force: bool = False) -> list[dt.date]:
    """Write the outcomes of those days whose deliveries have arrived or have been corrected since, in one commit.

    Returns:
        The days written; the others wait for a delivery or are up to date.
    """
    table = tables.outcomes(use_case)
    expected = expected_inputs.for_outcomes(use_case, days, version.OUTCOMES)
    stale = up_to_date.compare(table, expected).outdated(force)
    if not stale:
        return []
    log.info("monitor: labels of %d day(s) have matured, %s to %s", len(stale), stale[0], stale[-1])
    digests = builds.record(table, {day: expected[day] for day in stale})
    matured = MaturedDays(
        use_case,
        DayFiles.of(tables.silver(use_case.source(use_case.entity.source)), stale),
        DayFiles.of(tables.silver(use_case.source(use_case.label.source)), stale),
        digests,
    )
    if matured.population.rows + matured.reported.rows <= row_limits.IN_PROCESS_ROWS:
        commits.replace_table(pa.concat_tables(map(matured.rows, stale)), table, {"partition": stale})
        return stale
    commits.ensure(table)
    made = TableFiles.of(table)

    def write(number: int) -> Iterator[WrittenFile]:
        files = made()
        yield from files.write(matured.rows(stale[number]))
        yield from files.close()

    tasks = worker_tasks.for_rows(matured.population.rows, len(stale))
    files = list(worker_tasks.run(f"monitor {use_case.name}", len(stale), write, tasks))
    commits.replace_by_files(files, table, {"partition": stale})
    return stale


@dataclass(frozen=True)
class MaturedDays:
    """Makes the outcomes of a day, here or in a worker.

    Attributes:
        use_case: declares key and label.
        population: silver of the entity's source.
        reported: silver of the label's source.
        digests: fingerprint of the inputs of each day.
    """

    use_case: UseCase
    population: DayFiles
    reported: DayFiles
    digests: Mapping[dt.date, str]

    def rows(self, day: dt.date) -> pa.Table:
        """The day's rows of the outcomes table: one for each entity of the population, label null where none came."""
        key, label = list(self.use_case.entity.key), self.use_case.label
        reported = self.reported.read(day, [*key, label.column])
        value = reported.column(label.column)
        known = (
            reported.select(key)
            .append_column("value", labels.value_of(value, label))
            .append_column("label", labels.label_of(value, label))
        )
        rows = key_join.left_join(self.population.read(day, key), known, key)
        rows = rows.append_column("partition", pa.repeat(pa.scalar(day, pa.date32()), len(rows)))
        return rows.append_column(tables.INPUTS_FINGERPRINT, pa.repeat(self.digests[day], len(rows)))
