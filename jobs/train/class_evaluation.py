"""How good a model of several classes is on its holdout: as a whole, of each class, against baselines, by slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.train.baselines import CONSTANT, Baselines, Metrics
from jobs.train.evaluation import Evaluation
from lakehouse.declaration import UseCase
from lakehouse.evaluation import class_metrics, slices
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.models.class_decision import ClassRule


def evaluate(use_case: UseCase, rule: ClassRule, past: TrainingSet, holdout: TrainingSet, score: Floats) -> Evaluation:
    """Measure the probabilities of the holdout, and what the rule decides by them; baselines are fitted to ``past``."""
    decided, worth = rule.decide(score), RealisedWorth.of(use_case)
    fitted = Baselines.fit(use_case.model, past)
    files = fitted.files()
    for model in files.values():
        rule.written_to(model)
    predicted = {"model": score, **fitted.scores(holdout)}
    shares = predicted[CONSTANT][0].tolist()
    return Evaluation(
        score=score,
        decided=decided,
        metrics={
            name: measured(rule, holdout.label, values)
            | ({} if worth is None else worth.beside(holdout.label, values, rule.decide(values), shares))
            for name, values in predicted.items()
        },
        recalibration=class_metrics.recalibration(rule.columns, holdout.label, score),
        slices=slices.measured(use_case, holdout, score, decided),
        confusion=class_metrics.confusion_lines(rule.classes, holdout.label, decided),
        baselines=files,
    )


def measured(rule: ClassRule, label: Floats, score: Floats) -> Metrics:
    """The metrics of the whole and of each class, with the decisions that the rule makes."""
    decided: NDArray[np.int64] = rule.decide(score)
    return class_metrics.compute(label, score, decided) | class_metrics.named(rule.columns, label, score, decided)
