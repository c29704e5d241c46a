"""What runs have cost, as rows for a screen: by use case, stage, model version, day, source or dataset."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow.compute as pc

from lakehouse.declaration import loader, rates
from lakehouse.errors import BadArguments
from lakehouse.ops import costs, spending

# What runs may be put together by, and the column that says it.
BY = {
    "use-case": "use_case",
    "stage": "stage",
    "version": "model_version",
    "day": "day",
    "source": "source",
    "dataset": "dataset",
}
# Of these the predictions are made by other runs: a part of the whole is put beside the whole's predictions.
OF_THE_WHOLE = ("stage", "source")
FIGURES = (
    "runs", "failed", "processor_seconds", "wall_seconds", "peak_memory_bytes", "bytes_written", "rows", "predictions",
    "money", "currency", "per_1000_predictions",
)  # fmt: skip
TOTAL = "all"


@dataclass(frozen=True)
class Report:
    """Column names, rows, the whole last; and what a reader has to know besides."""

    columns: tuple[str, ...]
    rows: list[list[Any]]
    notes: list[str]


def report(by: str, month: str | None, use_case: str | None) -> Report:
    """The runs of a month, or of all time, put together.

    Args:
        by: one of ``BY``.
        month: such as 2026-11, in UTC; None: all.
        use_case: of this one alone; None: all.

    Raises:
        BadArguments: the month is none, or the use case is not declared and has no runs.
    """
    first = None if month is None else _first(month)
    where = pc.scalar(True)
    if month is not None:
        where &= pc.field("month") == month
    if use_case is not None:
        where &= pc.field("use_case") == use_case
    runs = costs.read(where)
    declared = {one.name: one for one in loader.declared()}
    if use_case is not None and use_case not in declared and not len(runs):
        raise BadArguments(
            f"--use-case: expected one that is declared or has runs, found {use_case[:100]!r}; declared are: "
            f"{', '.join(declared) or 'none'}"
        )
    column = BY[by]
    columns = (by.replace("-", "_"), *FIGURES)
    if not len(runs):
        return Report(columns, [], ["no runs are recorded there"])
    connection = duckdb.connect()
    connection.register("runs", runs)
    sums = (
        "count(*), count(*) FILTER (WHERE status <> 'done'), sum(processor_seconds), sum(wall_seconds), max(memory_bytes), "
        "sum(bytes_written), sum(rows), sum(predictions), sum(cost_micros)::DOUBLE / 1e6, currency"
    )
    groups = connection.execute(
        f"SELECT {column}, {sums} FROM runs GROUP BY {column}, currency ORDER BY ALL"
    ).fetchall()
    whole = connection.execute(f"SELECT '{TOTAL}', {sums} FROM runs GROUP BY currency ORDER BY ALL").fetchall()
    predictions = sum(row[8] for row in whole)
    rows = [_with_unit(row, predictions if by in OF_THE_WHOLE else row[8]) for row in groups]
    rows += [_with_unit(row, row[8]) for row in whole]
    return Report(
        columns,
        rows,
        [*_notes(runs.num_rows, runs["cost_micros"].null_count), *_budget(declared.get(use_case or ""), first)],
    )


def _with_unit(row: tuple[Any, ...], predictions: int) -> list[Any]:
    """The figures, rounded for reading, and the money for a thousand predictions."""
    key, runs, failed, processor, wall, memory, written, rows, made, money, currency = row
    per_thousand = round(money * 1000 / predictions, 6) if money is not None and predictions else None
    return [
        key,
        runs,
        failed,
        round(processor, 2),
        round(wall, 2),
        memory,
        written,
        rows,
        made,
        money,
        currency,
        per_thousand,
    ]


def _notes(runs: int, uncosted: int) -> list[str]:
    if not uncosted:
        return []
    if rates.load() is None:
        return [f"no rate card is declared ({rates.FILE}): nobody knows what {uncosted} of {runs} runs cost"]
    return [
        f"{uncosted} of {runs} runs are not costed: the rate card began later; python -m jobs costs --again costs them by it"
    ]


def _budget(use_case: Any, first: dt.date | None) -> list[str]:
    """How much of its budget the use case has used."""
    if use_case is None or use_case.budget is None:
        return []
    now = dt.datetime.now(dt.UTC).date()
    last = now if first is None else first.replace(day=calendar.monthrange(first.year, first.month)[1])
    spent = spending.of_use_case(use_case, last)
    found = []
    if spent.month_share is not None:
        limit = spending.words(use_case.budget.micros[spending.MONTH], spent.currency)
        found.append(f"{spent.month_share:.0%} of the budget of {spent.month}, {limit}, is used up")
    if (night := spent.last_night) is not None and (share := spent.night_share(night[0])) is not None:
        limit = spending.words(use_case.budget.micros[spending.NIGHT], spent.currency)
        found.append(f"{share:.0%} of the budget of {night[0]}, {limit}, is used up")
    return found


def _first(month: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(f"{month}-01")
        if f"{found:%Y-%m}" != month:
            raise ValueError
        return found
    except ValueError:
        raise BadArguments(f"--month: expected a month as YYYY-MM, found {month[:100]!r}") from None
