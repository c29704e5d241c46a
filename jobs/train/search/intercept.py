"""Where the trees' sum begins: what a draw or weights by class add to the margin stands in the rows to fit to, not in the model.

XGBoost adds a row's ``base_margin`` in place of the model's ``base_score``. Rows to fit to get the model's own plus the offset, so
the trees learn the rest; scoring adds the model's own, and gets the probability among all rows. So the file needs nothing
new, and scoring, reasons and other applications know nothing of the draw.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost

from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.scorers.nightjar_linear import score_of

# Log-odds that a probability in single precision can still express.
FURTHEST = 15.0
# Shifts smaller than this make no difference to a probability in single precision.
STILL, MOST_STEPS = 1e-8, 200


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


def levelled(booster: Any, rows: TrainingSet) -> Any:
    """The booster with the ``base_score`` by which its mean probability is the rate of all rows; as it is without an offset.

    Trees that are held back fit the rate of the rows that they learn from, and taking an offset from what they fall short by leaves
    another rate than that of all rows.
    """
    if rows.weighting is None or not rows.weighting.offset:
        return booster
    margin = booster.inplace_predict(rows.features, missing=np.nan, validate_features=False, predict_type="margin")
    shift = level(np.asarray(margin, dtype=np.float64), rows)
    said = json.loads(bytes(booster.save_raw("json")))
    start = said["learner"]["learner_model_param"]
    before = np.array(json.loads(start["base_score"]), dtype=np.float64).reshape(-1)
    after = before + shift
    if len(shift) == 1:
        # Of a yes or no the file has a probability, of several classes margins.
        after = np.clip(np.log(before) - np.log1p(-before) + shift, -FURTHEST, FURTHEST)
        after = 1 / (1 + np.exp(-after))
    start["base_score"] = json.dumps(after.tolist())
    found = xgboost.Booster({"nthread": len(os.sched_getaffinity(0))})
    found.load_model(bytearray(json.dumps(said).encode()))
    return found


def level(margin: Floats, rows: TrainingSet) -> Floats:
    """What to add to the margins of the rows that were fitted to, so that the mean probability of each class is its rate.

    Both are of all rows: a row counts with its weight less what is in the offset of its class.

    Args:
        margin: shape (rows,), of several classes (rows, classes).
        rows: with an offset.
    """
    assert rows.weighting is not None
    several, code = margin.ndim > 1, rows.label.astype(np.int64)
    offset = np.array(rows.weighting.offset if several else (0.0, *rows.weighting.offset))
    weight = rows.weighting.weight * np.exp(-offset[code])
    weight = weight / weight.sum()
    whole = margin if several else np.column_stack([np.zeros(len(margin)), margin])
    rate, shift = np.bincount(code, weights=weight, minlength=whole.shape[1]), np.zeros(whole.shape[1])
    for _ in range(MOST_STEPS):
        step = np.log(rate) - np.log(weight @ score_of("softmax", whole + shift))
        shift = shift + step
        if np.abs(step - step.mean()).max() < STILL:
            break
    return np.asarray(shift - shift.mean() if several else shift[1:] - shift[0], dtype=np.float64)
