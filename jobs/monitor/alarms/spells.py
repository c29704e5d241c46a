"""What a spell of a kind that training did not have may be like: a storm, a holiday week, the timetable of another season.

Where days differ more than their rows explain, a window of few days is one event and not so many draws, and how far such events can
go is not to be read off some ten weeks: they hold none of the rare ones. Training says how much days differ, and no more. So the
part of a deviation that days explain has the tail of Student's t with few degrees of freedom, whatever training's days look like;
the part of the rows keeps its own. A column whose days do not differ for sure is not touched: its rows are evidence enough.
"""

from __future__ import annotations

import numpy as np
import scipy

from jobs.monitor.alarms.memory import TINY, Floats

# The degrees of freedom of what was never seen: by worlds of real rows (docs/decisions/0040-alarms-with-a-known-error-rate.md).
UNSEEN = 5.0
# So many neighbouring days are one event, however little training's own days have in common.
SPELL = 3
# Days differ for sure when they do by more than so many standard errors of what their rows explain.
SURE = 2.0


def sure(between: Floats, weights: Floats, free: Floats) -> Floats:
    """Shape (S,): the variance of a day as far as it is beyond what the rows' noise gives by chance.

    Args:
        between: shape (S,), as estimated.
        weights: shape (S, days), one over the variance of each day's mean; 0 of days without rows.
        free: shape (S,), days that are free to vary.
    """
    days = np.maximum((weights > 0).sum(axis=1), 1)
    noise = np.maximum(days / np.maximum(weights.sum(axis=1), TINY) - between, 0.0)
    return np.asarray(np.maximum(between - SURE * np.sqrt(2 / np.maximum(free, 1)) * noise, 0.0), dtype=np.float64)


def chance(shift: Floats, variance: Floats, inflation: Floats, length: int) -> Floats:
    """How probable it is that days alone move the mean of a window so far, either way; 0 where they do not differ for sure.

    Args:
        shift: shape (S,), of the mean of the window.
        variance: shape (S,), of a day for sure.
        inflation: shape (S,), how many times more windows vary than days that know nothing of one another would.
        length: days of the window.
    """
    p = 2 * scipy.special.stdtr(UNSEEN, -np.abs(shift) / _deviation(variance, inflation, length))
    return np.asarray(np.where(variance > 0, p, 0.0), dtype=np.float64)


def bound(chance: float, variance: Floats, inflation: Floats, length: int) -> Floats:
    """The shift that has this chance; shape (S,), 0 where days do not differ for sure."""
    shift = -scipy.special.stdtrit(UNSEEN, chance / 2) * _deviation(variance, inflation, length)
    return np.asarray(np.where(variance > 0, shift, 0.0), dtype=np.float64)


def _deviation(variance: Floats, inflation: Floats, length: int) -> Floats:
    """Of a window's mean."""
    together = np.maximum(inflation, min(length, SPELL)) / length
    return np.asarray(np.sqrt(np.maximum(variance * together, TINY)), dtype=np.float64)
