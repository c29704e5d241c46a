"""The models to beat: the mean of the past, and a linear model of the same features."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from lakehouse.declaration import Model
from lakehouse.evaluation import coded_rows, metrics
from lakehouse.evaluation.labelled_rows import TrainingSet

Metrics = dict[str, float | None]

CONSTANT = "baseline_constant"
LINEAR = "baseline_linear"


def measure(model: Model, past: TrainingSet, holdout: TrainingSet) -> dict[str, Metrics]:
    """Metrics on the holdout of each baseline, fitted to ``past``."""
    constant = np.full(len(holdout), past.label.mean())
    holdout = coded_rows.by_levels(holdout, past.levels)
    fitted = linear(model, past).fit(past.features, past.label)
    predicted = (
        fitted.predict_proba(holdout.features)[:, 1]
        if model.task == "classification"
        else fitted.predict(holdout.features)
    )
    return {
        CONSTANT: metrics.compute(model.task, holdout.label, constant),
        LINEAR: metrics.compute(model.task, holdout.label, np.asarray(predicted, dtype=np.float64)),
    }


def linear(model: Model, past: TrainingSet) -> Any:
    """Numbers: missing values filled with the median and marked, all standardised. Categories: one column a level, and one for
    those without a value; a level that is new on the holdout has none. Then a linear or logistic regression.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # A feature that is never known has no median; it is filled with 0, and the imputer warns each time.
    warnings.filterwarnings("ignore", message="Skipping features without any observed values")
    regression = LinearRegression() if model.task == "regression" else LogisticRegression(max_iter=200)
    numbers = (SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler())
    if not past.levels:
        return make_pipeline(*numbers, regression)
    places = {name: position for position, name in enumerate(past.names)}
    of_numbers = [place for name, place in places.items() if name not in past.levels]
    steps = [("categories", OneHotEncoder(handle_unknown="ignore"), [places[name] for name in past.levels])]
    if of_numbers:
        steps.append(("numbers", make_pipeline(*numbers), of_numbers))
    # Sparse: a thousand levels of a million rows would not fit into memory.
    return make_pipeline(ColumnTransformer(steps, sparse_threshold=1.0), regression)
