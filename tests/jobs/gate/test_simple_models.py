"""A challenger beside the baselines of its training, on the gate's metric, worth among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jobs.gate import measurement, simple_models
from jobs.gate.measurement import Measured
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.scorers.nightjar_linear import Linear
from tests.jobs import appointments

WORTH = {"currency": "EUR", "true_positive": 6, "false_positive": -2, "true_negative": 0, "false_negative": 0}


def declared(**sections: Any) -> UseCase:
    content = appointments.declaration(name="pairs")
    for name in ("cost_of_miss", "cost_of_false_alarm"):
        content["model"].pop(name, None)
    gate = {"metric": "log_loss", "min_improvement": 0.0, "baselines": "compare"}
    return UseCase.model_validate(content | {"slices": [], "gate": gate} | sections)


def constant(share: float) -> Linear:
    odds = float(np.log(share / (1 - share)))
    return Linear({"scale": "logit", "base": [odds], "terms": {}, "importance": {}, "texts": {}})


def challenger(case: UseCase, days: int = 10, rows_a_day: int = 60) -> Measured:
    """A model that is right three times of four; every third row is a yes."""
    dice = np.random.default_rng(3)
    label = (np.arange(days * rows_a_day) % 3 == 0).astype(float)
    said = np.where(dice.random(len(label)) < 0.75, label, 1 - label)
    rows = TrainingSet(
        ("x",), said[:, None], label, np.datetime64("2024-06-01") + np.repeat(np.arange(days), rows_a_day)
    )
    weight = {"x": {"mean": 0.5, "weight": [4.0], "missing": [0.0]}}
    model = Linear({"scale": "logit", "base": [-0.7], "terms": weight, "importance": {}, "texts": {}})
    return measurement.of_model(model, 0.25, rows, case, "the model")


@pytest.mark.parametrize("metric", ["log_loss", "worth_per_row", "worth"])
def test_a_baseline_decides_as_its_probability_and_the_declared_worth_say(metric: str) -> None:
    case = declared(worth=WORTH, gate={"metric": metric, "min_improvement": 0.0, "baselines": "compare"})
    mine = challenger(case)
    # A yes pays from a probability of 0.25 on: at 0.3 everybody gets one, at 0.2 nobody.
    often, seldom = simple_models.compare(case, mine, {"often": constant(0.3), "seldom": constant(0.2)})
    assert often.challenger == seldom.challenger
    if metric == "log_loss":
        return
    rows = len(mine.rows) if metric == "worth" else 1
    third = 1 / 3
    assert often.baseline == pytest.approx((third * 6 - 2 * third * 2) * rows)
    assert seldom.baseline == pytest.approx(0.0)
    assert often.gain is not None and often.gain.value == pytest.approx(often.challenger - often.baseline)


def test_without_worth_the_metrics_of_scores_are_compared() -> None:
    case = declared()
    (found,) = simple_models.compare(case, challenger(case), {"constant": constant(1 / 3)})
    entropy = -(np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3)
    assert found.baseline == pytest.approx(entropy)
    assert found.gain is not None and found.gain.value == pytest.approx(entropy - found.challenger)
