"""The threshold that costs least."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.train.threshold import cheapest


def cost(label: np.ndarray, score: np.ndarray, threshold: float, miss: float, alarm: float) -> float:
    yes = score >= threshold
    return miss * float(label[~yes].sum()) + alarm * float((1 - label)[yes].sum())


@pytest.mark.parametrize(("miss", "alarm"), [(1, 1), (3, 1), (1, 5), (100, 1)])
def test_no_other_threshold_costs_less(miss: float, alarm: float) -> None:
    rng = np.random.default_rng(3)
    score = np.round(rng.random(300), 2)  # rounded: many scores are equal
    label = (rng.random(300) < score).astype(float)
    found = cost(label, score, cheapest(label, score, miss, alarm), miss, alarm)
    assert found == min(cost(label, score, other, miss, alarm) for other in (*score, 2.0))


def test_of_equally_cheap_thresholds_the_greatest_is_taken() -> None:
    assert cheapest(np.array([1.0, 0.0, 1.0]), np.array([0.1, 0.5, 0.9]), 1, 1) == 0.9


def test_when_no_alarm_is_worth_it_nothing_is_decided_yes() -> None:
    score = np.array([0.1, 0.4])
    threshold = cheapest(np.array([0.0, 0.0]), score, 1, 1)
    assert not (score >= threshold).any()


def test_when_every_miss_is_dear_everything_is_decided_yes() -> None:
    score = np.array([0.1, 0.4])
    assert cheapest(np.array([1.0, 0.0]), score, 9, 1) == 0.1
