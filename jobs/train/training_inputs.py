"""What one training is made from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.train.input_snapshot import InputSnapshot
from jobs.train.split import Parts, Split
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.tables import Table


@dataclass(frozen=True)
class TrainingInputs:
    """Declaration, day and rows of a training.

    Attributes:
        use_case: declares the model.
        day: the day that the training is for.
        split: the days of train, validation and holdout.
        snapshot: the table versions that the rows were read at, and the training's fingerprint.
        parts: the rows.
    """

    use_case: UseCase
    day: dt.date
    split: Split
    snapshot: InputSnapshot
    parts: Parts

    @property
    def tables_read(self) -> tuple[tuple[Table, int], tuple[Table, int]]:
        """The feature table and the table of the labels, each with the version that was read."""
        labels = tables.labels(self.use_case)
        return (tables.features(self.use_case), self.snapshot.features_version), (labels, self.snapshot.labels_version)
