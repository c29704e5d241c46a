"""Keeping ``gold.<use_case>_performance`` up to date: days are measured when their scores, labels or the code have changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from jobs.monitor import performance, version
from jobs.monitor.performance import WorthOfDay
from jobs.monitor.scored_rows import ScoredDays
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import base_rates
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import partition_rows, row_limits, table_shape, worker_tasks

# A day and role.
Piece = tuple[dt.date, str]


def measure(use_case: UseCase, watched: list[dt.date], force: bool) -> bool:
    """Measure the watched days that have labels and are not up to date; returns whether any row changed."""
    table = tables.performance(use_case)
    expected = expected_inputs.for_performance(use_case, watched, version.PERFORMANCE)
    days = up_to_date.compare(table, expected).outdated(force)
    if not days:
        return False
    table_shape.ensure(table)
    digests = builds.record(table, {day: expected[day] for day in days})
    rows = of_days(use_case, days)
    return partition_rows.replace(
        table, days, [row | {tables.INPUTS_FINGERPRINT: digests[row["partition"]]} for row in rows]
    )


def of_days(use_case: UseCase, days: list[dt.date]) -> list[dict[str, Any]]:
    """Rows of the performance table for these days, without their fingerprints."""
    scored = ScoredDays.of(use_case, days)
    few = scored.scores.rows <= row_limits.IN_PROCESS_ROWS
    pieces = [(day, role) for day in days for role in scored.roles(day)]
    measure_piece = _measurer(use_case, scored, pieces)
    if few:
        return [row for number in range(len(pieces)) for row in measure_piece(number)]
    return list(worker_tasks.run(f"monitor {use_case.name}", len(pieces), measure_piece))


def _measurer(use_case: UseCase, scored: ScoredDays, pieces: list[Piece]) -> Callable[[int], Iterator[dict[str, Any]]]:
    task, realised = use_case.model.task, RealisedWorth.of(use_case)
    rates = {} if realised is None else base_rates.of_days(use_case, {day for day, _ in pieces})

    def measure_piece(number: int) -> Iterator[dict[str, Any]]:
        day, role = pieces[number]
        worth = None if realised is None else WorthOfDay(realised, rates.get(day))
        for rows in scored.read(day, role, use_case.slices):
            yield from performance.of_rows(rows, task, worth)

    return measure_piece


def labelled_rows(use_case: UseCase, day: dt.date) -> int:
    """Labelled rows of the champion's scores of that day."""
    whole = {"role": registry.CHAMPION, "slice": performance.ALL}
    measured = partition_rows.read(tables.performance(use_case), [day])
    return max((row["labelled_rows"] for row in measured if whole.items() <= row.items()), default=0)
