"""A proposed limit keeps its promise on fresh values of the same kind, whatever the kind and however few the weeks."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from jobs.calibrate.tail import Tail
from tests.jobs.calibrate.kinds import WEEK, drifting, exponential, gap, normal, trailing

WORLDS = 200


@pytest.mark.parametrize("draw", [exponential, normal, gap, drifting])
@pytest.mark.parametrize("windows", [8, 26])
@pytest.mark.parametrize("rate", [0.005, 0.05])
def test_fresh_independent_values_exceed_the_limit_no_more_often_than_expected(draw, windows, rate) -> None:
    dice = np.random.default_rng(windows)
    fresh = draw(dice, 4_000)
    promised, kept = [], []
    for _ in range(WORLDS):
        tail = Tail.of(draw(dice, windows).tolist(), windows)
        limit = tail.limit(rate)
        promised.append(tail.expected(limit))
        # Where the cap does not allow the rate itself, what is said to be left; less, where more was seen.
        assert promised[-1] >= rate * 0.99 or limit == tail.greatest
        kept.append(float(np.mean(fresh > limit)))
    assert np.mean(kept) <= np.mean(promised) * 1.25 + 2 / math.sqrt(WORLDS * 4_000)


@pytest.mark.parametrize("draw", [exponential, gap])
def test_overlapping_windows_count_as_few(draw) -> None:
    """As independent values, the days of eight weeks would promise much more than they keep."""
    dice, rate, windows = np.random.default_rng(1), 0.02, 8
    fresh = trailing(draw(dice, 20_000))
    honest, naive = [], []
    for _ in range(WORLDS):
        values = trailing(draw(dice, windows * WEEK + WEEK - 1)).tolist()
        for effective, kept in ((windows, honest), (len(values), naive)):
            tail = Tail.of(values, effective)
            limit = tail.limit(rate)
            kept.append((float(np.mean(fresh > limit)), tail.expected(limit)))
    (honest_kept, honest_said), (naive_kept, naive_said) = (np.mean(pairs, axis=0) for pairs in (honest, naive))
    assert honest_kept <= honest_said * 1.1
    assert naive_kept > naive_said * 1.3


def test_of_exponential_values_the_promise_is_neither_broken_nor_wasted() -> None:
    dice, rate = np.random.default_rng(3), 0.02
    kept = []
    for _ in range(2_000):
        limit = Tail.of(dice.exponential(2.0, 30).tolist(), 30).limit(rate)
        kept.append(math.exp(-limit / 2.0))
    assert 0.6 * rate < np.mean(kept) < 1.2 * rate


def test_much_history_comes_near_the_true_quantile() -> None:
    values = np.random.default_rng(4).normal(size=20_000).tolist()
    assert Tail.of(values, len(values)).limit(0.01) == pytest.approx(stats.norm.ppf(0.99), rel=0.1)


def test_less_history_gives_a_wider_limit() -> None:
    values = np.random.default_rng(5).exponential(size=400).tolist()
    limits = [Tail.of(values, effective).limit(0.05) for effective in (400, 100, 30, 10)]
    assert limits == sorted(limits)


@pytest.mark.parametrize("values", [[0.0] * 9, [0.3], [2.0, 2.0]])
def test_of_values_that_are_all_the_same_the_limit_is_theirs(values: list[float]) -> None:
    tail = Tail.of(values, 3)
    assert tail.limit(0.01) == values[-1]
    assert 0 < tail.expected(values[-1]) < 1


def test_what_was_not_seen_is_guessed_no_further_than_half_as_far_again() -> None:
    tail = Tail.of([0.1, 0.2, 0.3, 0.9], 2)
    limit = tail.limit(0.0001)
    assert limit == tail.threshold + 1.5 * (0.9 - tail.threshold)
    assert tail.expected(limit) > 0.05


def test_the_expected_share_falls_with_the_limit() -> None:
    tail = Tail.of(np.random.default_rng(6).exponential(size=60).tolist(), 12)
    shares = [tail.expected(limit) for limit in np.linspace(-1, 9, 60)]
    assert all(before >= after for before, after in pairwise(shares))
    assert 0 < shares[-1] < shares[0] <= 1
