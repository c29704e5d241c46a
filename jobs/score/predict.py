"""Predicting rows with an XGBoost model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def predict(booster: Any, rows: pa.Table, features: tuple[str, ...]) -> NDArray[np.float64]:
    """The score of each row.

    Args:
        booster: the model.
        rows: with the columns of ``features``.
        features: in the model's order; null becomes NaN, XGBoost's missing value.
    """
    # A column of the matrix is a column of the rows: so each is copied in one go.
    columns = np.empty((len(features), len(rows)), dtype=np.float32)
    for position, name in enumerate(features):
        columns[position] = rows.column(name).to_numpy()
    scores = booster.inplace_predict(columns.T, missing=np.nan, validate_features=False)
    return np.asarray(scores, dtype=np.float64)
