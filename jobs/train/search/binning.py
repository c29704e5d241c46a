"""The rows as XGBoost's histogram matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xgboost

from jobs.train.search import intercept
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import category_record


def binned(rows: TrainingSet, params: Mapping[str, Any], reference: Any = None) -> Any:
    """The rows with each feature in ``max_bin`` bins, a category in one a level; a ``reference``'s bins are used where it is
    given. Rows to fit to bring their weights.
    """
    return xgboost.QuantileDMatrix(
        rows.features,
        rows.label,
        feature_names=list(rows.names),
        feature_types=category_record.feature_types(rows.names, rows.levels),
        max_bin=int(params["max_bin"]),
        nthread=int(params["nthread"]),
        weight=None if rows.weighting is None else rows.weighting.weight,
        base_margin=intercept.margins(params, rows),
        ref=reference,
    )
