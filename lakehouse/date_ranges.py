"""Days that follow one another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable


def contiguous(days: Iterable[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """The days as ranges of days that follow one another, first and last of each."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][1] == dt.timedelta(days=1):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges
