"""The verdicts of the nights, and what was measured of them: from the drift table, day by day, each file read once."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.storage import table_index
from lakehouse.storage.table_index import DayIndex

VERDICT = "verdict"
COLUMNS = ("kind", "model_version", "violated", "reason")
# So many verdicts are kept, of all use cases together: 100 use cases with the days that the page shows.
MOST_KEPT = 6000


@dataclass(frozen=True)
class Verdict:
    """What monitoring decided of a day.

    Attributes:
        day: which.
        version: the champion whose training is the reference.
        violated: whether it is beyond its limits.
        reason: all reasons, in words; empty without any.
        at: when it was written.
    """

    day: dt.date
    version: int
    violated: bool
    reason: str
    at: dt.datetime


def index(use_case: UseCase) -> DayIndex | None:
    """The days of the drift table; None of one that does not exist."""
    return table_index.of(tables.drift(use_case))


def of_days(drift: DayIndex | None, days: Iterable[dt.date]) -> dict[dt.date, Verdict]:
    """The verdicts of these days; a day without one is left out."""
    found = {}
    for day in days:
        if drift is not None and (one := _of_day(drift, day)) is not None:
            found[day] = one
    return found


def _of_day(drift: DayIndex, day: dt.date) -> Verdict | None:
    files = drift.files(day)
    if not files:
        return None
    # A file never changes: another write of the day makes others.
    key = (drift.table.name, *(one.path for one in files))
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    at = max(one.written for one in files)
    rows: list[Mapping[str, Any]] = drift.read([day], COLUMNS).to_pylist()
    verdict = next(
        (
            Verdict(day, row["model_version"], row["violated"], row["reason"] or "", at)
            for row in rows
            if row["kind"] == VERDICT
        ),
        None,
    )
    with _LOCK:
        _KEPT[key] = verdict
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
    return verdict


_KEPT: OrderedDict[tuple[str, ...], Verdict | None] = OrderedDict()
_LOCK = Lock()
