"""How good the champion's scores turned out, and were expected to turn out, by day and version; and what decisions were worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase, metric_names, worth_metrics
from lakehouse.status.champion import CHAMPION
from lakehouse.storage import table_index

ALL = "all"
MEASURED = ("partition", "role", "model_version", "slice", "labelled_rows", "metric", "value")
EXPECTED = ("partition", "role", "model_version", "slice", "metric", "estimated")
# Over so many of the newest measured days worth is summed.
WORTH_DAYS = 30


@dataclass(frozen=True)
class Quality:
    """One metric over the days, of the version that decided each.

    Attributes:
        metric: its name.
        measured: by day, once labels have come; None before.
        expected: by day, before they come; None where nothing is estimated.
        versions: by day the version that it is of; None where there is neither.
    """

    metric: str
    measured: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    versions: tuple[int | None, ...]


@dataclass(frozen=True)
class Worth:
    """What the champion's decisions were worth on the newest measured days.

    Attributes:
        currency: as declared.
        days: how many days.
        first, last: from when to when.
        total: their sum.
        per_row: the average a labelled row.
        beside: the average a row of deciding otherwise, by its name: everybody, nobody, baseline.
        by_day: the sum of each day of the window; None where none is measured.
    """

    currency: str
    days: int
    first: dt.date
    last: dt.date
    total: float
    per_row: float
    beside: Mapping[str, float]
    by_day: tuple[float | None, ...]


def of(use_case: UseCase, days: Sequence[dt.date]) -> tuple[list[Quality], Worth | None]:
    """The metrics that matter most over these days, and the worth where it is declared.

    Args:
        use_case: whose.
        days: which days, in order.
    """
    measured, rows = _measured(use_case, days)
    expected = _expected(use_case, days)
    versions = {day: version for (day, _), (version, _) in [*expected.items(), *measured.items()]}
    found = []
    for metric in _metrics(use_case):
        one = Quality(
            metric,
            tuple(measured.get((day, metric), (0, None))[1] for day in days),
            tuple(expected.get((day, metric), (0, None))[1] for day in days),
            tuple(versions.get(day) for day in days),
        )
        if any(value is not None for value in (*one.measured, *one.expected)):
            found.append(one)
    return found, _worth(use_case, days, measured, rows)


# By day and metric the version and the value.
Values = dict[tuple[dt.date, str], tuple[int, float | None]]


def _metrics(use_case: UseCase) -> tuple[str, ...]:
    """The gate's metric first, then the ranking, then the calibration."""
    others = ("roc_auc", "mae", "accuracy", metric_names.CALIBRATION_GAP)
    return tuple(dict.fromkeys((use_case.gate.metric, *others)))[:4]


def _measured(use_case: UseCase, days: Sequence[dt.date]) -> tuple[Values, dict[dt.date, int]]:
    index = table_index.of(tables.performance(use_case))
    if index is None:
        return {}, {}
    found = index.read(days, MEASURED, (pc.field("role") == CHAMPION) & (pc.field("slice") == ALL)).to_pylist()
    rows = {row["partition"]: row["labelled_rows"] for row in found}
    return {(row["partition"], row["metric"]): (row["model_version"], row["value"]) for row in found}, rows


def _expected(use_case: UseCase, days: Sequence[dt.date]) -> Values:
    if use_case.drift.estimate is None:
        return {}
    index = table_index.of(tables.estimates(use_case))
    if index is None:
        return {}
    found = index.read(days, EXPECTED, (pc.field("role") == CHAMPION) & (pc.field("slice") == ALL)).to_pylist()
    return {(row["partition"], row["metric"]): (row["model_version"], row["estimated"]) for row in found}


def _worth(use_case: UseCase, days: Sequence[dt.date], measured: Values, rows: Mapping[dt.date, int]) -> Worth | None:
    if use_case.worth is None:
        return None

    def value(day: dt.date, metric: str) -> float | None:
        return measured.get((day, metric), (0, None))[1]

    by_day = tuple(value(day, worth_metrics.TOTAL) for day in days)
    known = [day for day, one in zip(days, by_day, strict=True) if one is not None][-WORTH_DAYS:]
    if not known:
        return None
    total = sum(value(day, worth_metrics.TOTAL) or 0.0 for day in known)
    counted = sum(rows.get(day, 0) for day in known)
    beside = {}
    prefix = f"{worth_metrics.PER_ROW}_"
    for name in sorted({metric.removeprefix(prefix) for _, metric in measured if metric.startswith(prefix)}):
        of_days = [(value(day, prefix + name), rows.get(day, 0)) for day in known]
        complete = [(one, count) for one, count in of_days if one is not None]
        if complete and (together := sum(count for _, count in complete)):
            beside[name] = sum(one * count for one, count in complete) / together
    return Worth(
        use_case.worth.currency,
        len(known),
        known[0],
        known[-1],
        total,
        total / counted if counted else 0.0,
        beside,
        by_day,
    )
