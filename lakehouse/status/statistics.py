"""What monitoring watches of a use case, over the days: each statistic beside its limit, the nearest to it first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.declaration import UseCase
from lakehouse.status.verdicts import VERDICT
from lakehouse.storage.day_index import DayIndex

COLUMNS = ("partition", "kind", "feature", "statistic", "value", "limit", "violated")
# Of measured alarms a slice is named; the whole is shown.
SLICE = "slice"
ALL = "all"
MOST = 12


@dataclass(frozen=True)
class Statistic:
    """One watched statistic over the days.

    Attributes:
        kind, feature, statistic: which.
        values: its value on each day; None where it was not measured.
        limits: its limit on each day; None where there is none.
        violated: on which days it was beyond.
    """

    kind: str
    feature: str
    statistic: str
    values: tuple[float | None, ...]
    limits: tuple[float | None, ...]
    violated: tuple[bool, ...]

    @property
    def nearness(self) -> float:
        """How near the newest value is to its limit: 1 at it."""
        value, limit = _newest(self.values, self.limits)
        return value / limit if limit else 0.0

    @property
    def newest(self) -> tuple[float, float]:
        """The newest value that has a limit, and that limit."""
        return _newest(self.values, self.limits)


def of(use_case: UseCase, drift: DayIndex | None, days: Sequence[dt.date]) -> tuple[list[Statistic], int]:
    """The statistics with a limit: at most ``MOST``, those that are or were beyond it first; and how many there are in all.

    Args:
        use_case: whose.
        drift: the index of its drift table.
        days: which days, in order.
    """
    if drift is None:
        return [], 0
    columns = (*COLUMNS, SLICE) if use_case.drift.measured else COLUMNS
    rows = drift.read(days, columns).to_pylist()
    by_key: dict[tuple[str, str, str], dict[dt.date, Mapping[str, Any]]] = {}
    for row in rows:
        if row["kind"] == VERDICT or row["limit"] is None or row.get(SLICE, ALL) not in (None, ALL):
            continue
        by_key.setdefault((row["kind"], row["feature"], row["statistic"]), {})[row["partition"]] = row
    found = [
        Statistic(
            *key,
            tuple(_of(history, day, "value") for day in days),
            tuple(_of(history, day, "limit") for day in days),
            tuple(bool(history[day]["violated"]) if day in history else False for day in days),
        )
        for key, history in by_key.items()
    ]
    # What the verdict hangs on by itself before what counts only together; then what is nearest to its limit.
    found.sort(
        key=lambda one: (not any(one.violated[-7:]), one.kind == "feature", -one.nearness, one.feature, one.statistic)
    )
    return found[:MOST], len(found)


def _of(history: Mapping[dt.date, Mapping[str, Any]], day: dt.date, name: str) -> float | None:
    return history[day][name] if day in history else None


def _newest(values: Sequence[float | None], limits: Sequence[float | None]) -> tuple[float, float]:
    for value, limit in zip(reversed(values), reversed(limits), strict=True):
        if value is not None and limit is not None:
            return value, limit
    return 0.0, 0.0
