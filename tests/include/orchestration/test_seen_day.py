"""The days of a backfill are those that the person saw, wherever the browser is."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.orchestration.nightly import NightlyTimetable
from include.orchestration.seen_day import seen

CALENDARS = ["America/New_York", "UTC", "Europe/Oslo", "Asia/Tokyo", "Pacific/Auckland"]
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31))
# Their midnights are those of Hawaii, New Zealand or Tonga a day apart: they are right where the calendar is their own.
SHARED = {
    "Pacific/Pago_Pago", "Pacific/Midway", "Pacific/Samoa", "US/Samoa", "Pacific/Niue", "Pacific/Kiritimati", "Pacific/Apia",
    "Pacific/Fakaofo", "Etc/GMT+11", "Etc/GMT+12", "Etc/GMT-14",
}  # fmt: skip


def sent(first: dt.date, last: dt.date, zone: dt.tzinfo, end: dt.time) -> tuple[dt.datetime, dt.datetime]:
    """What the form sends for these days: ISO instants of UTC, made by the page in its zone."""
    begin = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    return begin, dt.datetime.combine(last, end, zone).astimezone(dt.UTC)


# As the form makes it of a day that is clicked; of one that is changed afterwards; typed; as a shell's date is read.
ENDS = st.sampled_from([dt.time(23, 59, 59, 999_000), dt.time(23, 59), dt.time(23, 59, 59), dt.time()])


def backfilled(zone: str, earliest: dt.datetime, latest: dt.datetime) -> list[str]:
    table = NightlyTimetable("0 1 * * *", timezone=zone, arrives_after_days=1, first=dt.date(1999, 1, 1))
    return [str(info.partition_key) for info in table.iter_partition_dagrun_infos(earliest=earliest, latest=latest)]


@settings(deadline=None)
@given(
    calendar=st.sampled_from(CALENDARS),
    offset=st.integers(-10 * 4, 13 * 4 + 3).map(lambda quarters: dt.timedelta(minutes=15 * quarters)),
    first=DAYS,
    length=st.integers(0, 3),
    end=ENDS,
)
def test_a_backfill_runs_the_days_that_were_seen_at_every_offset(
    calendar: str, offset: dt.timedelta, first: dt.date, length: int, end: dt.time
) -> None:
    last = first + dt.timedelta(days=length)
    found = backfilled(calendar, *sent(first, last, dt.timezone(offset), end))
    assert found == [str(first + dt.timedelta(days=day)) for day in range(length + 1)]


@settings(deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones() - SHARED)),
    calendar=st.sampled_from(CALENDARS),
    first=DAYS,
    end=ENDS,
    fold=st.integers(0, 1),
)
def test_it_does_in_every_zone_of_the_world_also_across_a_change_of_clocks(
    zone: str, calendar: str, first: dt.date, end: dt.time, fold: int
) -> None:
    last = first + dt.timedelta(days=200)
    begin, until = sent(first, last, ZoneInfo(zone), end.replace(fold=fold))
    assert (seen(begin, ZoneInfo(calendar)), seen(until, ZoneInfo(calendar))) == (first, last)


@settings(deadline=None)
@given(zone=st.sampled_from(sorted(SHARED)), first=DAYS, end=ENDS)
def test_who_is_where_the_data_is_sees_right_also_on_the_date_line(zone: str, first: dt.date, end: dt.time) -> None:
    begin, until = sent(first, first, ZoneInfo(zone), end)
    # A day that its clocks skip begins at no midnight, and one was left out as a whole.
    if begin.astimezone(ZoneInfo(zone)).time() == dt.time() and until.astimezone(ZoneInfo(zone)).date() == first:
        assert (seen(begin, ZoneInfo(zone)), seen(until, ZoneInfo(zone))) == (first, first)


@pytest.mark.parametrize(
    ("browser", "earliest", "latest"),
    [
        ("Tokyo", "2013-07-01T15:00:00.000Z", "2013-07-03T14:59:59.999Z"),
        ("Sydney", "2013-07-01T14:00:00.000Z", "2013-07-03T13:59:59.999Z"),
        ("Auckland", "2013-07-01T12:00:00.000Z", "2013-07-03T11:59:59.999Z"),
        ("Berlin", "2013-07-01T22:00:00.000Z", "2013-07-03T21:59:00.000Z"),
        ("London", "2013-07-01T23:00:00.000Z", "2013-07-03T22:59:59.999Z"),
        ("UTC, and a command line", "2013-07-02T00:00:00Z", "2013-07-03T00:00:00Z"),
        ("New York", "2013-07-02T04:00:00.000Z", "2013-07-04T03:59:59.999Z"),
        ("Honolulu", "2013-07-02T10:00:00.000Z", "2013-07-04T09:59:59.999Z"),
    ],
)
def test_the_second_and_third_of_july_are_these_two_days_from_everywhere(
    browser: str, earliest: str, latest: str
) -> None:
    instants = map(dt.datetime.fromisoformat, (earliest, latest))
    assert backfilled("America/New_York", *instants) == ["2013-07-02", "2013-07-03"], browser


def test_a_date_without_a_zone_is_that_of_utc() -> None:
    assert seen(dt.datetime(2013, 7, 2), ZoneInfo("America/New_York")) == dt.date(2013, 7, 2)


def test_a_filter_by_partition_date_reads_its_ends_alike() -> None:
    table = NightlyTimetable("0 1 * * *", timezone="Asia/Tokyo", arrives_after_days=1, first=dt.date(2013, 1, 1))
    begins = table.resolve_partition_date("2013-07-02")
    for picked in ("2013-07-02T00:00:00Z", "2013-07-01T15:00:00Z", "2013-07-02T14:59:59.999Z", "2013-07-02T23:59:59Z"):
        assert table.localize_partition_datetime(dt.datetime.fromisoformat(picked)) == begins, picked
