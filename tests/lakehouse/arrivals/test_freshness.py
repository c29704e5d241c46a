"""How fresh a source is, by the ledger."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lakehouse.__main__ import main
from lakehouse.arrivals import freshness
from lakehouse.declaration import loader
from lakehouse.ops import deliveries

PARIS = ZoneInfo("Europe/Paris")
MARCH_4 = dt.date(2024, 3, 4)


def taken_in(*days: dt.date, source: str = "bakery_plan") -> None:
    when = dt.datetime(2024, 3, 4, tzinfo=dt.UTC)
    deliveries.record(
        [
            deliveries.Delivery(source, f"{day}", day, "file", "sum", 1, 1, 0, 0, deliveries.INGESTED, when)
            for day in days
        ]
    )


def state(now: dt.datetime, source: str = "bakery_plan") -> freshness.Freshness:
    use_case, declared = loader.by_source(source)
    return freshness.state(use_case, declared, now)


def test_a_delivery_is_due_its_hours_after_the_local_midnight(lakehouse_root: Path) -> None:
    use_case, source = loader.by_source("bakery_plan")
    assert freshness.due_at(use_case, source, MARCH_4) == dt.datetime(2024, 3, 4, 3, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("hour", "verdict"), [(2, "fresh"), (3, "late: nothing since 2024-03-03")], ids=["before the hour", "at the hour"]
)
def test_a_source_is_late_from_the_hour_on(lakehouse_root: Path, hour: int, verdict: str) -> None:
    taken_in(*(dt.date(2024, 3, day) for day in (1, 2, 3)))
    assert state(dt.datetime(2024, 3, 4, hour, tzinfo=PARIS)).verdict == verdict


def test_a_day_missing_in_between_is_a_gap(lakehouse_root: Path) -> None:
    taken_in(dt.date(2024, 3, 1), dt.date(2024, 3, 3))
    found = state(dt.datetime(2024, 3, 3, 12, tzinfo=PARIS))
    assert (found.missing, found.verdict) == ((dt.date(2024, 3, 2),), "gaps: missing 1, the first 2024-03-02")


def test_labels_that_come_a_week_later_are_due_a_week_later(lakehouse_root: Path) -> None:
    assert state(dt.datetime(2024, 3, 8, 23, tzinfo=PARIS), "bakery_sales_counted").due is None
    assert state(dt.datetime(2024, 3, 9, 1, tzinfo=PARIS), "bakery_sales_counted").due == dt.date(2024, 3, 1)


def test_after_the_calendar_nothing_more_is_due(lakehouse_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--format", "csv"]) == 0
    lines = dict(line.split(",", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["bakery_plan"] == ",2024-06-30,122,late: nothing has arrived"
    assert lines["planes"] == ",,0,nothing is due"


def left_behind(before: dt.date, now: dt.datetime, source: str = "bakery_plan") -> list[int]:
    use_case, declared = loader.by_source(source)
    return [day.day for day in freshness.left_behind(use_case, declared, before, now)]


def test_what_is_left_behind_are_the_missed_days_between_the_first_delivery_and_the_night_that_runs(
    lakehouse_root: Path,
) -> None:
    later = dt.datetime(2024, 4, 1, tzinfo=PARIS)
    assert left_behind(dt.date(2024, 3, 9), later) == []
    taken_in(dt.date(2024, 3, 3), dt.date(2024, 3, 5), dt.date(2024, 3, 20))
    assert left_behind(dt.date(2024, 3, 9), later) == [4, 6, 7, 8]
    assert left_behind(dt.date(2024, 3, 9), dt.datetime(2024, 3, 7, 2, tzinfo=PARIS)) == [4, 6]
    assert left_behind(dt.date(2024, 3, 9), later, "planes") == []
