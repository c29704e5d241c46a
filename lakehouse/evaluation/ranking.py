"""How well scores rank labels: ROC-AUC and average precision of all rows, each counted once.

They are scikit-learn's numbers to the last digit, by its own order of operations: metrics are stored, and must not change with
the library that computes them. Importing scikit-learn's takes 1.4 s, longer than a night of a thousand rows is monitored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """What a threshold at each distinct score calls, the greatest score first.

    Attributes:
        called: shape (scores,), rows that score at least as much.
        true: shape (scores,), those of them that have the label.
    """

    called: NDArray[np.signedinteger[Any]]
    true: NDArray[np.signedinteger[Any]]

    @classmethod
    def of(cls, label: Floats, score: Floats) -> Curve:
        """The curve of rows of both labels, 1 and 0."""
        if np.all(score[:-1] <= score[1:]):
            descending, hit = score[::-1], label[::-1]
        else:
            order = np.argsort(-score)
            descending, hit = score[order], label[order]
        # Whole numbers of half the size as long as they suffice: of many rows memory is what takes the time.
        size: Any = np.int32 if len(label) < 2**31 else np.int64
        true = np.cumsum(hit == 1, dtype=size)
        # Within equal scores the order does not matter: the curve has a point where the score changes.
        changes = descending[1:] != descending[:-1]
        if changes.all():
            return cls(np.arange(1, len(true) + 1, dtype=size), true)
        last = np.append(np.flatnonzero(changes), len(true) - 1).astype(size)
        return cls(last + size(1), true[last])

    def roc_auc(self) -> float:
        """The area under the ROC curve, by the trapezoidal rule."""
        false, true = self.called - self.true, self.true
        if len(false) > 2:
            # Points on a straight line add nothing to the area, and each would add its rounding.
            corner = np.ones(len(false), dtype=bool)
            corner[1:-1] = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
            false, true = false[corner], true[corner]
        false_rate = np.concatenate([[0.0], false / false[-1]])
        true_rate = np.concatenate([[0.0], true / true[-1]])
        return float(np.sum((false_rate[1:] - false_rate[:-1]) * (true_rate[1:] + true_rate[:-1]) / 2.0))

    def average_precision(self) -> float:
        """The step-wise area under the precision-recall curve."""
        recall = np.concatenate([[0.0], self.true / self.true[-1]])
        # From the lowest score up, as they are added.
        steps = (recall[:-1] - recall[1:])[::-1]
        return float(max(0.0, -np.sum(steps * (self.true / self.called)[::-1])))
