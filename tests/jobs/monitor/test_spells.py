"""A spell of a kind that training did not have is no violation, where days differ; where rows do, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.monitor.alarms import spells
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.ranks import alike_by_ranks
from jobs.monitor.alarms.shapes import Shape
from jobs.monitor.alarms.shares import Shares

WEEKS, ROWS = 11, 600
# One of 35 features on three windows, of the part of the rate that features have.
LIMIT = 0.2 / 365 / (2 * 35 * 3)
WEEKDAY = np.arange(WEEKS * 7) % 7


def learned(dice: np.random.Generator, between: float, series: int = 1, rare: bool = True) -> Means:
    """Eleven weeks; a week's timetable moves all its days by so many standard deviations of a row."""
    week = np.repeat(dice.normal(size=WEEKS), 7) * between
    daily = week + dice.normal(size=(series, WEEKS * 7)) / ROWS**0.5
    return Means.of(np.full((series, WEEKS * 7), float(ROWS)), daily, np.ones(series), WEEKDAY, rare=rare)


def chance(made: Means, shift: float, length: int, rare: bool = True) -> float:
    series = len(made.between)
    window = np.full((series, length), shift)
    return float(made.moved(np.full((series, length), float(ROWS)), window, WEEKDAY[:length], rare=rare).chance[-1])


@pytest.mark.parametrize("length", [2, 3, 7])
def test_a_timetable_that_training_did_not_have_is_no_violation(length: int) -> None:
    dice = np.random.default_rng(1)
    made = [learned(dice, 0.1) for _ in range(20)]
    # Six times what weeks differ by.
    assert not any(chance(one, 0.6, length) < LIMIT for one in made)
    # By the tail that training's own days have, it would be one.
    assert any(chance(one, 0.6, length, rare=False) < LIMIT for one in made)
    # A shift far beyond is one all the same, where training's weeks are enough to tell.
    assert sum(chance(one, 6.0, length) < LIMIT for one in made) >= 10


@pytest.mark.parametrize("length", [2, 3, 7])
def test_where_rows_differ_and_days_do_not_nothing_is_lost(length: int) -> None:
    dice = np.random.default_rng(2)
    made = [learned(dice, 0.0) for _ in range(40)]
    # Days that differ by chance are no days that differ.
    assert sum(float(one.unlike[0]) > 0 for one in made) <= 4
    assert all(chance(one, 0.5, length) < LIMIT for one in made)


def test_what_moves_the_whole_moves_its_slices() -> None:
    dice = np.random.default_rng(3)
    # The whole has days that differ, its slice has too few rows to tell.
    week = np.repeat(dice.normal(size=WEEKS), 7) * 0.1
    rows = np.array([np.full(WEEKS * 7, 600.0), np.full(WEEKS * 7, 20.0)])
    daily = week + dice.normal(size=rows.shape) / rows**0.5
    alone = Means.of(rows, daily, np.ones(2), WEEKDAY)
    together = Means.of(rows, daily, np.ones(2), WEEKDAY, parts=2)
    assert alone.unlike[0] == together.unlike[0] > alone.unlike[1]
    assert together.unlike[1] == together.unlike[0]


def test_no_spell_is_feared_where_rows_are_counted() -> None:
    made = learned(np.random.default_rng(4), 0.1, rare=False)
    assert not made.unlike.any() and chance(made, 0.6, 2) == chance(made, 0.6, 2, rare=False)
    assert not spells.bound(LIMIT, made.unlike, made.inflation(2), 2).any()


def test_the_bound_is_the_shift_that_has_the_chance() -> None:
    variance, inflation = np.array([0.04, 0.2]), np.array([1.0, 1.7])
    for length in (2, 3, 7):
        bound = spells.bound(LIMIT, variance, inflation, length)
        assert spells.chance(bound, variance, inflation, length) == pytest.approx(np.full(2, LIMIT), rel=1e-6)


def test_three_places_under_one_sky_are_one_observation_a_day() -> None:
    dice, bins = np.random.default_rng(5), 12
    # Each of three places has a value a day near that of the others: their bins are neighbours, and seldom the same.
    sky = dice.normal(size=WEEKS * 7)
    places = np.clip(((sky[:, None] + dice.normal(size=(WEEKS * 7, 3)) * 0.5) * 3 + bins / 2), 0, bins - 1).astype(int)
    counts = np.zeros((WEEKS * 7, bins), dtype=np.int64)
    for place in range(3):
        counts[np.arange(WEEKS * 7), places[:, place]] += ROWS // 3
    counts = counts[:, counts.any(axis=0)]
    ranks = np.arange(counts.shape[1]) - counts.sum(axis=0) @ np.arange(counts.shape[1]) / counts.sum()
    mean = counts @ ranks / ROWS
    spread = (counts @ ranks**2).sum() / counts.sum() - (mean**2).mean()
    made = Means.of(np.full((1, WEEKS * 7), float(ROWS)), mean[None], np.array([spread]), WEEKDAY)
    by_bins, by_ranks = Shape.of(counts, 3), Shape.of(counts, 3, float(alike_by_ranks(made)[0]))
    assert by_bins is not None and by_ranks is not None
    assert 100 * by_bins.least < by_ranks.least and by_ranks.least > 0.001


@pytest.mark.parametrize("seed", range(5))
def test_a_part_whose_values_were_never_gone_may_have_the_whole_s_bad_days(seed: int) -> None:
    dice = np.random.default_rng(seed)
    # On some days up to a twentieth of all rows has no value; the rows of the part, a tenth, always had one.
    bad = np.where(dice.random(WEEKS * 7) < 0.15, dice.uniform(0.02, 0.06, WEEKS * 7), 0.002)
    chances = []
    for whole in (bad, np.full(WEEKS * 7, 0.01)):
        hits = np.stack([dice.binomial(ROWS, whole), np.zeros(WEEKS * 7)]).astype(float)
        rows = np.tile([[float(ROWS)], [ROWS / 10]], WEEKS * 7)
        ordinary = Shares.of(hits, rows, WEEKDAY, parts=2)
        window = np.stack([np.full(7, 0.01 * ROWS), np.full(7, 0.1 * ROWS / 10)])
        chances.append(ordinary.moved(window, rows[:, :7], WEEKDAY[:7], leave_out=True, ways="more").chance[1])
    assert chances[0] > 1e-6
    assert chances[1] < 1e-10
