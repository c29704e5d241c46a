"""What the runs of a use case or a dataset have cost: this month, last night, for a thousand predictions, of its budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.dataset_budget import MICROS
from lakehouse.declaration.run_budget import RunBudget
from lakehouse.declaration.use_case import UseCase
from lakehouse.ops import costs
from lakehouse.storage import arrow_dataset

COLUMNS = ("use_case", "dataset", "started_at", "processor_seconds", "predictions", "cost_micros", "currency")
MONTH, NIGHT = "month", "night"


@dataclass(frozen=True)
class Spent:
    """What runs have used together.

    Attributes:
        runs: how many.
        processor_seconds: of all.
        predictions: that they made.
        micros: what those cost that are costed in the newest run's currency, in millionths; None where none is.
        uncosted: how many are not: there were no rates, or another currency.
    """

    runs: int = 0
    processor_seconds: float = 0.0
    predictions: int = 0
    micros: int | None = None
    uncosted: int = 0

    @property
    def money(self) -> float | None:
        """The same in units of the currency."""
        return None if self.micros is None else self.micros / MICROS

    @property
    def per_thousand(self) -> float | None:
        """The money for a thousand predictions; None without either."""
        return self.money * 1000 / self.predictions if self.money is not None and self.predictions else None


@dataclass(frozen=True)
class Spending:
    """What a use case or a dataset has cost, in the time zone of its calendar.

    Attributes:
        whose: its name.
        month: such as 2026-11.
        of_month: the runs that started in it.
        nights: by day, those that started on it, of the days of the month that have any.
        currency: of the money; None where nothing is costed.
        budget: as declared; None without one.
    """

    whose: str
    month: str
    of_month: Spent
    nights: Mapping[dt.date, Spent] = field(default_factory=dict)
    currency: str | None = None
    budget: RunBudget | None = None

    @property
    def last_night(self) -> tuple[dt.date, Spent] | None:
        """The newest day with runs; None when the month has none."""
        return max(self.nights.items(), default=None, key=lambda found: found[0])

    @property
    def month_share(self) -> float | None:
        """The used part of the month's budget, 1 for all; None where there is no budget, or nothing is costed."""
        return self._share(MONTH, self.of_month)

    def night_share(self, day: dt.date) -> float | None:
        """The same of a day's."""
        return self._share(NIGHT, self.nights.get(day, Spent()))

    def _share(self, period: str, spent: Spent) -> float | None:
        limit = self.budget.micros.get(period) if self.budget is not None else None
        return None if limit is None or spent.micros is None else spent.micros / limit


def of_use_cases(use_cases: Iterable[UseCase], today: dt.date) -> dict[str, Spending]:
    """What each use case has cost in the month of a day, by name; one look at the table for all."""
    listed = list(use_cases)
    runs = _runs(today, pc.field("use_case").is_valid())
    return {one.name: _spending(one.name, "use_case", runs, today, one.calendar, one.budget) for one in listed}


def of_use_case(use_case: UseCase, today: dt.date) -> Spending:
    """What a use case has cost in the month of a day."""
    runs = _runs(today, pc.field("use_case") == use_case.name)
    return _spending(use_case.name, "use_case", runs, today, use_case.calendar, use_case.budget)


def of_dataset(dataset: Dataset, today: dt.date) -> Spending:
    """What the runs of a dataset have cost in the month of a day; its paid calls are in ``ops.calls``."""
    runs = _runs(today, pc.field("dataset") == dataset.name)
    return _spending(dataset.name, "dataset", runs, today, dataset.calendar, dataset.run_budget)


def words(micros: int | None, currency: str | None) -> str:
    """An amount for people."""
    return "unknown" if micros is None else f"{Decimal(micros) / MICROS:.2f} {currency}"


def _runs(today: dt.date, whose: pc.Expression) -> pa.Table:
    """The runs that may have started in the month of a day, in any time zone."""
    first = today.replace(day=1)
    around = (first - dt.timedelta(days=1), first, first + dt.timedelta(days=31))
    months = sorted({f"{day:%Y-%m}" for day in around})
    return costs.read(arrow_dataset.among("month", months) & whose, COLUMNS)


def _spending(
    name: str, column: str, runs: pa.Table, today: dt.date, calendar: Calendar, budget: RunBudget | None
) -> Spending:
    zone = ZoneInfo(calendar.timezone)
    of_it = runs.filter(pc.field(column) == name).to_pylist()
    local = [(row["started_at"].astimezone(zone).date(), row) for row in of_it]
    within = [(day, row) for day, row in local if (day.year, day.month) == (today.year, today.month)]
    costed = [row for _, row in within if row["currency"] is not None]
    currency = max(costed, key=lambda row: row["started_at"])["currency"] if costed else None
    by_day: dict[dt.date, list[dict[str, Any]]] = {}
    for day, row in within:
        by_day.setdefault(day, []).append(row)
    return Spending(
        whose=name,
        month=f"{today:%Y-%m}",
        of_month=_spent((row for _, row in within), currency),
        nights={day: _spent(rows, currency) for day, rows in sorted(by_day.items())},
        currency=currency,
        budget=budget,
    )


def _spent(rows: Iterable[dict[str, Any]], currency: str | None) -> Spent:
    listed = list(rows)
    costed = [row["cost_micros"] for row in listed if currency is not None and row["currency"] == currency]
    return Spent(
        runs=len(listed),
        processor_seconds=sum(row["processor_seconds"] for row in listed),
        predictions=sum(row["predictions"] for row in listed),
        micros=sum(costed) if costed else None,
        uncosted=len(listed) - len(costed),
    )
