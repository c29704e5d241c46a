"""Training with categories: levels of the rows alone, the same model from the same rows, and a linear model beside it."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.train import baselines, fitting
from jobs.train.search import tuning
from lakehouse.declaration import Model, Range
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import category_record

MODEL = Model(
    task="classification",
    trials=2,
    max_rounds=15,
    early_stopping_rounds=5,
    max_levels=8,
    search={"max_depth": Range(low=2, high=4, integer=True)},
)
LEVELS = tuple("abcdefghij")


def rows(count: int, seed: int, levels: tuple[str, ...] = LEVELS, among: int = 10) -> TrainingSet:
    """Rows whose label depends on the level; ``levels`` is what else was read beside them."""
    dice = np.random.default_rng(seed)
    texts = dice.choice(LEVELS[:among], count, p=np.arange(among, 0, -1) / np.arange(among + 1).sum())
    codes = np.array([float(levels.index(text)) for text in texts])
    number = dice.normal(size=count)
    label = (np.isin(texts, ["b", "d", "f"]) * 2 - 1 + number + dice.normal(0, 0.5, count) > 0).astype(float)
    codes[dice.random(count) < 0.05] = np.nan
    days = np.full(count, np.datetime64("2024-01-01"))
    return TrainingSet(("c", "x"), np.column_stack([codes, number]), label, days, levels={"c": levels})


def test_the_model_depends_on_the_rows_and_not_on_what_else_was_read() -> None:
    files = []
    for levels in (LEVELS, ("0 more", *LEVELS, "~"), tuple(reversed(LEVELS))):
        train, validation = rows(600, 1, levels), rows(300, 2, levels)
        tuned = tuning.tune(MODEL, train, validation)
        files.append(fitting.file_bytes(fitting.fit(tuned, train, validation, MODEL.max_levels)))
    assert files[0] == files[1] == files[2]


def test_the_most_frequent_levels_are_learned_and_new_ones_missing() -> None:
    train, validation, holdout = rows(600, 1, among=9), rows(300, 2), rows(300, 3)
    tuned = tuning.tune(MODEL, train, validation)
    booster = fitting.fit(tuned, train, validation, MODEL.max_levels)
    assert category_record.levels_of(booster)["c"] == tuple("abcdefgh") and booster.feature_types == ["c", "q"]
    coded = fitting.coded(booster, holdout)
    unknown = np.isin(holdout.features[:, 0], [8, 9])
    assert unknown.any() and np.isnan(coded.features[unknown, 0]).all()
    mine = metrics.compute("classification", holdout.label, fitting.score(booster, coded.features))
    linear = baselines.measure(MODEL, fitting.joined(train, validation), holdout)[baselines.LINEAR]
    blind = baselines.measure(MODEL, *(numbers_alone(part) for part in (fitting.joined(train, validation), holdout)))
    assert mine["roc_auc"] > 0.85 and linear["roc_auc"] > 0.85
    assert blind[baselines.LINEAR]["roc_auc"] < linear["roc_auc"] - 0.1


def numbers_alone(part: TrainingSet) -> TrainingSet:
    return TrainingSet(("x",), part.features[:, 1:], part.label, part.days)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_categories_alone_have_a_linear_model_too(task: str) -> None:
    past, holdout = (
        TrainingSet(("c",), part.features[:, :1], part.label, part.days, levels=part.levels)
        for part in (rows(400, 1, among=9), rows(200, 2))
    )
    found = baselines.measure(MODEL.model_copy(update={"task": task}), past, holdout)
    loss = "log_loss" if task == "classification" else "rmse"
    assert found[baselines.LINEAR][loss] < found[baselines.CONSTANT][loss]


@pytest.mark.parametrize("fixed", [{}, {"booster": "dart"}, {"max_cat_to_onehot": 50, "max_cat_threshold": 2}], ids=str)
def test_a_category_without_a_value_and_one_of_many_levels_are_trained_on(fixed: dict[str, float | str]) -> None:
    dice, many = np.random.default_rng(9), tuple(sorted(f"level {number}" for number in range(600)))
    model = MODEL.model_copy(update={"fixed": fixed, "max_levels": 500})

    def part(count: int) -> TrainingSet:
        features = np.column_stack([np.full(count, np.nan), dice.integers(0, 600, count), dice.random(count)])
        label = (features[:, 1] % 2 + features[:, 2] > 1).astype(float)
        days = np.full(count, np.datetime64("2024-01-01"))
        return TrainingSet(("none", "many", "x"), features, label, days, levels={"none": (), "many": many})

    train, validation, holdout = part(3000), part(500), part(500)
    tuned = tuning.tune(model, train, validation)
    booster = fitting.fit(tuned, train, validation, model.max_levels)
    levels = category_record.levels_of(booster)
    assert levels["none"] == () and len(levels["many"]) == 500
    assert np.isfinite(fitting.score(booster, fitting.coded(booster, holdout).features)).all()
    linear = baselines.measure(model, fitting.joined(train, validation), holdout)[baselines.LINEAR]
    assert linear["roc_auc"] is not None
