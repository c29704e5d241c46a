"""The paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.gate import bootstrap
from lakehouse import metrics

RNG = np.random.default_rng(0)
LABEL = (RNG.random(600) < 0.3).astype(float)
GOOD = np.clip(0.3 + 0.4 * (LABEL - 0.3) + RNG.normal(0, 0.1, 600), 0.01, 0.99)
WORSE = np.clip(0.3 + 0.1 * (LABEL - 0.3) + RNG.normal(0, 0.1, 600), 0.01, 0.99)


@pytest.mark.parametrize("metric", metrics.NAMES["classification"])
def test_a_clearly_better_model_has_an_interval_above_zero(metric: str) -> None:
    found = bootstrap.interval(metric, LABEL, GOOD, WORSE, seed=1)
    assert found is not None and 0 < found[0] < found[1]


def test_a_model_against_itself_differs_by_nothing() -> None:
    assert bootstrap.interval("brier", LABEL, GOOD, GOOD, seed=1) == (0.0, 0.0)


def test_equal_seeds_give_equal_intervals() -> None:
    one, same, other = (bootstrap.interval("log_loss", LABEL, GOOD, WORSE, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_labels_of_one_class_define_no_ranking() -> None:
    assert bootstrap.interval("roc_auc", np.ones(10), GOOD[:10], WORSE[:10], seed=1) is None


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_values_are_those_of_the_metrics_module(task: metrics.Task) -> None:
    expected = metrics.compute(task, LABEL, GOOD)
    for name in metrics.NAMES[task]:
        assert bootstrap.value(name, LABEL, GOOD) == pytest.approx(expected[name], rel=1e-12)
