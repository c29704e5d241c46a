"""How good scores turned out, once their labels have matured: by day, role, model version and slice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame

from lakehouse.declaration import UseCase, metric_names
from lakehouse.declaration.metric_names import Task
from lakehouse.evaluation import labelled_rows, metrics

ALL = "all"

# Up to so many rows are measured in this process; more by Spark's workers, a day each.
ROWS_AT_ONCE = 2_000_000

SCHEMA = (
    "partition date, role string, model_version int, slice string, slice_value string, rows long, labelled_rows long, "
    "metric string, value double"
)


@dataclass(frozen=True)
class Matured:
    """How good one version's scores of some days turned out.

    Attributes:
        labelled_rows: rows with a matured label, at least one.
        gap: mean score minus mean label.
        loss: log loss, or root mean squared error.
    """

    labelled_rows: int
    gap: float
    loss: float


def scored_rows(scores: DataFrame, outcomes: DataFrame, population: DataFrame, use_case: UseCase) -> DataFrame:
    """Each score with its label and the values of the declared slices.

    Returns:
        ``partition``, ``role``, ``model_version``, ``score``, ``decision``, ``label`` (null where none came), and a text
        column ``slice_<name>`` for each slice.
    """
    on = ["partition", *use_case.entity.key]
    columns = ["role", "model_version", "score", "decision"]
    rows = scores.select(*on, *columns).join(outcomes.select(*on, "label"), on, "left")
    if use_case.slices:
        rows = labelled_rows.join_slices(rows, population, use_case)
    return rows.select("partition", *columns, "label", *(f"slice_{n}" for n in use_case.slices))


def measure(scored: DataFrame, use_case: UseCase, rows_expected: int) -> list[dict[str, Any]]:
    """Rows of the performance table for all days in ``scored`` (see ``scored_rows``), about so many rows."""
    task, slices = use_case.model.task, use_case.slices
    if rows_expected <= ROWS_AT_ONCE:
        rows = scored.toPandas()
        # Spark Connect puts the whole plan into them, which pandas copies with every group.
        rows.attrs.clear()
        return [row for _, day in rows.groupby("partition") for row in of_rows(day, task, slices)]

    def of_day(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(of_rows(rows, task, slices))

    return [row.asDict() for row in scored.groupBy("partition").applyInPandas(of_day, SCHEMA).collect()]


def of_rows(rows: pd.DataFrame, task: Task, slices: tuple[str, ...]) -> list[dict[str, Any]]:
    """The metrics of one day's rows, as a whole and by slice, for every role and model version in them."""
    # Sums of floats depend on their order, Spark's order on chance: the same rows must give the same numbers.
    ordered = rows.sort_values(["score", "label"], kind="stable")
    result = []
    for (day, role, version), whole in ordered.groupby(["partition", "role", "model_version"]):
        groups = [(ALL, ALL, whole)]
        groups += [(name, str(value), part) for name in slices for value, part in whole.groupby(f"slice_{name}")]
        for name, value, part in groups:
            identity = {"partition": day, "role": role, "model_version": int(str(version)), "slice": name}
            result += [identity | {"slice_value": value} | numbers for numbers in _metrics(part, task)]
    return result


def _metrics(part: pd.DataFrame, task: Task) -> list[dict[str, Any]]:
    labelled = part[part["label"].notna()]
    decisions = labelled["decision"]
    decided = decisions.to_numpy(dtype=bool) if task == "classification" and decisions.notna().all() else None
    values = metrics.compute(task, _floats(labelled["label"]), _floats(labelled["score"]), decided)
    counts = {"rows": len(part), "labelled_rows": len(labelled)}
    return [counts | {"metric": metric, "value": value} for metric, value in values.items()]


def _floats(column: pd.Series[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(column.to_numpy(dtype=np.float64), dtype=np.float64)


def by_day(rows: Iterable[Mapping[str, Any]], role: str, version: int, task: Task) -> dict[dt.date, Matured]:
    """One role and model version as a whole, on each day with labels, from rows of the performance table."""
    numbers_of_day: dict[dt.date, dict[str, Any]] = {}
    whole = {"role": role, "model_version": version, "slice": ALL}
    for row in rows:
        if whole.items() <= row.items() and row["labelled_rows"]:
            numbers_of_day.setdefault(row["partition"], {})[row["metric"]] = row["value"]
            numbers_of_day[row["partition"]]["rows"] = row["labelled_rows"]
    return {
        day: Matured(numbers["rows"], numbers[metric_names.CALIBRATION_GAP], numbers[metric_names.LOSS[task]])
        for day, numbers in numbers_of_day.items()
    }


def over(days: Sequence[Matured], task: Task) -> Matured:
    """Several days as one: exactly what their rows together give, since both losses are means over rows."""
    total = sum(day.labelled_rows for day in days)
    gap = sum(day.labelled_rows * day.gap for day in days) / total
    if task == "regression":
        return Matured(total, gap, sqrt(sum(day.labelled_rows * day.loss**2 for day in days) / total))
    return Matured(total, gap, sum(day.labelled_rows * day.loss for day in days) / total)
