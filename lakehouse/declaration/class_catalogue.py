"""The metrics of a label of several classes: their formulas, as `lakehouse.declaration.metric_catalogue` has those of two.

Here a row's label is the number of its class, its score the probabilities of all classes (shape (rows, classes)), and its decision
the number of a class. A class is measured against all others by the formulas of two classes: whether the label, and the decision,
is this class, and its probability.

Definitions are scikit-learn's. Log loss is the mean negative logarithm of the probability of the class that came, Brier the mean
over rows of the squared errors of all probabilities together (Brier 1950: from 0 to 2). A macro metric is the plain mean over the
classes **that the rows have a label of**: a class that no row has is left out, not counted as 0; a class that rows have and that is
never decided has a precision of 0 in the mean. The calibration gap and the calibration error are those of the class that is
furthest off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.declaration.metric_catalogue import METRICS, Group, Ranking, Rows, Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Smaller probabilities count as this in a logarithm.
SMALLEST = 1e-12


@dataclass(frozen=True)
class Macro:
    """The mean over the classes of the metric that each class has against all others.

    Attributes:
        of: the metric of two classes.
    """

    of: str


@dataclass(frozen=True)
class ClassMetric:
    """A metric of several classes; None: it has no formula that holds for drawn days."""

    name: str
    group: Group
    greater_is_better: bool
    formula: Sums | Macro | None


def of_class(rows: Rows, number: int) -> Rows:
    """A class against all others: label 1 or 0, its probability, and whether it was decided."""
    decided = None if rows.decided is None else rows.decided == number
    return Rows((rows.label == number).astype(float), rows.score[:, number], decided)


def _nats(rows: Rows) -> Floats:
    import numpy as np

    own = np.take_along_axis(rows.score, rows.label.astype(np.intp)[:, None], axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(own, SMALLEST, 1.0)), dtype=np.float64)


def _squares(rows: Rows) -> Floats:
    import numpy as np

    came = rows.label[:, None] == np.arange(rows.score.shape[1])
    return np.asarray(((rows.score - came) ** 2).sum(axis=1), dtype=np.float64)


def _right(rows: Rows) -> Floats:
    if rows.decided is None:
        raise AssertionError("expected decisions, found probabilities alone")
    right: Floats = (rows.decided == rows.label).astype(float)
    return right


def _mean(column: Callable[[Rows], Floats]) -> Sums:
    def columns(rows: Rows) -> tuple[Floats, ...]:
        found = column(rows)
        return found, found * 0 + 1

    return Sums(columns, lambda above, below: above / below)


# In the order in which results list them. True: greater is better.
CLASS_METRICS: Mapping[str, ClassMetric] = {
    metric.name: metric
    for metric in (
        ClassMetric("log_loss", "scores", False, _mean(_nats)),
        ClassMetric("brier", "scores", False, _mean(_squares)),
        ClassMetric("macro_roc_auc", "scores", True, Macro("roc_auc")),
        ClassMetric("accuracy", "decisions", True, _mean(_right)),
        ClassMetric("macro_precision", "decisions", True, Macro("precision")),
        ClassMetric("macro_recall", "decisions", True, Macro("recall")),
        ClassMetric("macro_f1", "decisions", True, Macro("f1")),
        ClassMetric("calibration_gap", "calibration", False, None),
        ClassMetric("calibration_error", "calibration", False, None),
    )
}

# What each class has of its own, against all others; in results ``<metric>_<class>``.
PER_CLASS_DECISIONS = ("precision", "recall", "f1")
PER_CLASS = (*PER_CLASS_DECISIONS, "roc_auc", "average_precision", "calibration_gap", "calibration_error")


def two_class_formula(metric: Macro) -> Sums | Ranking:
    """The formula that a macro metric is the mean of."""
    formula = METRICS[metric.of].formula
    assert formula is not None
    return formula
