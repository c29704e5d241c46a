"""The weeks that candidates are compared on: several validation windows, each after all that its models are fitted to.

The newest is the declared validation window. The others are as long, and lie before one another at the end of the train window,
each with the embargo before it. The holdout is in none of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from jobs.train.learned_rows import measured, to_fit
from jobs.train.split import MIN_TRAIN_ROWS, Parts, Split
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet

MOST_WINDOWS = 4
# A model of less than this share of the train window's days would be another model than the one that is chosen.
LEAST_SHARE = 0.4
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The days to compare on, from ``first`` to ``last``: their rows, and the rows that are known before them to fit to."""

    first: dt.date
    last: dt.date
    train: TrainingSet
    validation: TrainingSet


def windows(use_case: UseCase, split: Split, parts: Parts) -> list[Window]:
    """The windows, the newest first; at least the declared one."""
    declared = split.validation
    found = [Window(declared.first, declared.last, to_fit(use_case, parts.train), parts.validation)]
    length = (declared.last - declared.first).days + 1
    first_day, last = split.train.first, split.train.last
    days = (last - first_day).days + 1
    while len(found) < MOST_WINDOWS:
        first = last - (length - 1) * DAY
        known_until = first - (use_case.maturity_days + 1) * DAY
        if (known_until - first_day).days + 1 < LEAST_SHARE * days:
            break
        train = to_fit(use_case, parts.train.between(first_day, known_until))
        validation = measured(parts.train.between(first, last))
        if _tells(use_case, train) and len(validation):
            found.append(Window(first, last, train, validation))
        last = first - DAY
    return found


def _tells(use_case: UseCase, rows: TrainingSet) -> bool:
    """Whether a model can be fitted to the rows: there are enough, of every class."""
    if len(rows) < MIN_TRAIN_ROWS:
        return False
    return len(np.unique(rows.label)) >= (len(use_case.classes) or (2 if use_case.binary else 1))
