"""Whether a delivery has as many rows as a delivery of its source should: pure functions of counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from statistics import median

from lakehouse.declaration import Volume


def problem(volume: Volume, day: dt.date, rows: int, rows_by_day: Mapping[dt.date, int]) -> str | None:
    """What is wrong with the size of the delivery for ``day``; None when nothing is, or too few days are known.

    Only days before ``day`` are looked at, so that a range gives the same result as its days one by one.

    Args:
        volume: what is declared.
        day: the delivery's partition.
        rows: rows delivered for it.
        rows_by_day: rows of the first delivery of each day that was taken in, or is about to be.
    """
    first = day - dt.timedelta(days=volume.of_days)
    before = [count for other, count in rows_by_day.items() if first <= other < day]
    if len(before) < volume.min_days:
        return None
    usual = median(before)
    low, high = usual * volume.at_least, usual * volume.at_most
    if low <= rows <= high:
        return None
    kind = "truncated or incomplete" if rows < low else "too long"
    return (
        f"{kind}: expected {low:.0f} to {high:.0f} rows, {volume.at_least:g} to {volume.at_most:g} times the median {usual:g} of "
        f"the {len(before)} deliveries before it, found {rows}; if it is right as it is, take it in with --any-volume"
    )
