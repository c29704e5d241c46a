"""The rows of all days of the walk, read once, as training reads them."""

from __future__ import annotations

import datetime as dt

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import labelled_rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.storage import delta_log, spark_session


def built_days(use_case: UseCase) -> dict[dt.date, int]:
    """The days that have features, with their rows; none where no features have been built."""
    table = tables.features(use_case)
    return delta_log.rows_by_day(table) if delta_log.exists(table) else {}


def read(use_case: UseCase, first: dt.date, last: dt.date) -> TrainingSet:
    """Features, labels and slices of the days from ``first`` to ``last``, at the present version of each table.

    Raises:
        FeaturesMissing, InputsMissing: when a table does not exist.
    """
    session = spark_session.session(f"calibrate {use_case.name}")
    labels = tables.silver(use_case.source(use_case.label.source))
    versions = delta_log.version(tables.features(use_case)), delta_log.version(labels)
    return labelled_rows.read(session, use_case, first, last, *versions, sliced=bool(use_case.slices))
