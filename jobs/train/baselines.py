"""The models to beat: the mean of the past, and a linear model of the same features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.train import probing
from lakehouse.declaration import Model
from lakehouse.evaluation import coded_rows, metrics
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.scorers.nightjar_linear import Linear

Metrics = dict[str, float | None]

CONSTANT = "baseline_constant"
LINEAR = "baseline_linear"


@dataclass(frozen=True)
class Baselines:
    """Both, fitted to the rows of ``past``; ``pipeline`` is scikit-learn's."""

    model: Model
    past: TrainingSet
    pipeline: Any

    @classmethod
    def fit(cls, model: Model, past: TrainingSet) -> Baselines:
        """Fit them."""
        return cls(model, past, linear(model, past).fit(past.features, past.label))

    def scores(self, rows: TrainingSet) -> dict[str, Floats]:
        """The scores of rows by each; of several classes a column a class."""
        coded = coded_rows.by_levels(rows, self.past.levels)
        if self.model.task == "multiclass":
            return {
                CONSTANT: np.tile(self._shares(), (len(rows), 1)),
                LINEAR: np.asarray(self.pipeline.predict_proba(coded.features), dtype=np.float64),
            }
        predicted = (
            self.pipeline.predict_proba(coded.features)[:, 1]
            if self.model.task == "classification"
            else self.pipeline.predict(coded.features)
        )
        return {
            CONSTANT: np.full(len(rows), self.past.label.mean()),
            LINEAR: np.asarray(predicted, dtype=np.float64),
        }

    def files(self) -> dict[str, Linear]:
        """Both as models of coefficients, for the gate."""
        task = self.model.task
        scale = {"classification": "logit", "multiclass": "softmax", "regression": "identity"}[task]
        if task == "regression":
            base = [float(self.past.label.mean())]
        elif task == "multiclass":
            base = np.log(self._shares()).tolist()
        else:
            mean = float(self.past.label.mean())
            base = [float(np.log(mean) - np.log1p(-mean))]
        said = {"scale": scale, "base": base, "terms": {}, "importance": {}, "texts": {}}
        return {CONSTANT: Linear(said), LINEAR: probing.as_coefficients(self.pipeline, self.past, scale)}

    def _shares(self) -> Floats:
        label = self.past.label.astype(np.int64)
        return np.bincount(label) / len(label)


def measure(model: Model, past: TrainingSet, holdout: TrainingSet) -> dict[str, Metrics]:
    """Metrics on the holdout of each baseline, fitted to ``past``."""
    return measured(Baselines.fit(model, past), holdout)


def measured(fitted: Baselines, holdout: TrainingSet, worth: RealisedWorth | None = None) -> dict[str, Metrics]:
    """Metrics on the holdout of each baseline, of a classification or a regression; with ``worth`` also what it was worth.

    A baseline's scores count as probabilities: it decides yes where that is expected to cost less than no.
    """
    model = fitted.model
    return {
        name: metrics.compute(model.task, holdout.label, score)
        | ({} if worth is None else worth.measured(holdout.label, score, score >= model.break_even))
        for name, score in fitted.scores(holdout).items()
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
