"""The final model and its measurements: all that follows from the rows, the parameters and the number of trees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from jobs.train import class_evaluation, evaluation, fitting, threshold
from jobs.train.baselines import Metrics
from jobs.train.candidates import tune
from jobs.train.evaluation import Evaluation
from jobs.train.learned_rows import measured, to_fit
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts
from lakehouse.declaration import UseCase
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models.class_decision import ClassRule
from lakehouse.scorers.scorer import Scorer


@dataclass(frozen=True)
class FittedModel:
    """The final model.

    Attributes:
        scorer: fitted to ``past``.
        past: train and validation together, as they are scored: whatever part of them is learned from.
        threshold: chosen on validation; None unless the label is yes or no.
        evaluation: how good the model is on the holdout.
        validation: metrics of the tuned model, which was fitted to train alone, on validation.
    """

    scorer: Scorer
    past: TrainingSet
    threshold: float | None
    evaluation: Evaluation
    validation: Metrics

    @property
    def score(self) -> Floats:
        """The model's scores of the holdout."""
        return self.evaluation.score

    @property
    def metrics(self) -> dict[str, Metrics]:
        """Metrics on the holdout, of the model and of the baselines."""
        return self.evaluation.metrics

    @cached_property
    def content(self) -> bytes:
        """The model's file."""
        return self.scorer.content()

    @property
    def sha256(self) -> str:
        """The SHA-256 of the model's file: scoring loads no other bytes."""
        return hashlib.sha256(self.content).hexdigest()


def final_model(use_case: UseCase, tuned: Tuned, train: TrainingSet, validation: TrainingSet) -> Scorer:
    """The model of train and validation together, with all that its file says to those who score by it."""
    declared = use_case.model
    scorer = tune.fit(declared, tuned, tune.learned(declared, to_fit(use_case, fitting.joined(train, validation))))
    if (rule := ClassRule.declared(use_case)) is not None:
        rule.written_to(scorer)
    return scorer


def fit_and_measure(use_case: UseCase, tuned: Tuned, parts: Parts, fitted: Scorer | None = None) -> FittedModel:
    """Fit the final model, unless it comes as ``fitted``, and measure it on the holdout."""
    declared = use_case.costed_model
    past = measured(fitting.joined(parts.train, parts.validation))
    scorer = final_model(use_case, tuned, parts.train, parts.validation) if fitted is None else fitted
    holdout = fitting.coded(scorer, parts.holdout)
    score = scorer.score(holdout.features)
    chosen = None
    if (rule := ClassRule.declared(use_case)) is not None:
        return FittedModel(
            scorer=scorer,
            past=past,
            threshold=None,
            evaluation=class_evaluation.evaluate(use_case, rule, past, parts.holdout, score),
            validation=class_evaluation.measured(rule, parts.validation.label, tuned.validation_score),
        )
    if use_case.binary:
        chosen = threshold.cheapest(
            parts.validation.label, tuned.validation_score, declared.cost_of_miss, declared.cost_of_false_alarm
        )
    return FittedModel(
        scorer=scorer,
        past=past,
        threshold=chosen,
        evaluation=evaluation.evaluate(use_case, fitting.coded(scorer, past), holdout, score, chosen),
        validation=metrics.compute(declared.task, parts.validation.label, tuned.validation_score),
    )
