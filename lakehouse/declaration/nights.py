"""When the night of a day begins, by the declaration, and by when its scores are to be there.

A day reads what has arrived before it, so its night begins on the day itself.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from lakehouse.declaration.use_case import UseCase

# A cron whose minute and hour are one number each.
_AT = re.compile(r"(\d{1,2})\s+(\d{1,2})\s+.*")


def nightly_at(use_case: UseCase) -> dt.time:
    """The hour of the nightly run; midnight where the cron names no single one."""
    found = _AT.fullmatch(use_case.calendar.nightly)
    if found is None or int(found[1]) > 59 or int(found[2]) > 23:
        return dt.time()
    return dt.time(int(found[2]), int(found[1]))


def begins(use_case: UseCase, day: dt.date) -> dt.datetime:
    """The instant at which the night of ``day`` begins."""
    return _instant(use_case, day, nightly_at(use_case))


def days_after(use_case: UseCase, hour: str) -> int:
    """How many days after a day that hour of its night is: 1, the next morning, where it comes before the nightly run."""
    return int(dt.time.fromisoformat(hour) <= nightly_at(use_case))


def late_at(use_case: UseCase, day: dt.date) -> dt.datetime | None:
    """The instant after which the scores of ``day`` are late; None where no hour is declared."""
    hour = use_case.alerts.late_after
    if hour is None:
        return None
    return _instant(use_case, day + dt.timedelta(days=days_after(use_case, hour)), dt.time.fromisoformat(hour))


def _instant(use_case: UseCase, date: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(date, time, ZoneInfo(use_case.calendar.timezone)).astimezone(dt.UTC)
