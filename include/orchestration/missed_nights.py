"""The line about missed nights that the schedule does not catch up: which days, and the command that takes them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lakehouse.date_ranges import contiguous


def line(source: str, days: Sequence[dt.date], catch_up_nights: int) -> str:
    """What the engineer on call reads in the log of the first night that runs again.

    Args:
        source: the source without deliveries.
        days: on which it has none, at least one; in order.
        catch_up_nights: as the calendar declares it.
    """
    spans = [f"{first}" if first == last else f"{first} to {last}" for first, last in contiguous(days)]
    shown = ", ".join(spans[:10]) + (f" and {len(spans) - 10} more" if len(spans) > 10 else "")
    return (
        f"{source}: expected every day's delivery, {len(days)} day(s) were missed and are not caught up by the schedule "
        f"(calendar.catch_up_nights is {catch_up_nights}): {shown}; when their deliveries are there, take them in: "
        f"{command(source, days[0], days[-1])}"
    )


def command(source: str, first: dt.date, last: dt.date) -> str:
    """The backfill of these days; days that have run well are left alone."""
    days = f"--from-date {first} --to-date {last}"
    return f"airflow backfill create --dag-id ingest__{source} {days} --reprocess-behavior failed"
