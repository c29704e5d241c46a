"""From columns of a feature table to the numbers that a model reads: the one way, in a job's process and in Spark's workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation import category_codes
from lakehouse.evaluation.category_codes import Levels

if TYPE_CHECKING:
    import pyarrow as pa


def column(values: pa.ChunkedArray, levels: Sequence[str] | None) -> NDArray[Any]:
    """A feature's values as numbers; null becomes NaN, XGBoost's missing value.

    Args:
        values: of the feature.
        levels: of a category as the model knows them, a level that it does not know becomes NaN; None for a number.
    """
    return values.to_numpy() if levels is None else category_codes.of_texts(values, levels)


def of_table(rows: pa.Table, features: Sequence[str], levels: Levels) -> NDArray[np.float32]:
    """The matrix of rows: shape (rows, features), in single precision.

    Args:
        rows: with the columns of ``features``.
        features: in the model's order.
        levels: of the model's categories.
    """
    # A column of the matrix is a column of the rows: so each is copied in one go.
    columns = np.empty((len(features), len(rows)), dtype=np.float32)
    for position, name in enumerate(features):
        columns[position] = column(rows.column(name), levels.get(name))
    return columns.T
