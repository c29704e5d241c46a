"""How good each version's scores turned out day by day, as monitoring stored it: gold performance, of its newest days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.analyst.comparison import limits
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset, delta_log

ALL = "all"


@dataclass(frozen=True)
class LiveDay:
    """The gate's metric of one day; None where a version was not measured on it."""

    day: dt.date
    first: float | None
    second: float | None
    rows: int


@dataclass(frozen=True)
class LiveDays:
    """Days on which at least one of both was measured.

    Attributes:
        metric: the gate's.
        days: the newest, oldest first.
        counts: on how many of them each was measured.
        left_out: how many older days there are.
    """

    metric: str
    days: tuple[LiveDay, ...]
    counts: tuple[int, int]
    left_out: int


def read(use_case: UseCase, versions: Sequence[int]) -> LiveDays:
    """By the lines of all rows together, in whichever role a version scored."""
    metric, table = use_case.gate.metric, tables.performance(use_case)
    if not delta_log.exists(table):
        return LiveDays(metric, (), (0, 0), 0)
    where = (
        (pc.field("slice") == ALL)
        & (pc.field("metric") == metric)
        & arrow_dataset.among("model_version", list(versions))
    )
    columns = ["partition", "model_version", "labelled_rows", "value"]
    found: dict[dt.date, dict[int, tuple[int, float]]] = {}
    for row in arrow_dataset.read(table, where, columns=columns).to_pylist():
        if row["value"] is not None and row["labelled_rows"]:
            found.setdefault(row["partition"], {})[row["model_version"]] = row["labelled_rows"], row["value"]
    chosen = sorted(found)[-limits.MOST_DAYS :]
    days = []
    for day in chosen:
        first, second = (found[day].get(number) for number in versions)
        rows = max(one[0] for one in (first, second) if one is not None)
        days.append(LiveDay(day, first[1] if first else None, second[1] if second else None, rows))
    counts = sum(one.first is not None for one in days), sum(one.second is not None for one in days)
    return LiveDays(metric, tuple(days), counts, len(found) - len(chosen))
