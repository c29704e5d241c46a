"""The models to beat: the mean of the past, and a linear model of the same features."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from lakehouse.declaration import Model
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import TrainingSet

Metrics = dict[str, float | None]

CONSTANT = "baseline_constant"
LINEAR = "baseline_linear"


def measure(model: Model, past: TrainingSet, holdout: TrainingSet) -> dict[str, Metrics]:
    """Metrics on the holdout of each baseline, fitted to ``past``."""
    constant = np.full(len(holdout), past.label.mean())
    fitted = _linear(model).fit(past.features, past.label)
    linear = (
        fitted.predict_proba(holdout.features)[:, 1]
        if model.task == "classification"
        else fitted.predict(holdout.features)
    )
    return {
        CONSTANT: metrics.compute(model.task, holdout.label, constant),
        LINEAR: metrics.compute(model.task, holdout.label, np.asarray(linear, dtype=np.float64)),
    }


def _linear(model: Model) -> Any:
    """Missing values filled with the median and marked, all standardised, then a linear or logistic regression."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # A feature that is never known has no median; it is filled with 0, and the imputer warns each time.
    warnings.filterwarnings("ignore", message="Skipping features without any observed values")
    regression = LogisticRegression(max_iter=200) if model.task == "classification" else LinearRegression()
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler(), regression
    )
