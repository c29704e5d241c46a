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


def gap_of(dice: np.random.Generator, known: Shares | None) -> Means:
    """What is ordinary of the gap, by days on which it was hardly any."""
    gap = tuple((0.02 * dice.normal(size=JUDGED)).tolist())
    part = Quality((ROWS,) * JUDGED, gap, (0.5,) * JUDGED, 0.19, 0.2)
    history: Any = SimpleNamespace(quality=[(ALL, ALL, part)])
    _, found, _ = judged_days.quality(history, np.arange(JUDGED) % 7, known)
    assert found is not None
    return found


def chance(ordinary: Means, gap: float, days: int) -> float:
    window = np.full((1, days), gap)
    return float(ordinary.moved(np.full((1, days), float(ROWS)), window, np.arange(days) % 7).chance[0])


@pytest.mark.parametrize("seed", range(8))
def test_where_training_s_labels_differ_from_day_to_day_a_calm_judgement_is_no_measure(seed: int) -> None:
    dice = np.random.default_rng(seed)
    calm, known = gap_of(np.random.default_rng(seed), None), gap_of(np.random.default_rng(seed), rates(dice, 0.12))
    assert chance(calm, 0.15, 2) < LIMIT < chance(known, 0.15, 2)
    # What no ordinary week has is seen all the same.
    assert chance(known, 0.6, 2) < LIMIT


@pytest.mark.parametrize("seed", range(8))
def test_where_they_differ_by_their_rows_alone_nothing_is_lost(seed: int) -> None:
    known = gap_of(np.random.default_rng(seed), rates(np.random.default_rng(seed), 0.0))
    assert chance(known, 0.15, 2) < LIMIT


def test_labels_of_another_kind_add_nothing() -> None:
    assert judged_days._of_rates(None) == (0.0, 0.0)
