"""What is ordinary of matured quality: of the days that the model was judged by, and what training's labels add to so few.

They are some three weeks, and may have been calm by chance. How much the rate of yes differs between days is known from all days of
training, and what differs there no score explains whole: the gap between scores and labels differs by a part of it at least.
"""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms import spells
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.shares import Shares
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import TrainingDays

# Of the variance of the rate of yes between days, what stays unexplained by scores at least.
UNEXPLAINED = 0.5


def quality(
    history: TrainingDays, weekday: Whole, rates: Shares | None
) -> tuple[list[tuple[str, str]], Means | None, Means]:
    """The slices that have matured quality; their calibration gap (None of several classes), and their loss.

    Args:
        history: of the version's training.
        weekday: of the days that the model was not fitted to.
        rates: of yes among training's labels; None of other labels.
    """
    kept = [one for one in history.quality if sum(one[2].rows)]
    rows = np.array([part.rows for *_, part in kept], dtype=np.float64)
    parts, gap = [part for *_, part in kept], None
    if kept and all(part.gap for part in parts):
        lasts, least = _of_rates(rates)
        variance = _array([p.gap_variance for p in parts])
        gap = Means.of(rows, _array([p.gap for p in parts]), variance, weekday, lasts, rare=False, least=least)
    variance = _array([p.loss_variance for p in parts])
    loss = Means.of(rows, _array([p.loss for p in parts]), variance, weekday, rare=False)
    return [(name, value) for name, value, _ in kept], gap, loss


def _of_rates(rates: Shares | None) -> tuple[float, float]:
    """The correlation of neighbouring days, and the variance between days that stays unexplained, where days differ for sure."""
    if rates is None:
        return 0.0, 0.0
    known = rates.means
    unlike = float(spells.sure(known.between, known.weights, known.tails.free)[0])
    return (float(known.near[0]), UNEXPLAINED * unlike) if unlike else (0.0, 0.0)


def _array(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
