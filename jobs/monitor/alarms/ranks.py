"""What ordinary days are like by the mean ranks of columns."""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import TINY, Floats
from lakehouse.evaluation.packed_numbers import Whole


def means_of(columns: list[Column], weekday: Whole) -> Means:
    """Of the mean ranks of columns, each of all of its series; of no column of none."""
    if not columns:
        return Means.of(np.zeros((0, len(weekday))), np.zeros((0, len(weekday))), np.zeros(0), weekday)
    rows, mean = (np.concatenate(part) for part in zip(*(c.mean_ranks(c.counts) for c in columns), strict=True))
    spread = np.concatenate([c.spread(c.counts) for c in columns])
    return Means.of(rows, mean, spread, weekday, parts=len(columns[0].counts))


def alike_by_ranks(ordinary: Means) -> Floats:
    """Shape (S,): the correlation of the ranks of two rows of a day, as far as it is sure."""
    return np.asarray(ordinary.unlike / np.maximum(ordinary.unlike + ordinary.spread, TINY), dtype=np.float64)
