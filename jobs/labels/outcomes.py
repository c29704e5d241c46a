"""Matured labels: gold outcomes from the population and the label's source in silver, or what `labels.py` makes of a window."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from jobs.labels import version
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import key_join, labels
from lakehouse.ops import builds
from lakehouse.populations import population
from lakehouse.populations.population import DayRows
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.staleness.expired import Expired
from lakehouse.storage import commits, row_limits, table_shape, worker_tasks
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
    gone = Expired().outcomes(use_case, stale)
    for day, why in gone.items():
        log.warning("labels of %s stay as they are: %s", day, why)
    stale = [day for day in stale if day not in gone]
    if not stale:
        return []
    log.info("labels of %d day(s) have matured, %s to %s", len(stale), stale[0], stale[-1])
    digests = builds.record(table, {day: expected[day] for day in stale})
    if use_case.label.column is None or use_case.label.source is None:
        # Imported here: a label that is a column needs no Spark where rows are few.
        from jobs.labels import computed

        computed.write(use_case, stale, digests)
        return stale
    reported = DayFiles.of(tables.silver(use_case.source(use_case.label.source)), stale)
    matured = MaturedDays(use_case, use_case.label.column, population.of(use_case, stale), reported, digests)
    if matured.population.rows + matured.reported.rows <= row_limits.IN_PROCESS_ROWS:
        commits.replace_table(pa.concat_tables(map(matured.rows, stale)), table, {"partition": stale})
        return stale
    table_shape.ensure(table)
    made = TableFiles.of(table)

    def write(number: int) -> Iterator[WrittenFile]:
        files = made()
        yield from files.write(matured.rows(stale[number]))
        yield from files.close()

    tasks = worker_tasks.for_rows(matured.population.rows, len(stale))
    files = list(worker_tasks.run(f"labels {use_case.name}", len(stale), write, tasks))
    commits.replace_by_files(files, table, {"partition": stale})
    return stale


def ready(use_case: UseCase, first: dt.date, last: dt.date) -> None:
    """Make computed labels what they are by now on the days from ``first`` to ``last`` that have features.

    Training and the gate read them from gold. A label that is a column they read from silver, where it is already.
    """
    if use_case.label.computed:
        mature(use_case, sorted(up_to_date.built(tables.features(use_case), first, last)))


@dataclass(frozen=True)
class MaturedDays:
    """Makes the outcomes of a day, here or in a worker.

    Attributes:
        use_case: declares key and label.
        column: that the label is made of.
        population: who has a label.
        reported: silver of the label's source.
        digests: fingerprint of the inputs of each day.
    """

    use_case: UseCase
    column: str
    population: DayRows
    reported: DayFiles
    digests: Mapping[dt.date, str]

    def rows(self, day: dt.date) -> pa.Table:
        """The day's rows of the outcomes table: one for each entity of the population, label null where none came."""
        key, label = list(self.use_case.entity.key), self.use_case.label
        reported = self.reported.read(day, [*key, self.column])
        value = reported.column(self.column)
        known = (
            reported.select(key)
            .append_column("value", labels.value_of(value, label))
            .append_column("label", labels.label_of(value, label))
        )
        if label.classes:
            known = known.append_column("label_class", labels.class_of(value))
        rows = key_join.left_join(self.population.read(day, key), known, key)
        rows = rows.append_column("partition", pa.repeat(pa.scalar(day, pa.date32()), len(rows)))
        return rows.append_column(tables.INPUTS_FINGERPRINT, pa.repeat(self.digests[day], len(rows)))
