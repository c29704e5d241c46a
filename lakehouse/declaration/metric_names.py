"""The metrics' names, and which of them are better when greater: what a declaration may name, without what computes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Task = Literal["classification", "regression"]

NAMES: Mapping[Task, tuple[str, ...]] = {
    "classification": ("log_loss", "average_precision", "roc_auc", "brier"),
    "regression": ("rmse", "mae", "mape", "r2"),
}

# Of decisions: they depend on the threshold.
OF_DECISIONS = ("precision", "recall", "f1")
CONFUSION = ("true_positives", "false_positives", "false_negatives", "true_negatives")

# Mean prediction minus mean label: which way the scores are off as a whole.
CALIBRATION_GAP = "calibration_gap"
CALIBRATION_ERROR = "calibration_error"

GREATER_IS_BETTER = frozenset({"average_precision", "roc_auc", "r2", *OF_DECISIONS})

# The loss by which a model is tuned and watched.
LOSS: Mapping[Task, str] = {"classification": "log_loss", "regression": "rmse"}
