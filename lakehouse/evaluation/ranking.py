"""How well scores rank labels: ROC-AUC and average precision of all rows, each counted once.

They are scikit-learn's numbers to the last digit, by its own order of operations: metrics are stored, and must not change with
the library that computes them. Importing scikit-learn's takes 1.4 s, longer than a night of a thousand rows is monitored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation import blocks

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
        false, true = self._corners()
        of_false, of_true = false[-1], true[-1]

        def areas(block: slice) -> Floats:
            # From the point before: the first begins at none.
            first = max(block.start - 1, 0)
            false_rate, true_rate = false[first : block.stop] / of_false, true[first : block.stop] / of_true
            if block.start == 0:
                false_rate, true_rate = np.concatenate([[0.0], false_rate]), np.concatenate([[0.0], true_rate])
            return np.asarray((false_rate[1:] - false_rate[:-1]) * (true_rate[1:] + true_rate[:-1]) / 2.0)

        return float(np.sum(blocks.filled(len(true), areas)))

    def _corners(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Rows called without and with the label, where the curve bends.

        Points on a straight line add nothing to the area, and each would add its rounding.
        """
        points = len(self.true)
        if points <= 2:
            return self.called - self.true, self.true
        falses, trues = [], []
        for block in blocks.of(points):
            # With a neighbour on either side.
            first, last = max(block.start - 1, 0), min(block.stop + 1, points)
            called, true = self.called[first:last], self.true[first:last]
            bends = np.ones(last - first, dtype=bool)
            # Where both grow as they did before, so do the rows without the label.
            steps, true_steps = np.diff(called), np.diff(true)
            bends[1:-1] = (steps[1:] != steps[:-1]) | (true_steps[1:] != true_steps[:-1])
            own = slice(block.start - first, block.stop - first)
            kept = true[own][bends[own]]
            trues.append(kept)
            falses.append(called[own][bends[own]] - kept)
        return np.concatenate(falses), np.concatenate(trues)

    def average_precision(self) -> float:
        """The step-wise area under the precision-recall curve."""
        points = len(self.true)
        of_all = self.true[-1]

        def steps(block: slice) -> Floats:
            # From the lowest score up, as they are added.
            own = slice(points - block.stop, points - block.start)
            true = self.true[own]
            recall = np.empty(len(true) + 1)
            recall[0] = self.true[own.start - 1] / of_all if own.start else 0.0
            recall[1:] = true / of_all
            return np.asarray(((recall[:-1] - recall[1:]) * (true / self.called[own]))[::-1])

        return float(max(0.0, -np.sum(blocks.filled(points, steps))))
