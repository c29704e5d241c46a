"""How good the scores of slices turned out by day, from rows of the performance table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from jobs.monitor.performance import Matured
from lakehouse.declaration import metric_names
from lakehouse.declaration.metric_names import Task
from lakehouse.declaration.reserved_names import CLASS


def by_slice(
    rows: Iterable[Mapping[str, Any]], role: str, version: int, task: Task
) -> dict[tuple[str, str], dict[dt.date, Matured]]:
    """Of one role and version, for each slice and the whole; days without a label are left out."""
    numbers: dict[tuple[str, str, dt.date], dict[str, Any]] = {}
    for row in rows:
        if (row["role"], row["model_version"]) == (role, version) and row["labelled_rows"] and row["slice"] != CLASS:
            found = numbers.setdefault(
                (row["slice"], row["slice_value"], row["partition"]), {"rows": row["labelled_rows"]}
            )
            found[row["metric"]] = row["value"]
    made: dict[tuple[str, str], dict[dt.date, Matured]] = {}
    for (name, value, day), of_day in numbers.items():
        gap, loss = of_day.get(metric_names.CALIBRATION_GAP), of_day.get(metric_names.LOSS[task])
        if loss is not None:
            made.setdefault((name, value), {})[day] = Matured(of_day["rows"], gap or 0.0, loss)
    return made
