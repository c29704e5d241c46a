"""The weeks of a walk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """The days that are scored by the models of ``first``: what is known on that day, before it begins."""

    first: dt.date
    last: dt.date


def weeks(first: dt.date, last: dt.date) -> list[Week]:
    """Weeks from ``first`` on; the last one is shorter where ``last`` ends it."""
    found, start = list[Week](), first
    while start <= last:
        found.append(Week(start, min(start + WEEK - DAY, last)))
        start += WEEK
    return found
