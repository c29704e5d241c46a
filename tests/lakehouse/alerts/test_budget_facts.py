"""A budget that is used up is told once for each of its shares, and never where nobody knows what runs cost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lakehouse.alerts import budget_facts, facts
from lakehouse.declaration import UseCase
from lakehouse.ops import costs, spending
from tests.jobs import appointments
from tests.recorded_runs import AT, a_run, declare_rates, leave

# A run costs 3.75.
TODAY = AT.date()


def declared(**budget: Any) -> UseCase:
    return UseCase.model_validate(appointments.declaration() | {"budget": budget})


def told(use_case: UseCase, now: dt.datetime = AT) -> list[tuple[str, str]]:
    return [(fact.title.partition(": ")[2], fact.id) for fact in budget_facts.of_use_case(use_case, now)]


def spent(runs: int, at: dt.datetime = AT) -> None:
    for _ in range(runs):
        leave(a_run(use_case=declared(per_month=1).name, started_at=at))
    costs.fold()


@pytest.fixture(autouse=True)
def there(lakehouse_root: Path, tmp_path: Path) -> None:
    lakehouse_root.mkdir()
    declare_rates(tmp_path / "use_cases")


def test_each_share_of_a_month_is_a_fact_of_its_own() -> None:
    use_case = declared(per_month=15)
    spent(3)
    assert told(use_case) == []
    spent(1)
    [(whole, first)] = told(use_case)
    assert whole == f"100 % of the budget of {TODAY:%Y-%m} is used up"
    spent(1)
    assert told(use_case) == [(whole, first)]
    [(part, other)] = told(declared(per_month=15, tell_at=[125]))
    assert part.startswith("125 %") and other != first


def test_a_night_has_a_budget_of_its_own_and_is_told_the_day_after_too() -> None:
    use_case = declared(per_night=4)
    spent(1)
    spent(2, AT - dt.timedelta(days=5))
    assert [title for title, _ in told(use_case)] == [f"80 % of the budget of {TODAY} is used up"]
    assert told(use_case, AT + dt.timedelta(days=1)) == told(use_case)
    assert told(use_case, AT + dt.timedelta(days=4)) == []


def test_the_last_night_of_a_month_is_told_in_the_next() -> None:
    last = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)
    spent(2, last)
    found = told(declared(per_night=4, per_month=7), last + dt.timedelta(hours=20))
    assert [title.split(" is ")[0] for title, _ in found] == [
        "100 % of the budget of 2024-06",
        "100 % of the budget of 2024-06-30",
    ]


def test_it_is_news_of_the_use_case_and_says_what_the_runs_cost() -> None:
    spent(2)
    [fact] = [fact for fact in facts.of_records(declared(per_month=5), AT) if fact.event == "budget"]
    assert "2 runs that started in 2024-06 cost 7.50 EUR; the budget of a month is 5.00 EUR" in fact.happened


def test_without_rates_or_a_budget_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "use_cases/rates.yaml").unlink()
    spent(2)
    assert told(declared(per_month=1)) == []
    assert spending.of_use_case(declared(per_month=1), TODAY).month_share is None
    assert list(budget_facts.of_use_case(UseCase.model_validate(appointments.declaration()), AT)) == []


def test_a_day_is_that_of_the_calendar() -> None:
    use_case = declared(per_month=5)
    zone = use_case.calendar.timezone
    late = dt.datetime(2024, 6, 10, 23, 30, tzinfo=dt.UTC)
    spent(1, late)
    [night] = spending.of_use_case(use_case, TODAY).nights
    assert str(night) == ("2024-06-10" if zone in ("UTC", "Etc/UTC") else "2024-06-11")


def test_a_page_of_many_use_cases_reads_once() -> None:
    spent(2)
    use_case = declared(per_month=10)
    found = spending.of_use_cases([use_case, use_case.model_copy(update={"name": "other"})], TODAY)
    one, other = found[use_case.name], found["other"]
    assert (one.of_month.runs, one.of_month.money, one.of_month.per_thousand, one.month_share) == (2, 7.5, 7.5, 0.75)
    assert one.last_night is not None and one.last_night[1].money == 7.5
    assert (other.of_month.runs, other.of_month.money, other.last_night) == (0, None, None)
