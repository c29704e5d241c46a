"""How well scores rank labels: ROC-AUC and average precision of all rows, each counted once.

They are scikit-learn's numbers to the last digit, by its own order of operations: metrics are stored, and must not change with
the library that computes them. Importing scikit-learn's takes 1.4 s, longer than a night of a thousand rows is monitored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def roc_auc(label: Floats, score: Floats) -> float:
    """The area under the ROC curve, by the trapezoidal rule; labels are 0 or 1, of both kinds."""
    false, true = _curve(label, score)
    if len(false) > 2:
        # Points on a straight line add nothing to the area, and each would add its rounding.
        corner = np.ones(len(false), dtype=bool)
        corner[1:-1] = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
        false, true = false[corner], true[corner]
    false_rate = np.concatenate([[0.0], false]) / false[-1]
    true_rate = np.concatenate([[0.0], true]) / true[-1]
    return float(np.sum((false_rate[1:] - false_rate[:-1]) * (true_rate[1:] + true_rate[:-1]) / 2.0))


def average_precision(label: Floats, score: Floats) -> float:
    """The step-wise area under the precision-recall curve; labels are 0 or 1, of both kinds."""
    false, true = _curve(label, score)
    precision, recall = true / (true + false), true / true[-1]
    steps = np.diff(np.append(recall[::-1], 0.0))
    return float(max(0.0, -np.sum(steps * precision[::-1])))


def _curve(label: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Rows without and with the label that score at least as much as each distinct score, the greatest score first."""
    if np.all(score[:-1] <= score[1:]):
        descending, hit = score[::-1], label[::-1]
    else:
        order = np.argsort(-score)
        descending, hit = score[order], label[order]
    # Within equal scores the order does not matter: the curve has a point where the score changes.
    last = np.append(np.flatnonzero(descending[1:] != descending[:-1]), len(descending) - 1)
    true = np.cumsum(hit == 1, dtype=np.float64)[last]
    return 1 + last.astype(np.float64) - true, true
