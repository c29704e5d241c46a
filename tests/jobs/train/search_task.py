"""A search in a process of its own, for tests to kill: ``python -m tests.jobs.train.search_task FOLDER``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from jobs.train.search import tuning
from lakehouse.declaration import Model
from tests.jobs.train.rows import rows

# A trial takes some tenths of a second: long enough to be met while it runs.
TRAIN, VALIDATION = (20_000, 1), (5_000, 2)
MODEL = Model(task="classification", trials=8, max_rounds=120, early_stopping_rounds=120, fixed={"eta": 0.01})


def search(folder: Path) -> tuning.Tuned:
    """The search, new or resumed."""
    return tuning.tune(MODEL, rows(*TRAIN), rows(*VALIDATION), folder=folder)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    search(Path(sys.argv[1]))
