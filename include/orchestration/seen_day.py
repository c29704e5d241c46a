"""The day that a person saw when a date was picked: Airflow's forms send instants, and partitions are days.

The form of a backfill sends the midnight that begins the first day, and the last millisecond (or minute) of the last day, both in
the time zone that the page shows: as a rule the browser's. In UTC the first of July of Tokyo begins on June 30. The zone itself
is not sent, so it is concluded from the hour: every zone from UTC-10:00 to UTC+13:59 has its midnight at an hour of its own. A
date of the command line is midnight of UTC, or of Airflow's ``default_timezone``, and is read alike.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

# Of the instants at which a day begins somewhere, those after this hour of UTC belong to the next day: it begins in the east. The
# zones beyond it (UTC-11, UTC-12 and UTC+14, a few islands) share their midnights with Hawaii, New Zealand and Tonga.
WESTERNMOST = dt.timedelta(hours=10)

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
# Every offset in use is a multiple of it, so an instant one minute or less before such a mark ends a day.
QUARTER = 15


def seen(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The day that was picked.

    Args:
        instant: the midnight that begins it, or its last minute, anywhere on earth. Without a time zone: UTC.
        zone: the zone of the data's days; who is there is right also where two zones share a midnight.
    """
    utc = instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)
    if utc.minute % QUARTER == QUARTER - 1:
        ended = utc.replace(second=0, microsecond=0) + MINUTE
        return _begun(ended, zone) - DAY
    return _begun(utc, zone)


def _begun(midnight: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The day that begins at this instant somewhere."""
    there = midnight.astimezone(zone)
    if there.time() == dt.time():
        return there.date()
    return (midnight - WESTERNMOST - dt.timedelta(microseconds=1)).date() + DAY
