"""A model measured on labelled rows, and two models compared on them: by how much they differ, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jobs.gate.results import CERTAINTY, IntervalEstimate, Metrics, SliceGain, SliceGap
from lakehouse.declaration import UseCase, class_names
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.errors import ModelRefused
from lakehouse.evaluation import class_metrics, coded_rows, day_bootstrap, metrics, slices
from lakehouse.evaluation.day_bootstrap import Draws, Floats
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.models import artifacts, category_record, class_decision
from lakehouse.models.registry import ModelVersion
from lakehouse.scorers import model_files
from lakehouse.scorers.scorer import Scorer


@dataclass(frozen=True)
class Measured:
    """The labelled rows, and a model's scores and decisions on them."""

    rows: TrainingSet
    predictions: Rows


def measure(model: ModelVersion, rows: TrainingSet, use_case: UseCase) -> Measured:
    """The model's scores, and its decisions by its own threshold, or of several classes by its own costs."""
    return of_model(_loaded(model), model.threshold, rows, use_case, _words(model))


def of_model(model: Any, threshold: float | None, rows: TrainingSet, use_case: UseCase, what: str) -> Measured:
    """The same of a model that may be no registered version; ``what`` names it in an error.

    Raises:
        ModelRefused: when it decides for none of several declared classes, or for one that is declared no longer.
    """
    scores = _scores(model, rows)
    if use_case.classes:
        rule = class_decision.rule_of(model, use_case, what)
        assert rule is not None
        decided = rule.among(use_case.classes)[rule.decide(scores)]
        return Measured(rows, _with_worth(use_case, Rows(rows.label, rule.arranged(scores, use_case.classes), decided)))
    decisions = None if threshold is None or not use_case.binary else scores >= threshold
    return Measured(rows, _with_worth(use_case, Rows(rows.label, scores, decisions)))


def _with_worth(use_case: UseCase, predictions: Rows) -> Rows:
    worth = RealisedWorth.of(use_case)
    if worth is None:
        return predictions
    of_rows = worth.of_rows(predictions.label, predictions.score, predictions.decided)
    return replace(predictions, worth=of_rows)


def score(model: ModelVersion, rows: TrainingSet) -> Floats:
    """The model's scores of the rows, of several classes a column for each of the model's.

    Raises:
        ModelRefused: when the file names other features than the version's tags.
    """
    return _scores(_loaded(model), rows)


def _loaded(model: ModelVersion) -> Scorer:
    loaded = model_files.load(artifacts.model_bytes(model))
    names = list(model.features)
    if list(loaded.feature_names) != names:
        raise ModelRefused(
            f"{_words(model)}: expected the features of its tags, {', '.join(names)}; its file names "
            f"{', '.join(loaded.feature_names) or 'none'}; train a new version"
        )
    return loaded


def _words(model: ModelVersion) -> str:
    return f"model {model.name} version {model.version}"


def _scores(model: Any, rows: TrainingSet) -> Floats:
    coded = coded_rows.by_levels(rows, category_record.levels_of(model))
    columns = coded.features[:, [rows.names.index(name) for name in model.feature_names]]
    return model_files.of(model).score(np.ascontiguousarray(columns))


def metrics_of(use_case: UseCase, model: Measured) -> Metrics:
    """All metrics of the task; of several classes also those of each."""
    predictions = model.predictions
    measured = metrics.compute(use_case.model.task, predictions.label, predictions.score, predictions.decided)
    if (worth := RealisedWorth.of(use_case)) is not None:
        measured |= worth.measured(predictions.label, predictions.score, predictions.decided)
        measured |= worth.of_everybody(predictions.label)
    if not use_case.classes:
        return measured
    assert predictions.decided is not None
    columns, decided = tuple(map(class_names.in_column, use_case.classes)), predictions.decided.astype(int)
    return measured | class_metrics.named(columns, predictions.label, predictions.score, decided)


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


def gain(use_case: UseCase, challenger: Measured, other: Measured) -> IntervalEstimate | None:
    """By how much the challenger is better than another model on the gate's metric, on all rows; None where it is not defined."""
    metric, rows = use_case.gate.metric, challenger.rows
    new, old = (day_bootstrap.value(metric, model.predictions) for model in (challenger, other))
    if new is None or old is None:
        return None
    draws = Draws.of(rows.days, use_case.model.seed)
    drawn_new, drawn_old = (draws.values(metric, model.predictions) for model in (challenger, other))
    drawn = metrics.better_by(metric, drawn_new, drawn_old)
    return _estimate(metrics.better_by(metric, new, old), drawn, rows, np.ones(len(rows), dtype=bool))


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
