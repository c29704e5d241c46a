"""Rates say how uncertain they are, and days that overlap count once."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from jobs.calibrate.rates import Exposure, Rate, Retrainings
from lakehouse.declaration import Rhythm

DAY = dt.date(2024, 3, 1)


def days(first: int, count: int) -> tuple[dt.date, ...]:
    return tuple(DAY + dt.timedelta(days=first + number) for number in range(count))


def test_of_independent_values_the_interval_is_the_exact_binomial_one() -> None:
    rate = Rate.of([True] * 3 + [False] * 37, 40)
    exact = stats.binomtest(3, 40).proportion_ci(0.95, method="exact")
    assert rate is not None and (rate.low, rate.high) == pytest.approx((exact.low, exact.high))


def test_none_of_few_windows_says_little() -> None:
    rate = Rate.of([False] * 56, 8)
    assert rate is not None and (rate.share, rate.low) == (0, 0)
    assert rate.high == pytest.approx(stats.binomtest(0, 8).proportion_ci(0.95).high) and rate.high > 0.3


def test_all_beyond_and_nothing_measured() -> None:
    rate = Rate.of([True] * 4, 4)
    assert rate is not None and (rate.share, rate.high) == (1, 1) and 0 < rate.low < 1
    assert Rate.of([], 4) is None


@pytest.mark.parametrize("count", range(0, 57, 4))
def test_the_share_lies_within_its_interval(count: int) -> None:
    for effective in (0.5, 1, 3.7, 8, 56):
        rate = Rate.of([True] * count + [False] * (56 - count), effective)
        assert rate is not None and 0 <= rate.low <= rate.share <= rate.high <= 1


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    dice, truth, held = np.random.default_rng(2), 0.1, 0
    for _ in range(500):
        rate = Rate.of((dice.random(60) < truth).tolist(), 60)
        assert rate is not None
        held += rate.low <= truth <= rate.high
    assert held >= 470


def test_models_that_are_watched_on_the_same_days_count_as_one() -> None:
    alone = Retrainings.of([Exposure(days(0, 100), True)], 0)
    twice = Retrainings.of([Exposure(days(0, 100), True), Exposure(days(0, 100), True)], 0)
    assert alone is not None and twice is not None
    assert (twice.a_year, twice.low, twice.high) == pytest.approx((alone.a_year, alone.low, alone.high))
    assert alone.a_year == pytest.approx(3.65)
    assert alone.low < alone.a_year < alone.high


def test_a_cool_down_makes_retrainings_rarer() -> None:
    watched = [Exposure(days(0, 30), True)]
    often, seldom = (Retrainings.of(watched, cooldown) for cooldown in (0, 30))
    assert often is not None and seldom is not None and often.a_year == pytest.approx(2 * seldom.a_year)


def test_scored_days_of_a_week_stand_for_the_days_between_them() -> None:
    weekly = Rhythm(weekly=("monday",))
    seldom = Retrainings.of([Exposure(days(0, 30), True)], 0, weekly)
    often = Retrainings.of([Exposure(days(0, 30), True)], 0)
    assert seldom is not None and often is not None and often.a_year == pytest.approx(7 * seldom.a_year, rel=1e-3)


def test_no_retraining_is_not_never() -> None:
    quiet = Retrainings.of([Exposure(days(0, 365), False)], 7)
    assert quiet is not None and (quiet.asked, quiet.a_year, quiet.low) == (0, 0, 0)
    # Garwood: of none in a year, up to 3.69.
    assert quiet.high == pytest.approx(365 / (365 / 3.689 + 7), rel=1e-3)
    assert Retrainings.of([Exposure((), False)], 7) is None
