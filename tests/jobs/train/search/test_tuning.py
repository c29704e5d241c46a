"""The search and the final fit."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.train import baselines, fitting
from jobs.train.search import space, tuning
from jobs.train.search.study import Trial
from lakehouse.declaration import Model, Range, metric_names
from lakehouse.errors import DeclarationError
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.train.rows import rows

MODEL = Model(task="classification", trials=4, max_rounds=25, early_stopping_rounds=5)


TRAIN, VALIDATION, HOLDOUT = rows(600, 1), rows(200, 2), rows(200, 3)


def test_the_same_rows_give_the_same_model_to_the_byte() -> None:
    files = []
    for _ in range(2):
        tuned = tuning.tune(MODEL, TRAIN, VALIDATION)
        files.append(fitting.file_bytes(fitting.fit(tuned, TRAIN, VALIDATION)))
    assert files[0] == files[1]


def test_another_seed_gives_another_model() -> None:
    other = MODEL.model_copy(update={"seed": 7})
    one, two = (tuning.tune(model, TRAIN, VALIDATION) for model in (MODEL, other))
    assert [t.params for t in one.trials[1:]] != [t.params for t in two.trials[1:]]


def test_the_model_file_names_the_features_and_scores_alike_when_loaded() -> None:
    import xgboost

    booster = fitting.fit(tuning.tune(MODEL, TRAIN, VALIDATION), TRAIN, VALIDATION)
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(fitting.file_bytes(booster)))
    assert loaded.feature_names == ["a", "b", "c", "d"]
    assert np.array_equal(fitting.score(loaded, HOLDOUT.features), fitting.score(booster, HOLDOUT.features))


def test_the_first_trial_is_the_middle_of_every_range() -> None:
    model = MODEL.model_copy(
        update={
            "trials": 1,
            "search": {"eta": Range(low=0.01, high=1, log=True), "max_depth": Range(low=2, high=6, integer=True)},
        }
    )
    tuned = tuning.tune(model, TRAIN, VALIDATION)
    assert tuned.trials[0].params == {"eta": pytest.approx(0.1), "max_depth": 4}


def test_every_trial_is_reported_with_its_end() -> None:
    seen: list[Trial] = []
    tuned = tuning.tune(MODEL.model_copy(update={"trials": 8}), TRAIN, VALIDATION, seen.append)
    assert [trial.number for trial in seen] == list(range(8))
    complete = [trial for trial in seen if trial.state == "complete"]
    assert tuned.rounds == min(complete, key=lambda trial: trial.loss).rounds


def test_the_validation_scores_are_those_of_the_best_trial() -> None:
    tuned = tuning.tune(MODEL, TRAIN, VALIDATION)
    found = metrics.compute("classification", VALIDATION.label, tuned.validation_score)["log_loss"]
    assert found == pytest.approx(min(trial.loss for trial in tuned.trials if trial.state == "complete"), rel=1e-5)


def test_fixed_parameters_hold_but_scores_stay_probabilities() -> None:
    model = MODEL.model_copy(update={"fixed": {"max_depth": 2, "objective": "reg:squarederror"}})
    assert "max_depth" not in space.ranges(model)
    found = space.parameters(model, {})
    assert found["max_depth"] == 2 and found["objective"] == "binary:logistic"


def test_bins_can_not_be_searched() -> None:
    model = MODEL.model_copy(update={"search": {"max_bin": Range(low=16, high=256, integer=True)}})
    with pytest.raises(DeclarationError, match=r"max_bin: expected under model\.fixed"):
        tuning.tune(model, TRAIN, VALIDATION)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_model_and_the_linear_baseline_beat_the_constant(task: metric_names.Task) -> None:
    model = MODEL.model_copy(update={"task": task})
    train, validation, holdout = (rows(count, seed, task) for count, seed in ((600, 1), (200, 2), (200, 3)))
    booster = fitting.fit(tuning.tune(model, train, validation), train, validation)
    loss = metric_names.LOSS[task]
    found = baselines.measure(model, fitting.joined(train, validation), holdout)
    mine = metrics.compute(task, holdout.label, fitting.score(booster, holdout.features))[loss]
    constant, linear = found[baselines.CONSTANT][loss], found[baselines.LINEAR][loss]
    assert mine is not None and constant is not None and linear is not None
    assert mine < constant and linear < constant


def test_a_feature_that_is_never_known_does_not_stop_the_baselines() -> None:
    empty = TrainingSet(TRAIN.names, TRAIN.features.copy(), TRAIN.label, TRAIN.days)
    empty.features[:, 2] = np.nan
    assert baselines.measure(MODEL, empty, HOLDOUT)[baselines.LINEAR]["log_loss"] is not None
