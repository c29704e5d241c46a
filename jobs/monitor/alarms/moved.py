"""How far windows of days have moved, by series, and from which of their days on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.monitor.alarms.memory import TINY, Floats
from lakehouse.evaluation.packed_numbers import Whole


@dataclass(frozen=True)
class Moved:
    """By series: how far the window's mean is from what is expected, and how probable that is by chance.

    Attributes:
        shift: the mean of the window minus what is expected.
        z: the shift in its standard errors.
        kept: what is left of it without the day that speaks for it most; 0 when the other days speak against it.
        chance: the probability that an ordinary window has such a z or a greater one, either way; 1 where nothing is known.
        since: the place in the window from which on it has moved most clearly.
    """

    shift: Floats
    z: Floats
    kept: Floats
    chance: Floats
    since: Whole


def since(deviations: Floats, weights: Floats) -> Whole:
    """From which day on the sum of what is left stands out most; both of shape (S, window)."""
    above, below = (np.cumsum(values[:, ::-1], axis=1)[:, ::-1] for values in (deviations, weights))
    return np.asarray(np.argmax(np.abs(above) / np.sqrt(np.maximum(below, TINY)), axis=1), dtype=np.int64)
