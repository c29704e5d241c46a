"""Every metric, declared once: its name, its task, whether greater is better, and its formula.

A formula consists of columns that are summed over rows and a combination of the sums or, for a ranking, is a function of the
positives and negatives at each score. So one formula gives the metric of all rows and of days drawn with any weights:
`lakehouse.evaluation.metrics` and `lakehouse.evaluation.day_bootstrap` compute the two.

Definitions are scikit-learn's: average precision is the step-wise area under the precision-recall curve, log loss the mean
negative log-likelihood in nats, Brier the mean squared error of the probability (Brier 1950), R2 one minus the share of the
label's variance that is left. MAPE leaves out rows whose label is 0, for which it is not defined; scikit-learn lets one such
row drown all others. The calibration gap is the mean prediction minus the mean label: which way the scores are off as a
whole. The calibration error is the expected calibration error of Naeini et al. (2015) over ten bins of equally many rows:
how far the mean score of a bin lies from its mean label, on average.

NumPy is imported where a formula runs, because a declaration needs no more than the names and directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    # Yes or no, or the number of a class.
    Decided = NDArray[np.bool_] | NDArray[np.int64]

# The metrics of ``multiclass``, a label of several classes, are in `lakehouse.declaration.class_catalogue`.
Task = Literal["classification", "regression", "multiclass"]

# What a metric is computed from. ``scores``: scores and labels. ``decisions``, ``rates`` and ``confusion``: decisions and
# labels, so these depend on the threshold. ``calibration``: scores and labels, whatever the task.
Group = Literal["scores", "decisions", "rates", "confusion", "calibration", "worth"]


@dataclass(frozen=True)
class Rows:
    """The rows to measure: label, score, and the decision where there is one, each of shape (rows,).

    Of several classes the label and the decision are numbers of classes, and the score has a column a class. ``worth`` is what each
    decision was worth, where a use case declares that.
    """

    label: Floats
    score: Floats
    decided: Decided | None = None
    worth: Floats | None = None

    def __getitem__(self, kept: Bools | slice) -> Rows:
        """The rows that are kept."""
        decided = None if self.decided is None else self.decided[kept]
        return Rows(self.label[kept], self.score[kept], decided, None if self.worth is None else self.worth[kept])


@dataclass(frozen=True)
class Sums:
    """The formula of a metric that sums over rows determine.

    Attributes:
        columns: the columns to sum, each of shape (rows,).
        combine: the metric from their sums, in the same order; each sum has the shape of the result.
        among: which rows count, shape (rows,); all when it is None.
    """

    columns: Callable[[Rows], tuple[Floats, ...]]
    combine: Callable[..., Floats]
    among: Callable[[Rows], Bools] | None = None


@dataclass(frozen=True)
class Ranking:
    """The formula of a metric that the order of the scores determines.

    Attributes:
        area: the metric, shape (samples,), from the weight of positives and of negatives at each distinct score, greatest
            score first, each of shape (samples, scores).
    """

    area: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Metric:
    """A metric: its tasks, what it is computed from, whether greater is better, and its formula where it has one."""

    name: str
    tasks: tuple[Task, ...]
    group: Group
    greater_is_better: bool
    formula: Sums | Ranking | None


def _hits(rows: Rows) -> Floats:
    return _decided(rows) * rows.label


def _alarms(rows: Rows) -> Floats:
    return _decided(rows) * (1 - rows.label)


def _decided(rows: Rows) -> Floats:
    if rows.decided is None:
        raise AssertionError("expected decisions, found scores alone: the metric depends on a threshold")
    return rows.decided.astype(float)


def _nats(rows: Rows) -> Floats:
    import numpy as np

    p = np.clip(rows.score, 1e-12, 1 - 1e-12)
    return np.asarray(-np.where(rows.label > 0, np.log(p), np.log1p(-p)), dtype=np.float64)


def _squares(rows: Rows) -> Floats:
    squares: Floats = (rows.score - rows.label) ** 2
    return squares


def _relative_errors(rows: Rows) -> Floats:
    return abs((rows.score - rows.label) / rows.label)


def _ones(rows: Rows) -> Floats:
    import numpy as np

    return np.ones(len(rows.label))


def _ratio(above: Floats, below: Floats) -> Floats:
    return above / below


def _root_of_ratio(above: Floats, below: Floats) -> Floats:
    import numpy as np

    return np.sqrt(above / below)


def _explained(squares: Floats, label: Floats, label_squared: Floats, count: Floats) -> Floats:
    share: Floats = 1 - squares / (label_squared - label**2 / count)
    return share


def _mean(column: Callable[[Rows], Floats], among: Callable[[Rows], Bools] | None = None) -> Sums:
    return Sums(lambda rows: (column(rows), _ones(rows)), _ratio, among)


def _count(column: Callable[[Rows], Floats]) -> Sums:
    return Sums(lambda rows: (column(rows),), lambda count: count)


def _roc_auc(positives: Floats, negatives: Floats) -> Floats:
    below = negatives.sum(axis=1, keepdims=True) - negatives.cumsum(axis=1)
    above = (positives * (below + negatives / 2)).sum(axis=1)
    area: Floats = above / (positives.sum(axis=1) * negatives.sum(axis=1))
    return area


def _average_precision(positives: Floats, negatives: Floats) -> Floats:
    import numpy as np

    hits, alarms = positives.cumsum(axis=1), (positives + negatives).cumsum(axis=1)
    precision = np.divide(hits, alarms, out=np.zeros_like(hits), where=alarms > 0)
    # A sample without a positive has none to rank, and one without a negative has nothing to rank it above.
    total = np.where(negatives.sum(axis=1) > 0, positives.sum(axis=1), 0)
    return np.asarray((positives * precision).sum(axis=1) / total, dtype=np.float64)


_YES_NO: tuple[Task, ...] = ("classification",)
_VALUE: tuple[Task, ...] = ("regression",)
_BOTH: tuple[Task, ...] = ("classification", "regression")

# In the order in which results list them. True: greater is better.
METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("log_loss", _YES_NO, "scores", False, _mean(_nats)),
        Metric("average_precision", _YES_NO, "scores", True, Ranking(_average_precision)),
        Metric("roc_auc", _YES_NO, "scores", True, Ranking(_roc_auc)),
        Metric("brier", _YES_NO, "scores", False, _mean(_squares)),
        Metric("rmse", _VALUE, "scores", False, Sums(lambda r: (_squares(r), _ones(r)), _root_of_ratio)),
        Metric("mae", _VALUE, "scores", False, _mean(lambda r: abs(r.score - r.label))),
        Metric("mape", _VALUE, "scores", False, _mean(_relative_errors, among=lambda r: r.label != 0)),
        Metric("r2", _VALUE, "scores", True, Sums(lambda r: (_squares(r), r.label, r.label**2, _ones(r)), _explained)),
        Metric("precision", _YES_NO, "decisions", True, Sums(lambda r: (_hits(r), _decided(r)), _ratio)),
        Metric("recall", _YES_NO, "decisions", True, Sums(lambda r: (_hits(r), r.label), _ratio)),
        Metric("f1", _YES_NO, "decisions", True, Sums(lambda r: (2 * _hits(r), _decided(r) + r.label), _ratio)),
        Metric("true_positives", _YES_NO, "confusion", False, _count(_hits)),
        Metric("false_positives", _YES_NO, "confusion", False, _count(_alarms)),
        Metric("false_negatives", _YES_NO, "confusion", False, _count(lambda r: (1 - _decided(r)) * r.label)),
        Metric("true_negatives", _YES_NO, "confusion", False, _count(lambda r: (1 - _decided(r)) * (1 - r.label))),
        Metric("alarm_rate", _YES_NO, "rates", False, _mean(_decided)),
        Metric("false_alarm_rate", _YES_NO, "rates", False, Sums(lambda r: (_alarms(r), 1 - r.label), _ratio)),
        Metric("calibration_gap", _BOTH, "calibration", False, _mean(lambda r: r.score - r.label)),
        Metric("calibration_error", _BOTH, "calibration", False, None),
    )
}
