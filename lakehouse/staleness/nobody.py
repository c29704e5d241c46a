"""Days on which nobody is in the population: their features are built and have no row, and there is nothing to score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import builds, rowless
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import up_to_date
from lakehouse.staleness.up_to_date import Comparison
from lakehouse.storage import delta_log

WHY = rowless.NOBODY


def compare(use_case: UseCase, expected: Mapping[dt.date, Inputs]) -> Comparison:
    """These days of the features as they are built now; one on which nobody is there counts as built too."""
    table = tables.features(use_case)
    without = rowless.inputs(table, WHY)
    built = {day: builds.fingerprint(inputs) for day, inputs in without.items()} | up_to_date.built(table)
    return Comparison(table, expected, built)


def record(use_case: UseCase, inputs: Mapping[dt.date, Inputs]) -> list[dt.date]:
    """Record on which of these days, all just built, nobody is there; returns them."""
    table = tables.features(use_case)
    present = delta_log.rows_by_day(table)
    absent = {day: of_day for day, of_day in inputs.items() if day not in present}
    if absent:
        rowless.record(table, WHY, absent)
    return sorted(absent)


def days(use_case: UseCase, asked: Iterable[dt.date]) -> list[dt.date]:
    """Those of the asked days whose features are built and have no row."""
    table = tables.features(use_case)
    present = delta_log.rows_by_day(table)
    missing = {day for day in asked if day not in present}
    return sorted(missing & set(rowless.inputs(table, WHY))) if missing else []
