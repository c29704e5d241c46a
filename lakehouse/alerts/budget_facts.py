"""That the runs of a use case, or of a dataset, have used up a part of their budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lakehouse.alerts.fact import Fact
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.use_case import UseCase
from lakehouse.ops import spending
from lakehouse.ops.spending import MONTH, NIGHT, Spending, Spent

# A run of a night is recorded with the night, or the day after it at the latest.
NIGHTS = 2


def of_use_case(use_case: UseCase, now: dt.datetime) -> Iterator[Fact]:
    """The parts of the use case's budget that are used up; none without a budget."""
    if use_case.budget is not None:
        for day in _last_of_months(use_case.calendar.timezone, now):
            yield from _facts(spending.of_use_case(use_case, day), now)


def of_dataset(dataset: Dataset, now: dt.datetime) -> Iterator[Fact]:
    """The same of a dataset's ``run_budget``."""
    if dataset.run_budget is not None:
        for day in _last_of_months(dataset.calendar.timezone, now):
            yield from _facts(spending.of_dataset(dataset, day), now)


def _last_of_months(timezone: str, now: dt.datetime) -> list[dt.date]:
    """Of each month that the last nights lie in, the newest day."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    nights = [today - dt.timedelta(days=days) for days in reversed(range(NIGHTS))]
    return list({(night.year, night.month): night for night in nights}.values())


def _facts(spent: Spending, now: dt.datetime) -> Iterator[Fact]:
    yield from _crossed(spent, MONTH, spent.month, spent.of_month, spent.month_share, now)
    for day, night in spent.nights.items():
        if now.date() - day <= dt.timedelta(days=NIGHTS):
            yield from _crossed(spent, NIGHT, day.isoformat(), night, spent.night_share(day), now)


def _crossed(
    spending_: Spending, period: str, when: str, spent: Spent, share: float | None, now: dt.datetime
) -> Iterator[Fact]:
    budget = spending_.budget
    assert budget is not None
    # Of the shares that are passed at once the greatest alone: who is told of all of it need not hear of most of it.
    passed = [percent for percent in budget.tell_at if share is not None and share * 100 >= percent]
    for percent in passed[-1:]:
        limit = spending.words(budget.micros[period], spending_.currency)
        cost = spending.words(spent.micros, spending_.currency)
        yield Fact(
            event="budget",
            identity=f"{spending_.whose} {period} {when} {percent} {limit}",
            whose=spending_.whose,
            title=f"{spending_.whose}: {percent} % of the budget of {when} is used up",
            happened=f"{spent.runs} runs that started in {when} cost {cost}; the budget of a {period} is {limit}",
            at=now,
        )
