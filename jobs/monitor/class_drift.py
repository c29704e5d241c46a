"""The drift of the classes that are decided: their shares in the window against those at training."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.monitor import verdict
from jobs.monitor.counts import Counts, window
from jobs.monitor.performance import Matured
from jobs.monitor.verdict import FEWEST_DAYS, DriftCheck
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.population_stability import psi

# What it is called in the drift table.
DECISION = "decision"


def check(
    expected: Distribution,
    counts: Mapping[dt.date, Counts],
    days: Sequence[dt.date],
    limit: float,
    classes: Sequence[str],
) -> DriftCheck:
    """The PSI of the decided classes' shares; in words with the class that moved most, which is what somebody has to look at.

    Args:
        expected: of the numbers of decided classes on rows that the model was not fitted to.
        counts: the champion's rows of each day by decided class; the last place is of classes that are no more.
        days: of the window.
        limit: of the PSI.
        classes: that the model decides for, in the order of their numbers.
    """
    present, total = window(counts, days)
    needed = min(FEWEST_DAYS, len(days))
    if total is None or present < needed:
        why = f"PSI of the decided classes: {present} of the {len(days)} days to {days[-1]} have rows, {needed} are needed"
        return verdict.unmeasured("prediction", DECISION, "psi", limit, why)
    before, now = np.asarray(expected.shares), total / total.sum()
    # What a single class adds to the sum.
    added = psi(before[:, None], now[:, None])
    most = int(np.argmax(added[: len(classes)]))
    words = (
        f"PSI of the decided classes {expected.psi(total):.3f}, most of it by {classes[most]}: {now[most]:.1%} of the rows "
        f"against {before[most]:.1%} in training"
    )
    return verdict.check("prediction", DECISION, "psi", expected.psi(total), limit, words)


def whose(matured: Matured) -> str:
    """Whose scores the calibration gap is of, in words: of several classes the one that is furthest off."""
    if not matured.gaps:
        return "scores"
    return f"probabilities of {max(matured.gaps, key=lambda name: abs(matured.gaps[name]))}"
