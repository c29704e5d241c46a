"""The metrics of rows: the formulas of `lakehouse.declaration.metric_catalogue` with every row counted once.

A few have their value by another way than their formula, which only days drawn with weights need: `IN_ONE_PASS` has them and
the reasons. The recalibration line is Cox's (1958): the logistic regression of the label on the score's log-odds has
intercept 0 and slope 1 for calibrated scores; a slope below 1 says that scores are too extreme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from lakehouse.declaration.metric_catalogue import METRICS, Rows, Sums, Task
from lakehouse.declaration.metric_names import (
    CALIBRATION_ERROR,
    CALIBRATION_GAP,
    CONFUSION,
    NAMES,
    OF_DECISIONS,
    greater_is_better,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Decided = Bools | NDArray[np.int64]
    Number = TypeVar("Number", float, Array)

BINS = 10


def compute(task: Task, label: Array, score: Array, decided: Decided | None = None) -> dict[str, float | None]:
    """All metrics of the task, and how calibrated the scores are.

    Args:
        task: which family of metrics.
        label: shape (n,), 1 or 0 for a classification, else the value.
        score: shape (n,), probability or predicted value.
        decided: shape (n,), whether the decision was yes; gives the metrics of decisions and the confusion matrix too. For a
            multiclass see `lakehouse.evaluation.class_metrics`.

    Returns:
        Metric by name. None where the rows do not define it: no rows, or ranking metrics on labels of a single class.
    """
    if task == "multiclass":
        from lakehouse.evaluation import class_metrics

        return class_metrics.compute(label, score, cast("NDArray[np.int64] | None", decided))
    names = (*NAMES[task], CALIBRATION_GAP, CALIBRATION_ERROR)
    # Both rankings are read off one curve.
    rankings = _rankings(label, score) if task == "classification" else {}
    measured = {name: rankings[name] if name in rankings else value(name, label, score) for name in names}
    return measured if decided is None else measured | of_decisions(label, cast("Bools", decided))


def of_decisions(label: Array | Bools, decided: Bools) -> dict[str, float | None]:
    """The metrics of decisions and the confusion matrix, from the number of rows of each label and decision.

    Args:
        label: shape (n,), 1 or 0.
        decided: shape (n,), in the same order.
    """
    import numpy as np

    yes = label == 1
    hits, positives, alarms = (int(np.count_nonzero(rows)) for rows in (yes & decided, yes, decided))
    counts = np.array([hits, positives - hits, alarms - hits, len(label) - positives - alarms + hits], dtype=np.float64)
    kinds = Rows(np.array([1.0, 1.0, 0.0, 0.0]), np.zeros(4), np.array([True, False, True, False]))
    measured: dict[str, float | None] = {}
    for name in (*OF_DECISIONS, *CONFUSION):
        formula = METRICS[name].formula
        assert isinstance(formula, Sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            result = float(formula.combine(*(np.sum(column * counts) for column in formula.columns(kinds))))
        measured[name] = None if np.isnan(result) or not len(label) else result
    return measured


def value(metric: str, label: Array, score: Array, decided: Bools | None = None) -> float | None:
    """One metric by its name; see `compute`."""
    import numpy as np

    from lakehouse.evaluation import blocks

    if len(label) == 0:
        return None
    if metric in IN_ONE_PASS:
        return IN_ONE_PASS[metric](label, score)
    formula = METRICS[metric].formula
    assert isinstance(formula, Sums)
    rows = Rows(label, score, decided)
    counted = rows if formula.among is None else rows[formula.among(rows)]
    columns = formula.columns
    sums = blocks.sums(len(counted.label), lambda block: columns(counted[block]))
    with np.errstate(divide="ignore", invalid="ignore"):
        result = float(formula.combine(*sums))
    # 0 / 0, and not a row that is no number: the rows do not define the metric.
    return None if np.isnan(result) and not np.isnan(sums).any() else result


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
    return challenger - champion if greater_is_better(metric) else champion - challenger


def _log_loss(label: Array, score: Array) -> float:
    import numpy as np

    from lakehouse.evaluation import blocks

    def logs(rows: slice) -> Array:
        clipped = np.clip(score[rows], 1e-12, 1 - 1e-12)
        return np.asarray(np.log(np.where(label[rows] > 0, clipped, 1 - clipped)))

    return -(blocks.summed(len(label), logs) / len(label))


def _average_precision(label: Array, score: Array) -> float | None:
    return _rankings(label, score)["average_precision"]


def _roc_auc(label: Array, score: Array) -> float | None:
    return _rankings(label, score)["roc_auc"]


def _rankings(label: Array, score: Array) -> dict[str, float | None]:
    from lakehouse.evaluation.ranking import Curve

    if len(label) == 0 or label.min() == label.max():
        return {"average_precision": None, "roc_auc": None}
    curve = Curve.of(label, score)
    return {"average_precision": curve.average_precision(), "roc_auc": curve.roc_auc()}


def _r2(label: Array, score: Array) -> float | None:
    import numpy as np

    spread = float(np.sum((label - label.mean()) ** 2))
    return 1 - float(np.sum((score - label) ** 2)) / spread if spread > 0 else None


def _calibration_gap(label: Array, score: Array) -> float:
    return float(score.mean() - label.mean())


def _calibration_error(label: Array, score: Array) -> float:
    import numpy as np

    if not np.all(score[:-1] <= score[1:]):
        order = np.argsort(score, kind="stable")
        label, score = label[order], score[order]
    parts = zip(np.array_split(label, BINS), np.array_split(score, BINS), strict=True)
    return float(sum(len(some) * abs(its.mean() - some.mean()) for some, its in parts if len(some)) / len(label))


# Of all rows at once these are not computed from the formula's sums:
# - the rankings look at every score, as scikit-learn's do, while a drawn ranking takes neighbours together beyond 2,000;
# - R2 in two passes, since the difference of two large sums of squares loses digits;
# - log loss and calibration gap as they have always been stored: the formulas differ from these in the last bits;
# - the calibration error, whose bins depend on all scores together, has no formula at all.
IN_ONE_PASS: Mapping[str, Callable[[Array, Array], float | None]] = {
    "log_loss": _log_loss,
    "average_precision": _average_precision,
    "roc_auc": _roc_auc,
    "r2": _r2,
    CALIBRATION_GAP: _calibration_gap,
    CALIBRATION_ERROR: _calibration_error,
}
