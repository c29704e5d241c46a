"""The metrics' names, which of them are better when greater, and their values on arrays.

Definitions are scikit-learn's: average precision is the step-wise area under the precision-recall curve, log loss the mean
negative log-likelihood in nats, Brier the mean squared error of the probability (Brier 1950).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Task = Literal["classification", "regression"]

NAMES: Mapping[Task, tuple[str, ...]] = {
    "classification": ("log_loss", "average_precision", "roc_auc", "brier"),
    "regression": ("rmse", "mae"),
}

# Mean prediction minus mean label: which way the scores are off as a whole.
CALIBRATION_GAP = "calibration_gap"

GREATER_IS_BETTER = frozenset({"average_precision", "roc_auc"})

# The loss by which a model is tuned and watched.
LOSS: Mapping[Task, str] = {"classification": "log_loss", "regression": "rmse"}


def compute(task: Task, label: Array, score: Array) -> dict[str, float | None]:
    """All metrics of the task, and the calibration gap.

    Args:
        task: which family of metrics.
        label: shape (n,), 1 or 0 for a classification, else the value.
        score: shape (n,), probability or predicted value.

    Returns:
        Metric by name. None where the rows do not define it: no rows, or ranking metrics on labels of a single class.
    """
    import numpy as np
    from sklearn import metrics

    names = NAMES[task]
    if len(label) == 0:
        return dict.fromkeys((*names, CALIBRATION_GAP))
    result: dict[str, float | None] = {CALIBRATION_GAP: float(np.mean(score) - np.mean(label))}
    if task == "regression":
        result["rmse"] = float(np.sqrt(np.mean((score - label) ** 2)))
        result["mae"] = float(np.mean(np.abs(score - label)))
        return result
    both = bool(label.min() != label.max())
    result["log_loss"] = float(metrics.log_loss(label, np.clip(score, 1e-12, 1 - 1e-12), labels=[0, 1]))
    result["brier"] = float(np.mean((score - label) ** 2))
    result["average_precision"] = float(metrics.average_precision_score(label, score)) if both else None
    result["roc_auc"] = float(metrics.roc_auc_score(label, score)) if both else None
    return result


def better_by(metric: str, challenger: float, champion: float) -> float:
    """By how much the challenger is better, in the metric's own unit; negative when it is worse."""
    return challenger - champion if metric in GREATER_IS_BETTER else champion - challenger
