"""Scores and decisions of the scores table as arrays, whatever the label: one number a row, or one a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.declaration.class_names import PROBABILITY, in_column
from lakehouse.evaluation import labels

Floats = NDArray[np.float64]


def columns(classes: Sequence[str]) -> list[str]:
    """The columns of the scores table that hold them."""
    return [f"{PROBABILITY}{in_column(name)}" for name in classes] or ["score"]


def score(rows: pa.Table, classes: Sequence[str]) -> Floats:
    """Shape (rows,); of several classes (rows, classes), 0 for one that the model did not know."""
    found = [labels.floats(rows.column(name)) for name in columns(classes)]
    return np.nan_to_num(np.column_stack(found)) if classes else found[0]


def decision(rows: pa.Table, classes: Sequence[str]) -> NDArray[np.integer[Any]]:
    """1 or 0, or the number of the decided class; -1 where there is none."""
    value = rows.column("decision")
    if not classes:
        return np.asarray(value.cast(pa.int8()).fill_null(-1).to_numpy())
    return np.asarray(numbers(value, classes).fill_null(-1).to_numpy())


def numbers(value: pa.ChunkedArray, classes: Sequence[str]) -> pa.ChunkedArray:
    """The places of decided classes among ``classes``; null for one that is not there."""
    return pc.index_in(value.cast(pa.string()), value_set=pa.array(classes, pa.string()))
