"""Explaining scored rows inside Spark's Python workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from lakehouse.evaluation import shap_values
from lakehouse.models import xgboost_model

# The columns of the several lines that explain a row.
COLUMNS = "rank int, feature string, value double, contribution double, base_value double"


def explainer(
    model: bytes, kept: tuple[str, ...], features: tuple[str, ...], named: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow``.

    Args:
        model: the booster in XGBoost's own format.
        kept: the columns that are passed through.
        features: the feature columns in the model's order; null becomes NaN, XGBoost's missing value.
        named: how many features to name for each row.

    Returns:
        From batches with at least those columns to batches of the kept columns and ``COLUMNS``: for each row its greatest
        contributions and, if there are more features, one line for the sum of the others.
    """

    def explain_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        booster = xgboost_model.load(model)
        names = np.array([*features, shap_values.OTHERS])
        for batch in batches:
            if not batch.num_rows:
                continue
            values = np.empty((batch.num_rows, len(features)), dtype=np.float64)
            for position, name in enumerate(features):
                values[:, position] = batch.column(name).to_numpy(zero_copy_only=False)
            greatest = shap_values.greatest(booster, values.astype(np.float32), named)
            columns, amounts = greatest.feature, greatest.contribution
            shown = np.take_along_axis(values, columns, 1)
            if columns.shape[1] < len(features):
                columns = np.column_stack([columns, np.full(batch.num_rows, len(features))])
                amounts = np.column_stack([amounts, greatest.others])
                shown = np.column_stack([shown, np.full(batch.num_rows, np.nan)])
            lines = columns.shape[1]
            repeated = pa.array(np.repeat(np.arange(batch.num_rows), lines))
            explained = {name: batch.column(name).take(repeated) for name in kept}
            explained["rank"] = pa.array(np.tile(np.arange(1, lines + 1, dtype=np.int32), batch.num_rows))
            explained["feature"] = pa.array(names[columns.ravel()].tolist(), pa.string())
            explained["value"] = pa.array(shown.ravel(), from_pandas=True)
            explained["contribution"] = pa.array(amounts.ravel())
            explained["base_value"] = pa.array(np.repeat(greatest.base, lines))
            yield pa.RecordBatch.from_arrays(list(explained.values()), names=list(explained))

    return explain_batches
