"""Made-up histories for the tests of calibration: ordinary days of one kind, as training reads them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs import appointments

START = appointments.START


def declared(task: str = "classification", **drift: object) -> UseCase:
    """The appointments; as a regression their minutes."""
    content = appointments.declaration(
        split={
            "train": {"first": 60, "last": 23},
            "validation": {"first": 21, "last": 12},
            "holdout": {"first": 10, "last": 1},
        },
        model={"max_rounds": 12, "early_stopping_rounds": 4, "trials": 2},
        drift={"window_days": 5, "bins": 5, **drift},
    )
    content["gate"]["min_slice_rows"] = 20
    if task == "regression":
        content["label"] = {key: value for key, value in content["label"].items() if key != "at_least"}
        content["model"]["task"], content["gate"] = (
            task,
            {"metric": "rmse", "min_improvement": 0.0, "min_slice_rows": 20},
        )
    return UseCase.model_validate(content)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def history(use_case: UseCase, days: int, seed: int, rows_a_day: int = 30, moods: float = 0.3) -> TrainingSet:
    """Rows of so many days. Each day has a mood that all its rows share, some values are missing, one row in ten has no label."""
    dice = np.random.default_rng(seed)
    count = days * rows_a_day
    of_day = np.repeat(np.arange(days), rows_a_day)
    features = dice.normal(size=(count, 3)) + moods * dice.normal(size=(days, 3))[of_day]
    latent = features[:, 0] + 0.5 * features[:, 1] + moods * dice.normal(size=days)[of_day] + dice.normal(size=count)
    label = (latent > 0).astype(float) if use_case.binary else 10 * latent
    features[dice.random(features.shape) < 0.05] = np.nan
    label[dice.random(count) < 0.1] = np.nan
    slices = {"clinic": np.where(np.arange(count) % 3 > 0, "north", "south").astype(np.str_)}
    stamps = np.datetime64(START) + of_day.astype("timedelta64[D]")
    return TrainingSet(use_case.feature_names, features, label, stamps, slices)
