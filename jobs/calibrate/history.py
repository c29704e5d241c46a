"""The rows of all days of the walk, read once, as training reads them."""

from __future__ import annotations

import datetime as dt

from jobs.labels import outcomes
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import learnable_rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.storage import delta_log, spark_session


def built_days(use_case: UseCase) -> dict[dt.date, int]:
    """The scored days that have features, with their rows; none where no features have been built."""
    table, scored = tables.features(use_case), use_case.calendar.scores.includes
    by_day = delta_log.rows_by_day(table) if delta_log.exists(table) else {}
    return {day: rows for day, rows in by_day.items() if scored(day)}


def read(use_case: UseCase, first: dt.date, last: dt.date) -> TrainingSet:
    """Features, labels and slices of the scored days from ``first`` to ``last``, at the present version of each table.

    Computed labels are made what they are by now, as a training for the day after would make them.

    Raises:
        FeaturesMissing, InputsMissing: when a table does not exist.
    """
    session = spark_session.session(f"calibrate {use_case.name}")
    outcomes.ready(use_case, first, last)
    versions = delta_log.version(tables.features(use_case)), delta_log.version(tables.labels(use_case))
    return learnable_rows.read(session, use_case, first, last, *versions, sliced=bool(use_case.slices))
