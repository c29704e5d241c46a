"""Made-up rows that the tests of training learn from."""

from __future__ import annotations

import datetime as dt

import numpy as np

from lakehouse.evaluation.labelled_rows import TrainingSet

NAMES = ("a", "b", "c", "d")


def rows(count: int, seed: int, task: str = "classification", day: dt.date = dt.date(2024, 1, 1)) -> TrainingSet:
    """Rows of one day whose label depends on the first two features."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4))
    features[rng.random(features.shape) < 0.1] = np.nan
    latent = np.nan_to_num(features[:, 0]) * 2 + np.nan_to_num(features[:, 1]) + rng.normal(0, 0.5, count)
    label = (latent > 0).astype(float) if task == "classification" else latent
    return TrainingSet(NAMES, features, label, np.full(count, np.datetime64(day)))
