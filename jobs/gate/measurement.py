"""A model measured on labelled rows, and two models compared on them: by how much they differ, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.gate.results import CERTAINTY, IntervalEstimate, SliceGain, SliceGap
from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.errors import ModelRefused
from lakehouse.evaluation import coded_rows, day_bootstrap, metrics, slices
from lakehouse.evaluation.day_bootstrap import Draws, Floats
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import artifacts, category_record, class_decision, xgboost_model
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion


@dataclass(frozen=True)
class Measured:
    """The labelled rows, and a model's scores and decisions on them."""

    rows: TrainingSet
    predictions: Rows


def measure(model: ModelVersion, rows: TrainingSet, use_case: UseCase) -> Measured:
    """The model's scores, and its decisions by its own threshold, or of several classes by its own costs."""
    scores = score(model, rows)
    if use_case.classes:
        rule = _rule(model, use_case)
        decided = rule.among(use_case.classes)[rule.decide(scores)]
        return Measured(rows, Rows(rows.label, rule.arranged(scores, use_case.classes), decided))
    decisions = None if model.threshold is None or not use_case.binary else scores >= model.threshold
    return Measured(rows, Rows(rows.label, scores, decisions))


def score(model: ModelVersion, rows: TrainingSet) -> Floats:
    """The model's scores of the rows, from XGBoost's own format; of several classes a column for each of the model's.

    Raises:
        ModelRefused: when the file names other features than the version's tags.
    """
    booster = xgboost_model.load(artifacts.model_bytes(model))
    names = list(model.features)
    if booster.feature_names != names:
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected the features of its tags, {', '.join(names)}; its "
            f"file names {', '.join(booster.feature_names or ['none'])}; train a new version"
        )
    coded = coded_rows.by_levels(rows, category_record.levels_of(booster))
    columns = coded.features[:, [rows.names.index(name) for name in names]]
    return np.asarray(booster.inplace_predict(np.ascontiguousarray(columns), validate_features=False), dtype=np.float64)


def _rule(model: ModelVersion, use_case: UseCase) -> ClassRule:
    """How the model decides for one of several classes.

    Raises:
        ModelRefused: when it does not, or does for a class that is declared no longer.
    """
    booster = xgboost_model.load(artifacts.model_bytes(model))
    rule = class_decision.rule_of(booster, use_case, f"model {model.name} version {model.version}")
    assert rule is not None
    return rule


def gains(
    use_case: UseCase, challenger: Measured, champion: Measured
) -> tuple[IntervalEstimate | None, tuple[SliceGain, ...]]:
    """By how much the challenger is better on the gate's metric, on all rows and in each slice, on the same drawn days."""
    metric, rows = use_case.gate.metric, challenger.rows
    draws = Draws.of(rows.days, use_case.model.seed)

    def gain(kept: day_bootstrap.Bools) -> IntervalEstimate | None:
        new, old = (day_bootstrap.value(metric, model.predictions[kept]) for model in (challenger, champion))
        if new is None or old is None:
            return None
        drawn_new, drawn_old = (draws.values(metric, model.predictions, kept) for model in (challenger, champion))
        drawn = metrics.better_by(metric, drawn_new, drawn_old)
        return _estimate(metrics.better_by(metric, new, old), drawn, rows, kept)

    by_slice = [(name, value, gain(kept)) for name, value, kept in slices.parts(rows)]
    whole = gain(np.ones(len(rows), dtype=bool))
    return whole, tuple(SliceGain(name, value, estimate) for name, value, estimate in by_slice if estimate is not None)


def gaps(use_case: UseCase, model: Measured) -> tuple[SliceGap, ...]:
    """Each declared fairness limit's metric on each value of its slice, less that on all rows."""
    rows, predictions = model.rows, model.predictions
    draws = Draws.of(rows.days, use_case.model.seed)
    by_slice = []
    for limit in use_case.gate.fairness:
        whole, whole_drawn = day_bootstrap.value(limit.metric, predictions), draws.values(limit.metric, predictions)
        for name, value, kept in slices.parts(rows):
            part = day_bootstrap.value(limit.metric, predictions[kept]) if name == limit.slice else None
            if part is not None and whole is not None:
                drawn = draws.values(limit.metric, predictions, kept) - whole_drawn
                by_slice.append(SliceGap(limit, value, _estimate(part - whole, drawn, rows, kept)))
    return tuple(by_slice)


def _estimate(value: float, drawn: Floats, rows: TrainingSet, kept: day_bootstrap.Bools) -> IntervalEstimate:
    days = slices.days_of(rows, kept)
    low, high = day_bootstrap.interval(drawn, days, CERTAINTY) or (None, None)
    return IntervalEstimate(value, low, high, int(kept.sum()), days)
