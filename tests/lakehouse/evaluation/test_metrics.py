"""Metrics, against scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from lakehouse.declaration import metric_names
from lakehouse.evaluation import metrics

RNG = np.random.default_rng(2)
CHANCE = RNG.uniform(0.05, 0.95, 4000)
LABEL = (RNG.random(4000) < CHANCE).astype(float)


def test_metrics_of_decisions_are_those_of_scikit_learn() -> None:
    decided = CHANCE >= 0.4
    found = metrics.compute("classification", LABEL, CHANCE, decided)
    quiet, alarm, miss, hit = sk.confusion_matrix(LABEL, decided).ravel()
    assert [found[name] for name in metric_names.CONFUSION] == [hit, alarm, miss, quiet]
    assert found["precision"] == pytest.approx(sk.precision_score(LABEL, decided))
    assert found["recall"] == pytest.approx(sk.recall_score(LABEL, decided))
    assert found["f1"] == pytest.approx(sk.f1_score(LABEL, decided))


def test_without_decisions_nothing_is_said_of_them() -> None:
    assert set(metrics.compute("classification", LABEL, CHANCE)) == {
        *metric_names.NAMES["classification"],
        "calibration_gap",
        "calibration_error",
    }


def test_nobody_called_and_nobody_there_leave_what_they_do_not_define_open() -> None:
    none = metrics.compute("classification", np.zeros(3), np.full(3, 0.1), np.zeros(3, dtype=bool))
    assert [none[name] for name in metric_names.OF_DECISIONS] == [None, None, None]
    assert none["true_negatives"] == 3
    assert set(metrics.compute("classification", LABEL[:0], CHANCE[:0], CHANCE[:0] > 1).values()) == {None}


def test_scores_that_are_too_extreme_are_found_out() -> None:
    odds = np.log(CHANCE / (1 - CHANCE))
    extreme = 1 / (1 + np.exp(-2 * odds))
    honest, boastful = (metrics.compute("classification", LABEL, score) for score in (CHANCE, extreme))
    assert honest["calibration_error"] < 0.03 < 0.08 < boastful["calibration_error"]
    assert metrics.recalibration(LABEL, CHANCE) == pytest.approx((0, 1), abs=0.1)
    assert metrics.recalibration(LABEL, extreme)[1] == pytest.approx(0.5, abs=0.05)
    assert metrics.recalibration(np.ones(3), np.full(3, 0.4)) is None


def test_the_calibration_error_is_at_least_the_gap() -> None:
    found = metrics.compute("classification", LABEL, np.clip(CHANCE + 0.1, 0, 1))
    assert found["calibration_error"] >= found["calibration_gap"] > 0.05


def test_a_regression_is_measured_as_by_scikit_learn() -> None:
    value = RNG.normal(50, 10, 500)
    guess = value + RNG.normal(0, 5, 500)
    found = metrics.compute("regression", value, guess)
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(value, guess))
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(value, guess))
    assert found["mape"] == pytest.approx(sk.mean_absolute_percentage_error(value, guess))
    assert found["r2"] == pytest.approx(sk.r2_score(value, guess))


def test_a_label_of_zero_has_no_relative_error_and_equal_labels_no_variance() -> None:
    found = metrics.compute("regression", np.array([0.0, 10.0]), np.array([3.0, 11.0]))
    assert found["mape"] == pytest.approx(0.1)
    assert metrics.compute("regression", np.full(3, 2.0), np.full(3, 1.0))["r2"] is None
