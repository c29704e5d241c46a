"""How fresh each source is: its newest delivery, the delivery that is due, and the days that are missing, by the ledger alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lakehouse.declaration import Owner, Source
from lakehouse.ops import deliveries

# A source that declares no freshness has the whole day on which its delivery arrives.
WHOLE_DAY = 24.0


@dataclass(frozen=True)
class Freshness:
    """The freshness of a source.

    Attributes:
        source: its name.
        newest: the newest day that has a delivery in silver.
        due: the newest day whose delivery should be there; None for an occasional source, or before the first is due.
        missing: days from the calendar's start to ``due`` without a delivery.
    """

    source: str
    newest: dt.date | None
    due: dt.date | None
    missing: tuple[dt.date, ...]

    @property
    def verdict(self) -> str:
        """Fresh, or what is missing, in words."""
        if not self.missing:
            return "fresh" if self.due else "nothing is due"
        if self.newest is None or self.newest < self.missing[0]:
            return f"late: nothing since {self.newest}" if self.newest else "late: nothing has arrived"
        return f"gaps: missing {len(self.missing)}, the first {self.missing[0]}"


def due_at(owner: Owner, source: Source, day: dt.date) -> dt.datetime:
    """The instant by which the delivery for ``day`` is due."""
    arrives = day + dt.timedelta(days=source.arrives_after_days)
    midnight = dt.datetime.combine(arrives, dt.time(), ZoneInfo(owner.calendar.timezone))
    hours = source.freshness.hours if source.freshness else WHOLE_DAY
    return midnight.astimezone(dt.UTC) + dt.timedelta(hours=hours)


def state(owner: Owner, source: Source, now: dt.datetime) -> Freshness:
    """What has arrived of a source, compared with what is due by ``now``."""
    arrived = {day for _, day in deliveries.arrived([source.name], None, dt.date.max)}
    newest = max(arrived, default=None)
    if source.cadence == "occasional":
        return Freshness(source.name, newest, None, ())
    due = newest_due(owner, source, now)
    days = (due - owner.calendar.start).days + 1 if due is not None else 0
    expected = [owner.calendar.start + dt.timedelta(days=offset) for offset in range(days)]
    return Freshness(source.name, newest, due, tuple(day for day in expected if day not in arrived))


def left_behind(owner: Owner, source: Source, before: dt.date, now: dt.datetime) -> list[dt.date]:
    """The days before ``before`` that are due and have no delivery, from the source's first one on: what came before that is
    history that was not loaded, and no night that was missed.
    """
    if source.cadence == "occasional":
        return []
    arrived = {day for _, day in deliveries.arrived([source.name], None, before)}
    first = min(arrived, default=before)
    days = (first + dt.timedelta(days=offset) for offset in range((before - first).days))
    return [day for day in days if day not in arrived and due_at(owner, source, day) <= now]


def newest_due(owner: Owner, source: Source, now: dt.datetime) -> dt.date | None:
    """The newest day whose delivery should be there; None of an occasional source, and before the first is due."""
    if source.cadence == "occasional":
        return None
    day = now.date() - dt.timedelta(days=source.arrives_after_days - 1)
    if owner.calendar.end is not None:
        day = min(day, owner.calendar.end)
    while day >= owner.calendar.start:
        if due_at(owner, source, day) <= now:
            return day
        day -= dt.timedelta(days=1)
    return None
