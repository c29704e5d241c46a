"""A whole training but for reading its rows, in a process of its own: ``python -m tests.jobs.train.whole_task USE_CASE``."""

from __future__ import annotations

import logging
import sys

from jobs.train import training
from jobs.train.input_snapshot import InputSnapshot
from jobs.train.split import Parts, Split
from jobs.train.training_inputs import TrainingInputs
from lakehouse.declaration import loader
from tests.jobs import appointments
from tests.jobs.train import search_task
from tests.jobs.train.rows import rows

DAY = appointments.START.replace(month=6)
FINGERPRINT = "0123456789abcdef"


def train(name: str) -> None:
    """Train, and register the version."""
    use_case = loader.by_name(name)
    split = Split.for_day(use_case, DAY)
    train, validation = (
        rows(*search_task.TRAIN, day=split.train.last),
        rows(*search_task.VALIDATION, day=split.validation.last),
    )
    parts = Parts(train, validation, rows(2_000, 3, day=split.holdout.last), 0)
    training.train(TrainingInputs(use_case, DAY, split, InputSnapshot(1, 1, FINGERPRINT), parts), {})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    train(sys.argv[1])
