"""Predicting rows with an XGBoost model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation import feature_matrix
from lakehouse.models import category_record

if TYPE_CHECKING:
    import pyarrow as pa


def predict(booster: Any, rows: pa.Table, features: tuple[str, ...]) -> NDArray[np.float64]:
    """The score of each row; of several classes a column a class.

    Args:
        booster: the model.
        rows: with the columns of ``features``.
        features: in the model's order; null becomes NaN, XGBoost's missing value, and so does a level that is new to it.
    """
    matrix = feature_matrix.of_table(rows, features, category_record.levels_of(booster))
    scores = booster.inplace_predict(matrix, missing=np.nan, validate_features=False)
    return np.asarray(scores, dtype=np.float64)
