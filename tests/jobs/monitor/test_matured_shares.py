"""Chances follow a rate of yes that has changed, by what matured days were off by, and keep still where it has not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.monitor.matured_shares import PRIOR_DAYS, MaturedDay, move
from lakehouse.evaluation import estimated_metrics, metrics
from lakehouse.evaluation.calibrator import moved

SHARE = st.floats(0.0, 1.0)


@given(st.lists(st.tuples(st.integers(1, 500), SHARE, SHARE), max_size=30))
def test_it_goes_towards_what_came_and_never_beyond(days: list[tuple[int, float, float]]) -> None:
    found = move([MaturedDay(*day) for day in days])
    rows = sum(day[0] for day in days) or 1
    expected, came = (sum(day[0] * day[at] for day in days) / rows for at in (1, 2))
    assert np.isfinite(found) and found * (came - expected) >= 0
    full = move([MaturedDay(*day) for day in days] * 1000)
    assert abs(found) <= abs(full) * (1 + 1e-9)
    assert not days or found == pytest.approx(full * len(days) / (len(days) + PRIOR_DAYS), rel=0.01, abs=1e-9)


def test_without_a_day_or_a_difference_nothing_moves() -> None:
    assert move([]) == 0 and move([MaturedDay(100, 0.3, 0.3)] * 5) == 0
    chance = np.array([0.0, 0.2, 1.0])
    assert moved(chance, 0.0) is chance
    assert moved(chance, 1.0)[[0, 2]].tolist() == [0, 1] and moved(moved(chance, 1.0), -1.0) == pytest.approx(chance)


@pytest.mark.parametrize("season", [-1.0, 0.7])
def test_estimates_after_a_season_has_begun_are_nearer_to_what_comes(season: float) -> None:
    dice = np.random.default_rng(3)
    days, known = [], 28
    for day in range(known + 1):
        score = np.sort(1 / (1 + np.exp(-dice.normal(-1, 1.5, 2000))))
        label = (dice.random(2000) < moved(score, season)).astype(float)
        if day < known:
            days.append(MaturedDay(2000, float(score.mean()), float(label.mean())))
    by = move(days)
    assert by == pytest.approx(season * known / (known + PRIOR_DAYS), abs=0.25)
    for name in ("log_loss", "brier"):
        came = metrics.value(name, label, score)
        unmoved, now = (estimated_metrics.of_yes_or_no(score, moved(score, one), None)[name] for one in (0.0, by))
        assert came is not None and unmoved is not None and now is not None
        assert abs(now.value - came) < abs(unmoved.value - came) / 2
