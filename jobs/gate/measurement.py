"""A model on the rows that are judged, and two of them against each other: by how much, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.gate.evidence import CERTAINTY, IntervalEstimate, SliceGain, SliceGap
from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.errors import ModelRefused
from lakehouse.evaluation import day_bootstrap, metrics, slices
from lakehouse.evaluation.day_bootstrap import Draws, Floats
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import artifacts, xgboost_model
from lakehouse.models.registry import ModelVersion


@dataclass(frozen=True)
class Measured:
    """The rows that are judged, and a model's scores and decisions on them."""

    judged: TrainingSet
    rows: Rows


def of(model: ModelVersion, judged: TrainingSet, use_case: UseCase) -> Measured:
    """The model's scores, and its decisions by its own threshold."""
    scored = score(model, judged)
    decided = None if model.threshold is None or not use_case.binary else scored >= model.threshold
    return Measured(judged, Rows(judged.label, scored, decided))


def score(model: ModelVersion, rows: TrainingSet) -> Floats:
    """The model's scores of the rows, from XGBoost's own format.

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
    columns = rows.features[:, [rows.names.index(name) for name in names]]
    return np.asarray(booster.inplace_predict(np.ascontiguousarray(columns), validate_features=False), dtype=np.float64)


def gains(use_case: UseCase, mine: Measured, theirs: Measured) -> tuple[IntervalEstimate | None, tuple[SliceGain, ...]]:
    """By how much ``mine`` is better on the gate's metric, on all rows and in each slice, on the same drawn days."""
    metric, judged = use_case.gate.metric, mine.judged
    draws = Draws.of(judged.days, use_case.model.seed)

    def gain(kept: day_bootstrap.Bools) -> IntervalEstimate | None:
        ours, others = (day_bootstrap.value(metric, model.rows[kept]) for model in (mine, theirs))
        if ours is None or others is None:
            return None
        drawn = draws.values(metric, mine.rows, kept), draws.values(metric, theirs.rows, kept)
        return _span(metrics.better_by(metric, ours, others), metrics.better_by(metric, *drawn), judged, kept)

    by_slice = [(name, value, gain(kept)) for name, value, kept in slices.parts(judged)]
    whole = gain(np.ones(len(judged), dtype=bool))
    return whole, tuple(SliceGain(name, value, span) for name, value, span in by_slice if span is not None)


def gaps(use_case: UseCase, model: Measured) -> tuple[SliceGap, ...]:
    """Each declared fairness limit's metric on each value of its slice, less that on all rows."""
    judged, found = model.judged, []
    draws = Draws.of(judged.days, use_case.model.seed)
    for limit in use_case.gate.fairness:
        whole, drawn = day_bootstrap.value(limit.metric, model.rows), draws.values(limit.metric, model.rows)
        for name, value, kept in slices.parts(judged):
            mine = day_bootstrap.value(limit.metric, model.rows[kept]) if name == limit.slice else None
            if mine is not None and whole is not None:
                apart = draws.values(limit.metric, model.rows, kept) - drawn
                found.append(SliceGap(limit, value, _span(mine - whole, apart, judged, kept)))
    return tuple(found)


def _span(value: float, drawn: Floats, judged: TrainingSet, kept: day_bootstrap.Bools) -> IntervalEstimate:
    days = slices.days_of(judged, kept)
    low, high = day_bootstrap.interval(drawn, days, CERTAINTY) or (None, None)
    return IntervalEstimate(value, low, high, int(kept.sum()), days)
