"""How small a chance can be that is learned from so many days: what never happened in a hundred of them may happen on the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.monitor.alarms.spells import SPELL

Floats = NDArray[np.float64]

# So much memory is found in days that have none, by chance.
NO_MEMORY = 1.5


def least_chance(together: Floats, rows_a_day: Floats, days: Floats, lasting: Floats, length: int) -> Floats:
    """The chance of a window of which each independent observation is of a kind that training never had.

    A column of one value a day has one observation a day, whatever its rows, and a spell of days is one: where a hundred days are
    known, a new kind of day has a chance of one in a hundred, and no model of a tail makes it one in a million. Where the rows of a
    day know nothing of one another this is next to 0.

    Args:
        together: the correlation of two rows of a day.
        rows_a_day: of training, on average.
        days: of training.
        lasting: for how many days a deviation lasts.
        length: days of the window that count.
    """
    a_day = rows_a_day / (1 + np.maximum(rows_a_day - 1, 0) * together)
    known = days * a_day / np.maximum(lasting, 1.0)
    observed = a_day * np.where(lasting > NO_MEMORY, 1.0, max(1.0, length / SPELL))
    return np.asarray(np.exp(-np.minimum(observed * np.log1p(known), 500.0)), dtype=np.float64)
