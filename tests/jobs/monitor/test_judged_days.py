"""Three calm weeks, by which a model was judged, make no alarm of the next ordinary week."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jobs.monitor.alarms import judged_days
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.shares import Shares
from lakehouse.evaluation.training_days import ALL, Quality

ROWS, LEARNED, JUDGED = 600, 77, 21
# One of four windows, of the part of the rate that quality has.
LIMIT = 0.2 / 365 / 8


def rates(dice: np.random.Generator, spread: float) -> Shares:
    """Of yes among training's labels; days differ by so much."""
    rate = np.clip(0.25 + spread * dice.normal(size=LEARNED), 0.02, 0.98)
    hits = dice.binomial(ROWS, rate)[None].astype(float)
    return Shares.of(hits, np.full((1, LEARNED), float(ROWS)), np.arange(LEARNED) % 7, rare=False)


def gap_of(dice: np.random.Generator, known: Shares | None, unexplained: float = 0.8) -> Means:
    """What is ordinary of the gap, by days whose rates hardly differed; so much of that stays unexplained by the scores."""
    rate = 0.25 + 0.05 * dice.normal(size=JUDGED)
    daily = 0.25 + (1 - unexplained) * (rate - 0.25)
    gap = daily - rate + 0.005 * dice.normal(size=JUDGED)
    part = Quality((ROWS,) * JUDGED, tuple(gap.tolist()), (0.5,) * JUDGED, 0.19, 0.2)
    history: Any = SimpleNamespace(quality=[(ALL, ALL, part)])
    scores: Any = SimpleNamespace(daily=daily)
    _, found, _ = judged_days.quality(history, np.arange(JUDGED) % 7, known, scores)
    assert found is not None
    return found


def chance(ordinary: Means, gap: float) -> float:
    """Of two days in a row."""
    window = np.full((1, 2), gap)
    return float(ordinary.moved(np.full((1, 2), float(ROWS)), window, np.arange(2)).chance[0])


@pytest.mark.parametrize("seed", range(8))
def test_where_training_s_labels_differ_from_day_to_day_a_calm_judgement_is_no_measure(seed: int) -> None:
    learned = rates(np.random.default_rng(seed), 0.15)
    calm, known = gap_of(np.random.default_rng(seed), None), gap_of(np.random.default_rng(seed), learned)
    assert chance(calm, 0.3) < LIMIT < chance(known, 0.3)
    # What no ordinary day has is seen all the same.
    assert chance(known, 0.8) < LIMIT


@pytest.mark.parametrize("seed", range(8))
def test_what_scores_explain_makes_no_limit_wider(seed: int) -> None:
    learned = rates(np.random.default_rng(seed), 0.15)
    known = gap_of(np.random.default_rng(seed), learned, unexplained=0.1)
    assert chance(known, 0.2) < LIMIT


@pytest.mark.parametrize("seed", range(8))
def test_where_they_differ_by_their_rows_alone_nothing_is_lost(seed: int) -> None:
    known = gap_of(np.random.default_rng(seed), rates(np.random.default_rng(seed), 0.0))
    alone = gap_of(np.random.default_rng(seed), None)
    assert chance(known, 0.3) == pytest.approx(chance(alone, 0.3), rel=0.5)
