"""The challenger's holdout: the days that it was not trained on, with their features and labels."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.labels import outcomes
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation import labelled_rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import delta_log, spark_session


@dataclass(frozen=True)
class Holdout:
    """The rows of the holdout's days.

    Attributes:
        first: the first day.
        last: the last day.
        rows: all feature rows, with the values of the declared slices.
        labelled: those of them that have a label; at least one.
        table_versions: the Delta versions that were read: ``features_version``, ``labels_version``.
    """

    first: dt.date
    last: dt.date
    rows: TrainingSet
    labelled: TrainingSet
    table_versions: dict[str, int]


def read(use_case: UseCase, challenger: ModelVersion) -> Holdout:
    """The holdout that training left out for the challenger.

    Raises:
        ModelRefused: when the version's tags do not name the holdout's days. TrainingDataMissing: when the holdout has no
            labelled rows.
    """
    first, last = challenger.holdout_first, challenger.holdout_last
    outcomes.ready(use_case, first, last)
    features = delta_log.version(tables.features(use_case))
    labels = delta_log.version(tables.labels(use_case))
    session = spark_session.session(f"gate {use_case.name}")
    rows = labelled_rows.read(session, use_case, first, last, features, labels, sliced=True)
    labelled = rows.labelled()
    if not len(labelled):
        raise TrainingDataMissing(
            f"{use_case.name}: expected labelled rows in the holdout {first}..{last} of version {challenger.version}, "
            f"found none in {len(rows)} feature rows; take in {' and '.join(use_case.label.sources)} for these days"
        )
    return Holdout(first, last, rows, labelled, {"features_version": features, "labels_version": labels})
