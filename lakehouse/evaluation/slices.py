"""The metrics of a model in each slice of its holdout, with their confidence intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.evaluation import day_bootstrap
from lakehouse.evaluation.day_bootstrap import Bools, Draws
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth


def measured(
    use_case: UseCase, rows: TrainingSet, score: Floats, decided: Bools | NDArray[np.int64] | None
) -> list[dict[str, Any]]:
    """One line for each slice and metric: the gate's metric, and those that its fairness limits name for the slice.

    Args:
        use_case: declares slices and limits.
        rows: labelled rows with their slices.
        score: shape (rows,); of several classes a column a class.
        decided: shape (rows,); None for a regression.

    Returns:
        ``slice``, ``value``, ``rows``, ``positives`` (None unless the label is yes or no), ``metric``, ``value_of_metric`` and its
        95 % interval, ``low`` and ``high``; None where the rows do not define it.
    """
    worth = RealisedWorth.of(use_case)
    of_rows = None if worth is None else worth.of_rows(rows.label, score, decided)
    whole, draws = Rows(rows.label, score, decided, of_rows), Draws.of(rows.days, use_case.model.seed)
    lines = []
    for name, value, kept in parts(rows):
        part = whole[kept]
        about = {"slice": name, "value": value, "rows": len(part.label)}
        about["positives"] = int(part.label.sum()) if use_case.binary else None
        for metric in _metrics(use_case, name):
            interval = day_bootstrap.interval(draws.values(metric, whole, kept), days_of(rows, kept))
            low, high = interval or (None, None)
            numbers = {"value_of_metric": day_bootstrap.value(metric, part), "low": low, "high": high}
            lines.append({**about, "metric": metric, **numbers})
    return lines


def parts(rows: TrainingSet) -> list[tuple[str, str, Bools]]:
    """Name, value and rows of every slice, in the order of declaration and value."""
    return [
        (name, str(value), np.asarray(values == value))
        for name, values in rows.slices.items()
        for value in np.unique(values)
    ]


def days_of(rows: TrainingSet, kept: Bools) -> int:
    """The number of days of the kept rows."""
    return len(np.unique(rows.days[kept]))


def _metrics(use_case: UseCase, name: str) -> list[str]:
    limited = [limit.metric for limit in use_case.gate.fairness if limit.slice == name]
    return list(dict.fromkeys([use_case.gate.metric, *limited]))
