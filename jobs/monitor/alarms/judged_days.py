"""What is ordinary of matured quality: of the days that the model was judged by, and what training's labels add to so few.

They are some three weeks, and may have been calm by chance. How much the rate of yes differs between days is known from all days of
training; which part of it the scores leave unexplained is seen on the judged days, calm or not. The gap between scores and labels
differs by that part of what training's rates do, at least.
"""

from __future__ import annotations

import numpy as np

from jobs.monitor.alarms import spells
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.scores import Scores
from jobs.monitor.alarms.shares import Shares
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import TrainingDays


def quality(
    history: TrainingDays, weekday: Whole, rates: Shares | None, scores: Scores
) -> tuple[list[tuple[str, str]], Means | None, Means]:
    """The slices that have matured quality; their calibration gap (None of several classes), and their loss.

    Args:
        history: of the version's training.
        weekday: of the days that the model was not fitted to.
        rates: of yes among training's labels; None of other labels.
        scores: of the days that the model was not fitted to.
    """
    kept = [one for one in history.quality if sum(one[2].rows)]
    rows = np.array([part.rows for *_, part in kept], dtype=np.float64)
    parts, gap = [part for *_, part in kept], None
    if kept and all(part.gap for part in parts):
        gaps, variance = _array([p.gap for p in parts]), _array([p.gap_variance for p in parts])
        gap = Means.of(rows, gaps, variance, weekday, rare=False)
        if rates is not None and (least := _unexplained(gap, rows[0], gaps[0], weekday, rates.means, scores)) > 0:
            gap = Means.of(rows, gaps, variance, weekday, rare=False, least=least)
    variance = _array([p.loss_variance for p in parts])
    loss = Means.of(rows, _array([p.loss for p in parts]), variance, weekday, rare=False)
    return [(name, value) for name, value, _ in kept], gap, loss


def _unexplained(gap: Means, rows: Floats, gaps: Floats, weekday: Whole, learned: Means, scores: Scores) -> float:
    """The variance between training's days that scores leave unexplained; 0 where days do not differ for sure, there and here."""
    rate = np.clip(scores.daily - gaps, 0.0, 1.0)[None]
    judged = Means.of(rows[None], rate, rate.mean(axis=1) * (1 - rate.mean(axis=1)), weekday, rare=False)
    part = min(float(gap.between[0] / judged.between[0]), 1.0) if _sure(judged) > 0 else 0.0
    return part * _sure(learned)


def _sure(days: Means) -> float:
    return float(spells.sure(days.between, days.weights, days.tails.free)[0])


def _array(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
