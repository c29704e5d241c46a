"""What belongs to a delivery that is extracted: what has changed in a half-open interval, the rows of a day, or all rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lakehouse.declaration import Owner, Source
from lakehouse.errors import BadArguments, WindowOpen
from lakehouse.ops import deliveries

BEGINNING = "the beginning"
_EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class ExtractionWindow:
    """From ``since`` (None: from the beginning) to before ``until``, both UTC.

    Attributes:
        origin: the window in words, which the ledger keeps as the delivery's origin. Those of changes are read again by the
            windows of later days.
        since: its first instant.
        until: the instant that follows it.
        first_day: the first day of the delivery.
        last_day: the last one, whose delivery it is.
    """

    origin: str
    since: dt.datetime | None
    until: dt.datetime
    first_day: dt.date
    last_day: dt.date


def of_changes(
    owner: Owner, source: Source, first: dt.date, last: dt.date, now: dt.datetime
) -> Iterator[ExtractionWindow]:
    """What changed for the deliveries of these days: of a daily source a window a day, else one for all of them.

    A window ends with the midnight by which the delivery is due: the one that starts its day for a source that arrives before
    the day, the one that ends it for a source that arrives the day after. So a day's features, which may read the delivery,
    never see a change from after their prediction time. It begins where the windows of the same place end that the ledger has
    as ingested for days before ``first``: one that was refused, or not ingested, is read again with the next. For a source
    that delivers snapshots there is no beginning: each delivery has all rows.

    Raises:
        WindowOpen: when ``now`` is before its end.
    """
    what = f"{words(source)} from "
    since = None if source.delivers == "snapshot" else _watermark(source, what, first)
    for begin, end in [(day, day) for day in _days(first, last)] if source.cadence == "daily" else [(first, last)]:
        until = _due(owner, source, end, now)
        origin = f"{what}{BEGINNING if since is None else _text(since)} until {_text(until)}"
        yield ExtractionWindow(origin, since, until, begin, end)
        since = None if source.delivers == "snapshot" else until


def due(owner: Owner, source: Source, first: dt.date, last: dt.date, now: dt.datetime) -> Iterator[ExtractionWindow]:
    """The windows that end as those of changes do, of a source that knows otherwise where they begin.

    Raises:
        WindowOpen: when ``now`` is before its end.
    """
    for begin, end in [(day, day) for day in _days(first, last)] if source.cadence == "daily" else [(first, last)]:
        yield ExtractionWindow(words(source), None, _due(owner, source, end, now), begin, end)


def of_days(
    owner: Owner, source: Source, first: dt.date, last: dt.date, now: dt.datetime
) -> Iterator[ExtractionWindow]:
    """The rows of each of these days: from its local midnight to the next.

    Raises:
        WindowOpen: when ``now`` is before a delivery is due.
    """
    zone = ZoneInfo(owner.calendar.timezone)
    for day in _days(first, last):
        _due(owner, source, day, now)
        yield ExtractionWindow(
            f"{words(source)} on {day}", _midnight(day, zone), _midnight(day + dt.timedelta(days=1), zone), day, day
        )


def of_all_rows(owner: Owner, source: Source, last: dt.date, now: dt.datetime) -> ExtractionWindow:
    """All rows as they are now, for the delivery of ``last``.

    Raises:
        WindowOpen: when ``now`` is before it is due. BadArguments: when a later day has been ingested: the rows of now are not
            those of a day that is past.
    """
    until = _due(owner, source, last, now)
    lines = deliveries.lines_of([source.name], last + dt.timedelta(days=1), None)
    if later := [line.partition for line in lines if line.status == deliveries.INGESTED]:
        raise BadArguments(
            f"source {source.name}: expected a day that is not past, since all rows are read as they are now; found {last}, and "
            f"{max(later)} has been ingested: land that day's rows as a file, or declare updated_at or partition_column"
        )
    return ExtractionWindow(f"{words(source)} all rows by {_text(until)}", None, until, last, last)


def words(source: Source) -> str:
    """What is read, in words by which a window is known as one of the same place."""
    if source.mongo is not None:
        return f"mongodb {source.mongo.database}.{source.mongo.collection} {source.mongo.updated_at}"
    if source.sql is not None:
        dated = "" if source.sql.dated_by is None else f" {source.sql.dated_by}"
        return f"sql {source.sql.connection} {source.sql.address}{dated}"
    if source.kafka is not None:
        return f"kafka {source.kafka.connection} {source.kafka.topic}"
    assert source.fetch is not None
    # Another file or connection is another service, which is read from its beginning.
    return f"fetch {source.fetch.file}{'' if source.fetch.connection is None else f' by {source.fetch.connection}'}"


def _due(owner: Owner, source: Source, day: dt.date, now: dt.datetime) -> dt.datetime:
    end = day + dt.timedelta(days=source.arrives_after_days)
    until = _midnight(end, ZoneInfo(owner.calendar.timezone))
    if now < until:
        raise WindowOpen(
            f"source {source.name}: expected the window of {day} to be over, it ends at {_text(until)} and now is "
            f"{_text(now)}; nothing was read: run again after that"
        )
    return until


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _watermark(source: Source, what: str, day: dt.date) -> dt.datetime | None:
    """Where the windows that were ingested end, without a gap from the beginning; None when there are none.

    A window behind a gap does not count: the one that should be there was refused, and has to be read again.
    """
    before = deliveries.lines_of([source.name], None, day - dt.timedelta(days=1))
    origins = [line.origin for line in before if line.status == deliveries.INGESTED and line.origin.startswith(what)]
    mark: dt.datetime | None = None
    for since, until in sorted(_interval(origin.removeprefix(what)) for origin in origins):
        if since <= (_EVER if mark is None else mark):
            mark = until if mark is None else max(mark, until)
    return mark


def _interval(text: str) -> tuple[dt.datetime, dt.datetime]:
    since, _, until = text.rpartition(" until ")
    return _EVER if since == BEGINNING else dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until)


def _text(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
