"""A model, and what is measured of it: all that follows from the rows, the parameters and the number of trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jobs.train import baselines, fitting, threshold
from jobs.train.baselines import Metrics
from jobs.train.tuning import Tuned
from jobs.train.windows import Parts
from lakehouse import metrics
from lakehouse.declaration import UseCase
from lakehouse.training_set import Floats, TrainingSet


@dataclass(frozen=True)
class Learned:
    """The final model.

    Attributes:
        booster: fitted to ``past``.
        past: train and validation together.
        score: the booster's scores of the holdout.
        threshold: chosen on validation; None for a regression.
        measured: metrics on the holdout, of the model and of the baselines.
        validation: metrics of the tuned model, which was fitted to train alone, on validation.
    """

    booster: Any
    past: TrainingSet
    score: Floats
    threshold: float | None
    measured: dict[str, Metrics]
    validation: Metrics


def learn(use_case: UseCase, tuned: Tuned, parts: Parts) -> Learned:
    """Fit the final model and measure it on the holdout."""
    model = use_case.model
    past = fitting.joined(parts.train, parts.validation)
    booster = fitting.fit(tuned, parts.train, parts.validation)
    score = fitting.score(booster, parts.holdout.features)
    chosen = None
    if use_case.binary:
        chosen = threshold.cheapest(
            parts.validation.label, tuned.validation_score, model.cost_of_miss, model.cost_of_false_alarm
        )
    measured = {
        "model": metrics.compute(model.task, parts.holdout.label, score),
        **baselines.measure(model, past, parts.holdout),
    }
    validation = metrics.compute(model.task, parts.validation.label, tuned.validation_score)
    return Learned(booster, past, score, chosen, measured, validation)
