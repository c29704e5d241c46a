"""Predicting rows with a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.evaluation import feature_matrix
from lakehouse.models import category_record
from lakehouse.scorers import model_files

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


def predict(model: Any, rows: pa.Table, features: tuple[str, ...]) -> NDArray[np.float64]:
    """The score of each row; of several classes a column a class.

    Args:
        model: behind the interface of all models, or a bare booster.
        rows: with the columns of ``features``.
        features: in the model's order; null becomes NaN, XGBoost's missing value, and so does a level that is new to it.
    """
    matrix = feature_matrix.of_table(rows, features, category_record.levels_of(model))
    return model_files.of(model).score(matrix)
