"""The metrics' names, which of them are better when greater, and their values on arrays.

Definitions are scikit-learn's: average precision is the step-wise area under the precision-recall curve, log loss the mean
negative log-likelihood in nats, Brier the mean squared error of the probability (Brier 1950), R2 one minus the share of the
label's variance that is left. MAPE leaves out rows whose label is 0, for which it is not defined; scikit-learn lets one such
row drown all others. The calibration error is the expected calibration error of Naeini et al. (2015) over ten bins of equally
many rows: how far the mean score of a bin lies from its mean label, on average. The recalibration line is Cox's (1958): the
logistic regression of the label on the score's log-odds has intercept 0 and slope 1 for calibrated scores; a slope
below 1 says that scores are too extreme.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lakehouse import fingerprints
from lakehouse.declaration.metric_names import (
    CALIBRATION_ERROR,
    CALIBRATION_GAP,
    CONFUSION,
    GREATER_IS_BETTER,
    NAMES,
    OF_DECISIONS,
    Task,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Number = TypeVar("Number", float, Array)

BINS = 10


def code_fingerprint() -> str:
    """Digest of this module: what is measured may change with it."""
    return fingerprints.digest(Path(__file__).read_text(encoding="utf-8"))


def compute(task: Task, label: Array, score: Array, decided: Bools | None = None) -> dict[str, float | None]:
    """All metrics of the task, and how calibrated the scores are.

    Args:
        task: which family of metrics.
        label: shape (n,), 1 or 0 for a classification, else the value.
        score: shape (n,), probability or predicted value.
        decided: shape (n,), whether the decision was yes; gives the metrics of decisions and the confusion matrix too.

    Returns:
        Metric by name. None where the rows do not define it: no rows, or ranking metrics on labels of a single class.
    """
    import numpy as np

    of_decisions = (*OF_DECISIONS, *CONFUSION) if decided is not None else ()
    if len(label) == 0:
        return dict.fromkeys((*NAMES[task], *of_decisions, CALIBRATION_GAP, CALIBRATION_ERROR))
    result: dict[str, float | None] = _regression(label, score) if task == "regression" else _scores(label, score)
    if decided is not None:
        result |= _decisions(label, decided)
    result[CALIBRATION_GAP] = float(np.mean(score) - np.mean(label))
    result[CALIBRATION_ERROR] = _calibration_error(label, score)
    return result


def probability_metric(metric: str, label: Array, score: Array) -> float | None:
    """One metric of a classification by its name, one of ``NAMES``; see `compute`."""
    import numpy as np
    from sklearn import config_context, metrics

    if metric == "brier":
        return float(np.mean((score - label) ** 2))
    if metric == "log_loss":
        clipped = np.clip(score, 1e-12, 1 - 1e-12)
        return float(-np.mean(np.log(np.where(label > 0, clipped, 1 - clipped))))
    if label.min() == label.max():
        return None
    ranking = metrics.roc_auc_score if metric == "roc_auc" else metrics.average_precision_score
    # A night measures hundreds of small groups, and scikit-learn would examine each array ten times.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return float(ranking(label, score))


def _scores(label: Array, score: Array) -> dict[str, float | None]:
    return {metric: probability_metric(metric, label, score) for metric in NAMES["classification"]}


def _regression(label: Array, score: Array) -> dict[str, float | None]:
    import numpy as np

    error, known, spread = score - label, label != 0, float(np.sum((label - label.mean()) ** 2))
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "mape": float(np.mean(np.abs(error[known] / label[known]))) if known.any() else None,
        "r2": 1 - float(np.sum(error**2)) / spread if spread > 0 else None,
    }


def _decisions(label: Array, decided: Bools) -> dict[str, float | None]:
    yes = label > 0
    hit, alarm = float((decided & yes).sum()), float((decided & ~yes).sum())
    miss, quiet = float((~decided & yes).sum()), float((~decided & ~yes).sum())
    return {
        "precision": hit / (hit + alarm) if hit + alarm else None,
        "recall": hit / (hit + miss) if hit + miss else None,
        "f1": 2 * hit / (2 * hit + alarm + miss) if hit + alarm + miss else None,
        **dict(zip(CONFUSION, (hit, alarm, miss, quiet), strict=True)),
    }


def _calibration_error(label: Array, score: Array) -> float:
    import numpy as np

    bins = [part for part in np.array_split(np.argsort(score, kind="stable"), BINS) if len(part)]
    return float(sum(len(part) * abs(score[part].mean() - label[part].mean()) for part in bins) / len(label))


def recalibration(label: Array, score: Array) -> tuple[float, float] | None:
    """Intercept and slope of the recalibration line of probabilities; None for labels of a single class."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if len(label) == 0 or label.min() == label.max():
        return None
    clipped = np.clip(score, 1e-6, 1 - 1e-6)
    fitted = LogisticRegression(C=np.inf).fit(np.log(clipped / (1 - clipped)).reshape(-1, 1), label)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def better_by(metric: str, challenger: Number, champion: Number) -> Number:
    """By how much the challenger is better, in the metric's own unit; negative when it is worse."""
    return challenger - champion if metric in GREATER_IS_BETTER else champion - challenger
