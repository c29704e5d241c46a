"""The paired bootstrap over days."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.declaration import metric_names
from lakehouse.declaration.metric_catalogue import METRICS, Rows
from lakehouse.evaluation import day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import Draws

RNG = np.random.default_rng(0)
DAYS = np.repeat(np.arange("2024-05-01", "2024-05-11", dtype="datetime64[D]"), 60)
LABEL = (RNG.random(600) < 0.3).astype(float)
GOOD = np.clip(0.3 + 0.4 * (LABEL - 0.3) + RNG.normal(0, 0.1, 600), 0.01, 0.99)
WORSE = np.clip(0.3 + 0.1 * (LABEL - 0.3) + RNG.normal(0, 0.1, 600), 0.01, 0.99)
OF_BOTH = [*metric_names.NAMES["classification"], *metric_names.OF_DECISIONS]


def rows(score: np.ndarray) -> Rows:
    return Rows(LABEL, score, score >= 0.35)


def gain(metric: str, one: np.ndarray, other: np.ndarray, seed: int = 1) -> tuple[float, float]:
    draws = Draws.of(DAYS, seed, resamples=500)
    better = metrics.better_by(metric, draws.values(metric, rows(one)), draws.values(metric, rows(other)))
    found = day_bootstrap.interval(better, days=10)
    assert found is not None
    return found


@pytest.mark.parametrize("metric", OF_BOTH)
def test_a_clearly_better_model_has_an_interval_above_zero(metric: str) -> None:
    low, high = gain(metric, GOOD, WORSE)
    assert 0 < low < high


def test_a_model_against_itself_differs_by_nothing() -> None:
    assert gain("brier", GOOD, GOOD) == (0.0, 0.0)


def test_equal_seeds_give_equal_intervals() -> None:
    one, same, other = (gain("log_loss", GOOD, WORSE, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_rows_that_share_their_day_are_no_evidence_of_their_own() -> None:
    """One day on which the one model does much better, repeated in each of its rows, decides nothing."""
    lucky = np.concatenate([GOOD[:60], WORSE[60:]])
    low, _ = gain("log_loss", lucky, WORSE)
    assert low <= 0
    of_rows = Draws.of(np.arange(600).astype("datetime64[D]"), 1, resamples=500)
    better = of_rows.values("log_loss", rows(WORSE)) - of_rows.values("log_loss", rows(lucky))
    assert day_bootstrap.interval(better, days=600)[0] > 0


def test_few_days_widen_the_interval() -> None:
    found = np.random.default_rng(1).normal(size=4000)
    wide, narrow = day_bootstrap.interval(found, days=5), day_bootstrap.interval(found, days=500)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert narrow == pytest.approx((-1.96, 1.96), abs=0.1)
    assert day_bootstrap.interval(found, days=1) is None


def test_what_the_drawn_days_do_not_define_has_no_interval() -> None:
    draws = Draws.of(DAYS, 1, resamples=50)
    certain = Rows(np.ones(600), GOOD)
    for metric in ("roc_auc", "average_precision"):
        assert day_bootstrap.interval(draws.values(metric, certain), days=10) is None
    nobody = draws.values("brier", certain, np.zeros(600, dtype=bool))
    assert day_bootstrap.interval(nobody, days=10) is None


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.formula is not None])
def test_a_metric_of_days_drawn_once_is_that_of_their_rows(name: str) -> None:
    expected = metrics.value(name, LABEL, GOOD, GOOD >= 0.35)
    assert day_bootstrap.value(name, rows(GOOD)) == pytest.approx(expected, rel=1e-9)


def test_a_drawn_day_counts_as_often_as_it_was_drawn() -> None:
    draws = Draws.of(DAYS, 3, resamples=4)
    index = [np.repeat(np.arange(600), weights[draws.day].astype(int)) for weights in draws.weights]
    for metric in OF_BOTH:
        expected = [day_bootstrap.value(metric, Rows(LABEL[i], GOOD[i], GOOD[i] >= 0.35)) for i in index]
        assert draws.values(metric, rows(GOOD)) == pytest.approx(expected), metric


def test_rankings_of_many_rows_are_those_of_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = day_bootstrap.value("roc_auc", rows(WORSE))
    monkeypatch.setattr(day_bootstrap, "RANKS", 50)
    near = day_bootstrap.value("roc_auc", rows(WORSE))
    assert near != exact and near == pytest.approx(exact, abs=5e-3)
