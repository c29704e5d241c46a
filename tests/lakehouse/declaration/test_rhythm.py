"""The days that a use case scores, against the simplest way to say it; and what does not fit them."""

from __future__ import annotations

import calendar
import copy
import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import Calendar, Rhythm, SharedSource, UseCase, rhythm_agreement
from lakehouse.declaration.learning import Days
from lakehouse.declaration.rhythm import WEEKDAYS

BASE = yaml.safe_load((Path(__file__).parents[2] / "use_cases" / "bakery_sales" / "use_case.yaml").read_text())
DAY = dt.timedelta(days=1)

weekly = st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(lambda days: {"weekly": days})
monthly = st.lists(st.integers(1, 31) | st.just("last"), min_size=1, max_size=4, unique=True).map(
    lambda days: {"monthly": days}
)
rhythms = (weekly | monthly | st.just({})).map(Rhythm.model_validate)
days = st.dates(dt.date(1999, 1, 1), dt.date(2110, 1, 1))


def is_scored(rhythm: Rhythm, day: dt.date) -> bool:
    if rhythm.weekly:
        return day.strftime("%A").lower() in rhythm.weekly
    if rhythm.monthly:
        length = calendar.monthrange(day.year, day.month)[1]
        return day.day in [length if one == "last" else one for one in rhythm.monthly]
    return True


@given(rhythm=rhythms, first=days, length=st.integers(-3, 500))
def test_the_scored_days_of_a_range_are_those_of_its_days_that_are_scored(
    rhythm: Rhythm, first: dt.date, length: int
) -> None:
    expected = [day for day in (first + number * DAY for number in range(length)) if is_scored(rhythm, day)]
    assert rhythm.between(first, first + (length - 1) * DAY) == expected


@given(rhythm=rhythms, day=days, count=st.integers(1, 30))
def test_the_newest_scored_days_end_with_the_day_and_are_followed_by_the_next(
    rhythm: Rhythm, day: dt.date, count: int
) -> None:
    newest = rhythm.newest(day, count)
    assert len(newest) == count and newest[-1] <= day
    assert newest == [
        one for one in (newest[0] + n * DAY for n in range((day - newest[0]).days + 1)) if is_scored(rhythm, one)
    ]
    after = rhythm.after(day, count)
    assert len(rhythm.between(day + DAY, after)) == count and is_scored(rhythm, after)


@given(rhythm=rhythms, first=days, kept=st.lists(st.booleans(), min_size=1, max_size=200))
def test_ranges_have_the_days_and_no_other_scored_day(rhythm: Rhythm, first: dt.date, kept: list[bool]) -> None:
    scored = rhythm.between(first, first + (len(kept) - 1) * DAY)
    chosen = [day for day, keep in zip(scored, kept, strict=False) if keep]
    ranges = list(rhythm.ranges(reversed(chosen)))
    assert [day for begin, end in ranges for day in rhythm.between(begin, end)] == chosen
    # As few as can be: between two ranges there is another one.
    assert all(rhythm.between(end + DAY, begin - DAY) for (_, end), (begin, _) in itertools.pairwise(ranges))


def test_a_day_that_a_month_lacks_is_left_out_and_last_is_the_last() -> None:
    of_2023 = dt.date(2023, 1, 1), dt.date(2023, 12, 31)
    assert len(Rhythm.model_validate({"monthly": [31]}).between(*of_2023)) == 7
    assert [day.day for day in Rhythm.model_validate({"monthly": ["last", 30]}).between(*of_2023)][:4] == [
        30,
        31,
        28,
        30,
    ]
    leap = Rhythm.model_validate({"monthly": ["last"]})
    assert leap.includes(dt.date(2024, 2, 29)) and not leap.includes(dt.date(2024, 2, 28))


windows = st.tuples(st.integers(1, 400), st.integers(0, 80)).map(lambda w: Days(first=w[0] + w[1], last=w[0]))


@settings(deadline=None)
@given(rhythm=(weekly | monthly).map(Rhythm.model_validate), window=windows, start=st.sampled_from([2021, 2038, 2096]))
def test_no_training_finds_fewer_scored_days_than_the_load_has_counted(
    rhythm: Rhythm, window: Days, start: int
) -> None:
    trained = [day for day in (dt.date(start, 1, 1) + n * DAY for n in range(6 * 366)) if is_scored(rhythm, day)]
    counts = [len(rhythm.between(day - window.first * DAY, day - window.last * DAY)) for day in trained[::3]]
    least, day = rhythm_agreement.fewest(rhythm, window)
    assert min(counts) >= least
    assert len(rhythm.between(day - window.first * DAY, day - window.last * DAY)) == least and is_scored(rhythm, day)


def declared(scores: Any, **sections: Any) -> UseCase:
    content = copy.deepcopy(BASE)
    content["calendar"]["scores"] = scores
    return UseCase.model_validate(
        {name: value | sections.get(name, {}) if name in sections else value for name, value in content.items()}
    )


def test_who_scores_daily_keeps_every_digest() -> None:
    before = UseCase.model_validate(BASE)
    assert declared("daily") == before and "scores" not in before.calendar.model_dump_json()
    weekly = declared({"weekly": ["monday"]}, drift={"window_days": 4})
    assert UseCase.model_validate_json(weekly.model_dump_json()) == weekly


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ("hourly", "daily, weekly: with days such as .monday., or monthly: .* is expected, found 'hourly'"),
        ({}, "is expected, found {}"),
        ({"weekly": ["mon"]}, "Input should be 'monday', 'tuesday'"),
        ({"weekly": []}, "at least 1 item"),
        ({"weekly": ["monday", "monday"]}, "weekly: declared twice: monday"),
        ({"weekly": ["monday"], "monthly": [1]}, "expected one of them, found both"),
        ({"monthly": [0]}, "days from 1 to 31 and last are expected, found 0"),
        ({"monthly": [32]}, "found 32"),
        ({"monthly": ["1"]}, "found '1'"),
        ({"monthly": [True]}, "found true"),
        ({"monthly": [1.5]}, "found 1.5"),
        # Monday is 8 to 17 days before each Monday, and in no 10 days before each first of a month is one.
        (
            {"monthly": [1]},
            "split.holdout: a training for the scored day 2020-01-01 would find no scored day from 2019-12-15 to 2019-12-24",
        ),
        ({"weekly": ["monday"]}, "drift.window_days: counts scored days .* may have only 5 of them, .* found 7"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(scores: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        declared(scores)


def test_a_calendar_without_a_scored_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="no day from 2024-03-01 to 2024-03-03 is scored"):
        declared({"weekly": ["wednesday"]}, calendar={"end": dt.date(2024, 3, 3)}, drift={"window_days": 4})


@pytest.mark.parametrize("scores", ["daily", {"weekly": ["monday"]}])
def test_a_shared_source_scores_nothing(scores: Any) -> None:
    source = BASE["sources"][0] | {"title": "t", "owner": "o", "calendar": BASE["calendar"]}
    SharedSource.model_validate(source)
    with pytest.raises(ValidationError, match=r"calendar\.scores: a source is taken in every night"):
        SharedSource.model_validate(source | {"calendar": BASE["calendar"] | {"scores": scores}})


def test_the_words_name_the_days() -> None:
    said = [
        str(Calendar.model_validate({"start": "2024-01-01", "scores": one}).scores)
        for one in ("daily", {"weekly": ["monday", "friday"]}, {"monthly": [1, "last"]})
    ]
    assert said == ["daily", "weekly on monday, friday", "monthly on 1, last"]
