"""Known events as they are declared: which days they have, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import Drift
from lakehouse.declaration.known_events import MOST_DAYS, KnownEvent

pytestmark = pytest.mark.quick
DAYS = st.dates(dt.date(2019, 1, 1), dt.date(2026, 12, 31))
A_DAY = dt.timedelta(days=1)


@given(DAYS, st.integers(0, MOST_DAYS - 1), DAYS)
def test_an_event_of_a_year_has_the_days_from_its_first_to_its_last(start: dt.date, more: int, day: dt.date) -> None:
    days = [start + number * A_DAY for number in range(more + 1)]
    event = KnownEvent(name="sale", start=start, end=days[-1])
    assert event.includes(day) is (day in days)
    assert all(map(event.includes, days)) and not event.includes(start - A_DAY) and not event.includes(days[-1] + A_DAY)


@given(DAYS, st.integers(0, MOST_DAYS - 2), st.integers(-2, 2))
def test_an_event_of_every_year_has_the_same_days_in_each(start: dt.date, more: int, years: int) -> None:
    first, last = start, start + more * A_DAY
    if "02-29" in (f"{first:%m-%d}", f"{last:%m-%d}"):
        return
    event = KnownEvent(name="holiday", start=f"{first:%m-%d}", end=f"{last:%m-%d}")
    first, last = (one.replace(year=one.year + years) for one in (first, last))
    assert event.includes(first) and event.includes(last)
    assert all(event.includes(first + number * A_DAY) for number in range((last - first).days + 1))
    assert not event.includes(first - A_DAY) and not event.includes(last + A_DAY)


def test_an_event_may_lie_between_two_years_or_be_one_day() -> None:
    turn = KnownEvent(name="New Year", start="12-31", end="01-01")
    days = [dt.date(2023, 12, 30) + number * A_DAY for number in range(4)]
    assert [turn.includes(day) for day in days] == [False, True, True, False]
    leap = KnownEvent(name="leap day", start="02-29")
    assert leap.includes(dt.date(2024, 2, 29)) and not leap.includes(dt.date(2023, 3, 1))


def test_the_first_event_that_has_a_day_names_it() -> None:
    limits = Drift.model_validate(
        {
            "known_events": [
                {"name": "sale", "start": "2024-03-01", "end": dt.date(2024, 3, 3)},
                {"name": "b", "start": "03-03"},
            ]
        }
    )
    found = [limits.known_event(dt.date(2024, 3, number)) for number in (1, 3, 4)]
    assert found == ["sale", "sale", None] and limits.known_event(dt.date(2025, 3, 3)) == "b"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            {"name": "x", "start": "2024-02-30"},
            "a day such as 2024-03-29, or one of every year such as 12-24, is expected",
        ),
        ({"name": "x", "start": "13-01"}, "a day such as 2024-03-29"),
        ({"name": "x", "start": "Easter"}, "found 'Easter'"),
        ({"name": "x", "start": 20240301}, "found 20240301"),
        ({"name": "x", "start": "2024-03-29", "end": "04-01"}, "expected both with a year or both without"),
        ({"name": "x", "start": "2024-03-29", "end": "2024-03-28"}, "end 2024-03-28 lies before start 2024-03-29"),
        ({"name": "x", "start": "2024-01-01", "end": "2024-03-31"}, "at most 62 days are expected, found 91"),
        ({"name": "x", "start": "12-01", "end": "02-28"}, "at most 62 days are expected, found 90"),
        ({"name": "a; b", "start": "12-24"}, "name"),
        ({"name": "", "start": "12-24"}, "name"),
        ({"start": "12-24"}, "name"),
        ({"name": "x", "start": "12-24", "until": "12-26"}, "until"),
    ],
)
def test_what_is_no_event_is_refused_with_what_is_expected(event: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Drift.model_validate({"known_events": [event]})
    assert said in str(refused.value)
