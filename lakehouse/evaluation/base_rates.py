"""The base rate of a day: the share of yeses, the mean, or each class's share of the labels of the newest days that have some."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection

import numpy as np

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import labels
from lakehouse.storage.day_files import DayFiles

# Scored days with labels: four weeks, so that each weekday counts alike.
DAYS = 28


def known_days(use_case: UseCase, day: dt.date) -> list[dt.date]:
    """The days whose labels a base rate of ``day`` is made of, where they have arrived: nothing that was not known before it."""
    last = day - dt.timedelta(days=max(1, use_case.maturity_days))
    return use_case.calendar.scores.newest(last, DAYS)


def of_days(use_case: UseCase, days: Collection[dt.date]) -> dict[dt.date, tuple[float, ...]]:
    """The base rate of each day: one number, of several classes a number a class. Days before which no label is known are left out.

    Read from gold outcomes as they are.
    """
    reads = {day: known_days(use_case, day) for day in days}
    every = {past for known in reads.values() for past in known}
    files = DayFiles.of(tables.outcomes(use_case), every)
    sums = {day: found for day in sorted(every) if (found := _sums(files, day, len(use_case.classes)))[0]}
    rates = {}
    for day, known in reads.items():
        parts = [sums[past] for past in known if past in sums]
        if parts:
            rows = sum(count for count, _ in parts)
            totals = zip(*(values for _, values in parts), strict=True)
            rates[day] = tuple(math.fsum(values) / rows for values in totals)
    return rates


def _sums(files: DayFiles, day: dt.date, classes: int) -> tuple[int, tuple[float, ...]]:
    """How many labels the day has, and their sum, or how many each class has."""
    label = labels.floats(files.read(day, ["label"]).column("label"))
    label = label[~np.isnan(label)]
    if classes:
        return len(label), tuple(map(float, np.bincount(label.astype(np.int64), minlength=classes)))
    # Exact, whatever the order of the files is.
    return len(label), (math.fsum(label.tolist()),)
