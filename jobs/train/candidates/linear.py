"""The linear model: standardised numbers, categories one by one, L2; fitted by scikit-learn and kept as coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from jobs.train.candidates.design import Design
from jobs.train.search import intercept as start
from lakehouse.declaration import Model
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import category_record
from lakehouse.scorers.nightjar_linear import Linear

MOST_STEPS = 1_000
TOLERANCE = 1e-6
# Up to so many columns, times classes, Newton's method is the quickest, and as exact as can be: it solves for all at once.
NEWTON_COLUMNS = 300
# XGBoost's own, where none is declared.
TWEEDIE_POWER = 1.5


def fit(model: Model, rows: TrainingSet, strength: float) -> Linear:
    """The linear counterpart of the declared objective, fitted to labelled rows whose categories are coded by learned levels.

    The same rows give the same bytes, whatever cores there are.

    Args:
        model: declares task and objective.
        rows: to fit to.
        strength: how little the coefficients are pulled towards 0 (scikit-learn's C).
    """
    design, scale = Design.of(rows), model.objective.scale
    with threadpool_limits(limits=1):
        weight = None if rows.weighting is None else rows.weighting.weight
        coefficients, intercept = _solved(model, design.matrix(rows), rows.label, strength, weight)
    if rows.weighting is not None and rows.weighting.offset:
        # Intercepts are not pulled towards 0: taken from them afterwards or added to each row before, the fit is the same.
        intercept = intercept - np.array(rows.weighting.offset)
    terms, base = design.terms(coefficients)
    said = {"scale": scale, "base": (intercept + base).tolist(), "terms": terms, "importance": {}, "texts": {}}
    spread = _spread(Linear(said), rows)
    total = sum(spread.values()) or 1.0
    said["importance"] = {name: value / total for name, value in spread.items() if value > 0}
    fitted = Linear(said)
    if rows.weighting is not None and rows.weighting.offset:
        shift = start.level(fitted.margin(rows.features), rows)
        fitted = Linear({**said, "base": (np.array(said["base"]) + shift).tolist()})
    category_record.keep(fitted, rows.levels)
    return fitted


def _solved(
    model: Model, columns: Any, label: Floats, strength: float, weight: Floats | None = None
) -> tuple[Floats, Floats]:
    """Coefficients of shape (columns, classes), and the intercepts."""
    from sklearn import linear_model

    classes = int(label.max()) + 1 if model.task == "multiclass" else 1
    if not columns.shape[1]:
        columns = np.zeros((len(label), 1))
        coefficients, intercept = _solved(model, columns, label, strength, weight)
        return coefficients[:0], intercept
    if model.objective.scale in ("logit", "softmax"):
        few = columns.shape[1] * classes <= NEWTON_COLUMNS
        regression = linear_model.LogisticRegression(
            C=strength, max_iter=MOST_STEPS, tol=TOLERANCE, solver="newton-cholesky" if few else "lbfgs"
        )
        if model.task == "regression":
            # A share is so much of a yes and the rest of a no.
            return _shares(regression, columns, label, weight)
        regression.fit(columns, label, sample_weight=weight)
        if classes == 2:
            # One line for both: the first class's margin is 0.
            still = np.zeros((columns.shape[1], 1)), np.zeros(1)
            return np.hstack([still[0], regression.coef_.T]), np.concatenate([still[1], regression.intercept_])
        return regression.coef_.T, regression.intercept_
    if model.objective.scale == "identity":
        size = float(label.std()) or 1.0
        ridge = linear_model.Ridge(alpha=1 / strength).fit(columns, label / size, sample_weight=weight)
        return ridge.coef_.reshape(-1, 1) * size, np.atleast_1d(ridge.intercept_) * size
    power = {"count:poisson": 1.0, "reg:gamma": 2.0}.get(model.objective_name)
    if power is None:
        power = float(model.fixed.get("tweedie_variance_power", TWEEDIE_POWER))
    counts = linear_model.TweedieRegressor(
        power=power, link="log", alpha=1 / (strength * len(label)), max_iter=MOST_STEPS, tol=TOLERANCE
    ).fit(columns, label, sample_weight=weight)
    return counts.coef_.reshape(-1, 1), np.atleast_1d(counts.intercept_)


def _shares(regression: Any, columns: Any, label: Floats, own: Floats | None) -> tuple[Floats, Floats]:
    from scipy import sparse

    stack = sparse.vstack if sparse.issparse(columns) else np.vstack
    weight = np.concatenate([label, 1 - label])
    weight = weight if own is None else weight * np.tile(own, 2)
    yes = np.repeat([1.0, 0.0], len(label))
    regression.fit(stack([columns, columns]), yes, sample_weight=weight)
    return regression.coef_.T, regression.intercept_


def _spread(fitted: Linear, rows: TrainingSet) -> dict[str, float]:
    """The standard deviation of each term over the rows, of several classes their mean."""
    classes = len(fitted.said["base"])
    found = np.zeros(len(rows.names))
    for number in range(classes):
        chosen = np.full(len(rows), number, dtype=np.int64)
        found += fitted.contributions(rows.features, of_class=chosen)[0].std(axis=0)
    return dict(zip(rows.names, (found / classes).tolist(), strict=True))
