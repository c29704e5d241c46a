"""Our numbers are those of independent libraries on the same bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jobs.monitor import counts
from lakehouse.declaration import Drift
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.population_stability import SMALLEST_SHARE

DAYS = 30


@pytest.mark.parametrize("seed", range(8))
def test_psi_is_evidentlys_on_the_same_bins(seed: int) -> None:
    """Bins go to Evidently as categories. None is empty, nor smaller than the least share that ours counts: there each has a
    way of its own.
    """
    from evidently.legacy.calculations.stattests import psi_stat_test
    from evidently.legacy.core import ColumnType

    dice = np.random.default_rng(seed)
    values = dice.gamma(dice.uniform(0.5, 5), size=int(dice.integers(3_000, 20_000)))
    values[dice.random(len(values)) < 0.05] = np.nan
    item = Distribution.of(values, dice.integers(0, DAYS, len(values)), DAYS, Drift(bins=int(dice.integers(3, 20))))
    # The greater a value the likelier it stays, or the less likely, and no bin is emptied.
    chance = 0.5 + dice.uniform(-0.4, 0.4) * np.tanh(np.nan_to_num(values) - np.nanmean(values))
    later = values[dice.random(len(values)) < chance]
    now = counts.by_bin(later, item)
    before = np.bincount(item.bins(values), minlength=item.width)
    assert min(now.min() / now.sum(), before.min() / before.sum()) >= SMALLEST_SHARE
    coded = [pd.Series(np.repeat(np.arange(item.width).astype(str), rows)) for rows in (before, now)]
    found = psi_stat_test(*coded, ColumnType.Categorical, 0.1)
    assert item.psi(now) == pytest.approx(found.drift_score, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_psi_is_the_sum_of_scipys_two_relative_entropies(seed: int) -> None:
    from scipy.special import rel_entr

    dice = np.random.default_rng(seed)
    width = int(dice.integers(2, 30))
    before, now = dice.dirichlet(np.full(width, 5.0)), dice.integers(20, 500, width)
    item = Distribution(tuple(map(float, range(width - 2))), tuple(before), None)
    shares = now / now.sum()
    assert item.psi(now) == pytest.approx(rel_entr(before, shares).sum() + rel_entr(shares, before).sum(), abs=1e-9)
