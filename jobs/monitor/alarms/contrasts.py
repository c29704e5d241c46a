"""Ways in which a label can follow a feature otherwise than the scores foretell: each a weight by bin of the feature.

The mean of residual (label minus score) times weight is 0 of a calibrated model. A number has two: along its ranks, and both ends
against the middle. A category has one for each level with rows enough. Weights have mean 0 and variance 1 over training's rows with
a value, so that scores that are all too high move none of them, and the mean is in units of the label per standard deviation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.memory import Floats

# Of a category: the share of training's rows with a value from which on a level is looked at.
LEAST_SHARE = 0.02
# Of a weight that hardly varies.
FLAT = 1e-6


@dataclass(frozen=True)
class Contrast:
    """One way.

    Attributes:
        column: of the feature.
        words: where the label is higher when the mean is greater than 0.
        weights: shape (bins,), 0 for null.
    """

    column: Column
    words: str
    weights: Floats


def of_column(column: Column) -> Iterator[Contrast]:
    """All of a feature; none of a constant one."""
    rows = np.where(column.known, column.counts[0].sum(axis=0), 0).astype(np.float64)
    shares = rows / max(rows.sum(), 1.0)
    if not column.ordered:
        for place in np.flatnonzero((shares >= LEAST_SHARE) & (shares < 1)).tolist():
            level = (np.arange(len(shares)) == place).astype(np.float64)
            yield from _standard(column, f"where it is {column.bin_in_words(place)}", level, shares)
            if np.count_nonzero(shares) == 2:
                # The other level says the same.
                return
        return
    yield from _standard(column, "where it is great", column.ranks, shares)
    along = column.ranks - float(shares @ column.ranks)
    ends = along**2
    slope = float(shares @ (ends * along)) / max(float(shares @ along**2), FLAT)
    if np.count_nonzero(shares) > 2:
        yield from _standard(column, "at both ends of its range", ends - slope * along, shares)


def _standard(column: Column, words: str, weights: Floats, shares: Floats) -> Iterator[Contrast]:
    weights = weights - float(shares @ weights)
    deviation = float(shares @ weights**2) ** 0.5
    if deviation > FLAT:
        weights = weights / deviation
        weights[-1] = 0.0
        yield Contrast(column, words, weights)
