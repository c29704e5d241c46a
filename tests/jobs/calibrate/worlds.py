"""Made-up histories for the tests of calibration: ordinary days of one kind, as training reads them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs import appointments

START = appointments.START
# Parameters to train with.
POINT = {"max_depth": 3, "eta": 0.3}


# Of each an ordinary history is walked through. All but the regression and the classes are yes or no.
KINDS = ("classification", "regression", "multiclass", "categories", "weekly")
CLASSES = ("kept", "late", "missed")
LEVELS = ("phone", "portal", "visit")
# Of a use case that is scored twice a week, everything takes three and a half times as long.
WEEKLY = ("monday", "thursday")
DAYS, WEEKLY_DAYS = 130, 420


def declared(kind: str = "classification", **drift: object) -> UseCase:
    """The appointments; as a regression their minutes, as classes how they went."""
    often = {
        "train": {"first": 60, "last": 23},
        "validation": {"first": 21, "last": 12},
        "holdout": {"first": 10, "last": 1},
    }
    seldom = {
        "train": {"first": 210, "last": 80},
        "validation": {"first": 77, "last": 42},
        "holdout": {"first": 37, "last": 1},
    }
    content = appointments.declaration(
        split=seldom if kind == "weekly" else often,
        model={"max_rounds": 12, "early_stopping_rounds": 4, "trials": 2},
        drift={"window_days": 5, "bins": 5, **drift},
    )
    content["gate"]["min_slice_rows"] = 20
    if kind == "weekly":
        content["calendar"]["scores"] = {"weekly": list(WEEKLY)}
    if kind == "categories":
        content["features"][2]["type"] = "category"
    if kind == "multiclass":
        content["sources"][1]["columns"].append({"name": "how", "type": "string", "nullable": True})
        content["label"] = {"source": "visits", "column": "how", "classes": list(CLASSES), "maturity_days": 1}
        content["model"] |= {"task": kind, "costs": {"missed": {"kept": 3}}}
        content["gate"] |= {"floors": {"recall_missed": 0.05}}
        content["gate"]["fairness"] = [{"slice": "clinic", "metric": "macro_recall", "max_gap": 0.9}]
    if kind == "regression":
        content["label"] = {key: value for key, value in content["label"].items() if key != "at_least"}
        content["model"]["task"], content["gate"] = (
            kind,
            {"metric": "rmse", "min_improvement": 0.0, "min_slice_rows": 20},
        )
    return UseCase.model_validate(content)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def length(use_case: UseCase) -> int:
    """Days of an ordinary history."""
    return DAYS if use_case.calendar.scores.daily else WEEKLY_DAYS


def history(use_case: UseCase, days: int, seed: int, rows_a_day: int = 30, moods: float = 0.3) -> TrainingSet:
    """Rows of so many days. Each day has a mood that all its rows share, some values are missing, one row in ten has no label."""
    dice = np.random.default_rng(seed)
    scored = [number for number in range(days) if use_case.calendar.scores.includes(day(number))]
    of_day = np.repeat(scored, rows_a_day)
    count = len(of_day)
    features = dice.normal(size=(count, 3)) + moods * dice.normal(size=(days, 3))[of_day]
    latent = features[:, 0] + 0.5 * features[:, 1] + moods * dice.normal(size=days)[of_day] + dice.normal(size=count)
    label = (latent > 0).astype(float) if use_case.binary else 10 * latent
    if use_case.classes:
        label = np.digitize(latent, [-0.4, 0.7]).astype(float)
    levels = dict.fromkeys(use_case.category_names, LEVELS)
    for name in levels:
        place = use_case.feature_names.index(name)
        features[:, place] = np.digitize(features[:, place], [-0.5, 0.8])
    features[dice.random(features.shape) < 0.05] = np.nan
    label[dice.random(count) < 0.1] = np.nan
    slices = {"clinic": np.where(np.arange(count) % 3 > 0, "north", "south").astype(np.str_)}
    stamps = np.datetime64(START) + of_day.astype("timedelta64[D]")
    return TrainingSet(use_case.feature_names, features, label, stamps, slices, levels)
