"""Scoring rows with an XGBoost model inside Spark's Python workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from lakehouse.models import xgboost_model


def scorer(
    model: bytes, kept: pa.Schema, features: tuple[str, ...]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow``.

    Args:
        model: the booster in XGBoost's own format.
        kept: names of the columns that are passed through.
        features: the feature columns in the model's order; null becomes NaN, XGBoost's missing value.

    Returns:
        From batches with at least those columns to batches of the kept columns and ``score`` (double).
    """

    def score_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        booster = xgboost_model.load(model)
        for batch in batches:
            matrix = np.empty((batch.num_rows, len(features)), dtype=np.float32)
            for position, name in enumerate(features):
                matrix[:, position] = batch.column(name).to_numpy(zero_copy_only=False)
            score = booster.inplace_predict(matrix, missing=np.nan, validate_features=False).astype(np.float64)
            passed = [batch.column(name) for name in kept.names]
            yield pa.RecordBatch.from_arrays([*passed, pa.array(score)], names=[*kept.names, "score"])

    return score_batches
