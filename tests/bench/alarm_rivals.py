"""What teams use instead, on the same windows: Evidently's default tests by its own library, and a PSI of 0.2."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

from lakehouse.declaration import Drift
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution
from tests.bench.alarm_nights import Stage

# Evidently's preset calls the data drifted from half of the columns on.
DRIFT_SHARE = 0.5
PSI = 0.2
# Its tests of distances need no more rows, and of more they take minutes.
ROWS = 3_000

Verdicts = dict[dt.date, bool]


def evidently(stage: Stage, window_days: int) -> tuple[Verdicts, Verdicts]:
    """The preset's verdict of each day, and whether any column has drifted."""
    reference = _sample(_frame(stage.learned))
    whole, any_column = dict[dt.date, bool](), dict[dt.date, bool]()
    for day, window in _windows(stage, window_days):
        current = _sample(window)
        drifted = [_drifted(reference[name], current[name]) for name in reference]
        whole[day] = sum(drifted) >= DRIFT_SHARE * len(drifted)
        any_column[day] = any(drifted)
    return whole, any_column


def fixed_psi(stage: Stage, window_days: int) -> Verdicts:
    """Whether any column's PSI over ten bins is above 0.2."""
    learned = _frame(stage.learned)
    drift, one_day = Drift(window_days=window_days), np.zeros(len(learned), dtype=np.int64)
    shapes: dict[str, Any] = {
        name: CategoryDistribution.of(values, one_day, 1, drift)
        if values.dtype == object
        else Distribution.of(values.to_numpy(np.float64), one_day, 1, drift)
        for name, values in learned.items()
    }
    found = {}
    for day, window in _windows(stage, window_days):
        found[day] = any(_psi(shape, window[name]) > PSI for name, shape in shapes.items())
    return found


def _psi(shape: Distribution | CategoryDistribution, values: pd.Series[Any]) -> float:
    if isinstance(shape, CategoryDistribution):
        import pyarrow as pa

        return shape.psi(shape.counted(pa.chunked_array([pa.array(values, pa.string())])))
    return shape.psi(np.bincount(shape.bins(values.to_numpy(np.float64)), minlength=shape.width))


def _drifted(reference: pd.Series[Any], current: pd.Series[Any]) -> bool:
    kind = ColumnType.Categorical if reference.dtype == object else ColumnType.Numerical
    reference, current = reference.dropna(), current.dropna()
    if not len(current) or not len(reference):
        return True
    test = get_stattest(reference, current, kind, None)
    return bool(test(reference, current, kind, threshold=None).drifted)


def _windows(stage: Stage, window_days: int) -> list[tuple[dt.date, pd.DataFrame]]:
    frame = _frame(stage.watched)
    days = stage.watched.days
    found = []
    for day in stage.days:
        last = np.datetime64(day)
        found.append((day, frame[(days > last - np.timedelta64(window_days, "D")) & (days <= last)]))
    return found


def _frame(rows: Any) -> pd.DataFrame:
    return coded_rows.frame(rows)


def _sample(rows: pd.DataFrame) -> pd.DataFrame:
    return rows if len(rows) <= ROWS else rows.sample(ROWS, random_state=1)
