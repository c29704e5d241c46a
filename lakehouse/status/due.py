"""Which night it is: the newest day of a use case whose scores are due, when it begins, and by when it has to be there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lakehouse.arrivals import freshness, readiness
from lakehouse.declaration import UseCase, nights
from lakehouse.status import DAYS

A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """The night of a use case.

    Attributes:
        day: the newest day whose scores are due; None before the first, and when the calendar has ended before the first.
        begins: when its run begins; None without a day.
        by: from when on it is late.
        declared: whether ``alerts.late_after`` declares that hour.
        ended: the last day of the calendar, once nothing more is due.
    """

    day: dt.date | None
    begins: dt.datetime | None = None
    by: dt.datetime | None = None
    declared: bool = False
    ended: dt.date | None = None


def of(use_case: UseCase, now: dt.datetime) -> Due:
    """The night of ``now``, by the use case's own clock."""
    calendar = use_case.calendar
    local = now.astimezone(ZoneInfo(calendar.timezone))
    date = local.date() if local.time() >= nights.nightly_at(use_case) else local.date() - A_DAY
    ended = calendar.end if calendar.end is not None and date > calendar.end else None
    day = _scored(use_case, min(date, calendar.end) if calendar.end is not None else date)
    if day is None:
        return Due(None, ended=ended)
    begins, by = nights.begins(use_case, day), nights.late_at(use_case, day)
    if by is not None:
        return Due(day, begins, by, True, ended)
    last = [
        freshness.due_at(use_case, use_case.source(item.source), day - dt.timedelta(days=item.last))
        for item in use_case.inputs
        if use_case.source(item.source).cadence == "daily"
    ]
    return Due(day, begins, max([*last, begins + dt.timedelta(hours=6)]), False, ended)


def needed(use_case: UseCase, day: dt.date) -> list[tuple[str, dt.date]]:
    """The deliveries that the features of ``day`` wait for, as source and day, the newest days first; of groups their newest."""
    since = day - dt.timedelta(days=DAYS)
    pairs: dict[tuple[str, dt.date], None] = {}
    for item in use_case.inputs:
        for one in reversed(readiness.required_days(use_case, item, day)):
            if one >= since:
                pairs[item.source, one] = None
    for name, last in _of_groups(use_case):
        pairs[name, day - dt.timedelta(days=last)] = None
    return sorted(pairs, key=lambda pair: (-pair[1].toordinal(), pair[0]))


def _scored(use_case: UseCase, newest: dt.date) -> dt.date | None:
    days = use_case.calendar.scores.newest(newest, 1)
    return days[-1] if days and days[-1] >= use_case.calendar.start else None


def _of_groups(use_case: UseCase) -> Iterator[tuple[str, int]]:
    for taken in use_case.taken:
        for item in taken.group.inputs:
            if taken.group.source(item.source).cadence == "daily":
                yield item.source, item.last
