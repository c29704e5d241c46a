"""What belongs to a day's delivery: a half-open interval of the instants at which rows or documents changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lakehouse.declaration import Source, UseCase
from lakehouse.errors import WindowOpen
from lakehouse.ops import deliveries

BEGINNING = "the beginning"


@dataclass(frozen=True)
class ExtractionWindow:
    """What changed from ``since`` (None: from the beginning) to before ``until``, both UTC.

    ``prefix`` says in words what is read, such as ``mongodb flights.planes updated_at from ``: windows with the same prefix follow
    one another.
    """

    prefix: str
    since: dt.datetime | None
    until: dt.datetime

    @property
    def origin(self) -> str:
        """The window in words, which the ledger keeps as the delivery's origin and :func:`_until` reads."""
        since = BEGINNING if self.since is None else _text(self.since)
        return f"{self.prefix}{since} until {_text(self.until)}"


def of_delivery(
    use_case: UseCase, source: Source, prefix: str, first: dt.date, last: dt.date, now: dt.datetime
) -> ExtractionWindow:
    """The window of the delivery of ``last``, which has all days from ``first``.

    It ends with the midnight by which the delivery is due: the one that starts its day for a source that arrives before the
    day, the one that ends it for a source that arrives the day after. So a day's features, which may read the delivery, never
    see a change from after their prediction time. It begins where the newest window of the same prefix ended that the ledger
    has as ingested for a day before ``first``: a window that was refused, or not ingested, is read again with the next one.
    A snapshot's begins with the beginning.

    Raises:
        WindowOpen: when ``now`` is before its end.
    """
    end = last + dt.timedelta(days=source.arrives_after_days)
    until = dt.datetime.combine(end, dt.time(), tzinfo=ZoneInfo(use_case.calendar.timezone)).astimezone(dt.UTC)
    if now < until:
        raise WindowOpen(
            f"source {source.name}: expected the window of {last} to be over, it ends at {_text(until)} and now is "
            f"{_text(now)}; nothing was read: run again after that"
        )
    since = None if source.delivers == "snapshot" else _watermark(source, prefix, first)
    return ExtractionWindow(prefix, since, until)


def _watermark(source: Source, prefix: str, day: dt.date) -> dt.datetime | None:
    before = deliveries.lines_of([source.name], None, day - dt.timedelta(days=1))
    ends = [
        _until(line.origin) for line in before if line.status == deliveries.INGESTED and line.origin.startswith(prefix)
    ]
    return max(ends, default=None)


def _until(origin: str) -> dt.datetime:
    return dt.datetime.fromisoformat(origin.rpartition(" until ")[2])


def _text(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
