"""How well scores rank labels: ROC-AUC and average precision of all rows, each counted once.

They are scikit-learn's numbers to the last digit, by its own order of operations: metrics are stored, and must not change with
the library that computes them. Importing scikit-learn's takes 1.4 s, longer than a night of a thousand rows is monitored.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        # Within equal scores the order does not matter: the curve has a point where the score changes, and at the end.
        count = len(label)
        points = 1 + sum(
            np.count_nonzero(descending[rows] != descending[rows.start + 1 : rows.stop + 1])
            for rows in blocks.of(count - 1)
        )
        # Whole numbers of half the size as long as they suffice: of many rows memory is what takes the time.
        size: Any = np.int32 if count < 2**31 else np.int64
        called, true = np.empty(points, dtype=size), np.empty(points, dtype=size)
        first, before = 0, 0
        for rows in blocks.of(count):
            its_scores = descending[rows.start : rows.stop + 1]
            last = np.flatnonzero(its_scores[1:] != its_scores[:-1])
            if rows.stop == count:
                last = np.append(last, count - 1 - rows.start)
            hits = np.cumsum(hit[rows] == 1, dtype=size)
            its_points = slice(first, first + len(last))
            called[its_points] = last + (rows.start + 1)
            true[its_points] = hits[last] + before
            first, before = its_points.stop, before + int(hits[-1])
        return cls(called, true)

    def roc_auc(self) -> float:
        """The area under the ROC curve, by the trapezoidal rule."""
        of_true = self.true[-1]
        of_false = self.called[-1] - of_true
        areas, first = np.empty(len(self.true)), 0
        # The curve begins at none.
        false_before, true_before = np.zeros(1), np.zeros(1)
        for false, true in self._corners():
            false_rate = np.concatenate([false_before, false / of_false])
            true_rate = np.concatenate([true_before, true / of_true])
            own = slice(first, first + len(true))
            areas[own] = (false_rate[1:] - false_rate[:-1]) * (true_rate[1:] + true_rate[:-1]) / 2.0
            first, false_before, true_before = own.stop, false_rate[-1:], true_rate[-1:]
        return float(np.sum(areas[:first]))

    def _corners(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Rows called without and with the label where the curve bends, a block at a time.

        Points on a straight line add nothing to the area, and each would add its rounding.
        """
        points = len(self.true)
        for block in blocks.of(points):
            # With a neighbour on either side.
            first, last = max(block.start - 1, 0), min(block.stop + 1, points)
            called, true = self.called[first:last], self.true[first:last]
            bends = np.ones(last - first, dtype=bool)
            if points > 2:
                # Where both grow as they did before, so do the rows without the label.
                steps, true_steps = np.diff(called), np.diff(true)
                bends[1:-1] = (steps[1:] != steps[:-1]) | (true_steps[1:] != true_steps[:-1])
            own = slice(block.start - first, block.stop - first)
            kept = true[own][bends[own]]
            yield called[own][bends[own]] - kept, kept

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

        return max(0.0, -blocks.summed(points, steps))
