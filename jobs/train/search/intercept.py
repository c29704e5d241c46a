"""Where the trees' sum begins: what a draw or weights by class add to the margin stands in the rows to fit to, not in the model.

XGBoost adds a row's ``base_margin`` in place of the model's ``base_score``. Rows to fit to get the model's own plus the offset, so
the trees learn the rest; whoever scores adds the model's own, and gets the probability among all rows. So the file needs nothing
new, and scoring, reasons and other applications know nothing of the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lakehouse.evaluation.labelled_rows import Floats, TrainingSet

# Log-odds that a probability in single precision can still express.
FURTHEST = 15.0


def with_intercept(params: Mapping[str, Any], rows: TrainingSet) -> dict[str, Any]:
    """The parameters with the ``base_score`` of a model that is fitted to these rows; as they are where nothing is taken back."""
    if (own := _intercept(params, rows)) is None:
        return dict(params)
    return {**params, "base_score": own.tolist() if len(own) > 1 else float(1 / (1 + np.exp(-own[0])))}


def margins(params: Mapping[str, Any], rows: TrainingSet) -> Floats | None:
    """Each row's ``base_margin``: shape (rows,), of several classes (rows, classes); None where nothing is taken back."""
    if (own := _intercept(params, rows)) is None or rows.weighting is None:
        return None
    start = own + np.array(rows.weighting.offset)
    return np.tile(start, (len(rows), 1)) if len(own) > 1 else np.full(len(rows), start[0])


def _intercept(params: Mapping[str, Any], rows: TrainingSet) -> Floats | None:
    """The margin of the model's ``base_score``: the declared one, or that of the shares among all rows."""
    weighting = rows.weighting
    if weighting is None or not weighting.offset:
        return None
    offset = np.array(weighting.offset)
    if "base_score" in params:
        declared = float(params["base_score"])
        return np.array([np.log(declared) - np.log1p(-declared)])
    shares = np.bincount(rows.label.astype(np.int64), weights=weighting.weight, minlength=2) / weighting.weight.sum()
    logs = np.log(np.maximum(shares, np.exp(-FURTHEST)))
    own = logs if len(offset) > 1 else np.array([logs[1] - logs[0]])
    return np.asarray(np.clip(own - offset, -FURTHEST, FURTHEST), dtype=np.float64)
