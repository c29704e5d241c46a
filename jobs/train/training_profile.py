"""What drift is measured against: the profile of the training rows, and a sample of rows with the model's scores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jobs.train import estimator, fitting, training_history
from jobs.train.estimator import Judged
from jobs.train.fitted_model import FittedModel
from jobs.train.learned_rows import measured
from jobs.train.quality_history import Scored
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts
from lakehouse.declaration import Drift, Rhythm
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile, reference_sample
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.quality_estimator import QualityEstimator
from lakehouse.models.class_decision import ClassRule

if TYPE_CHECKING:
    import pandas as pd


def measure_profile(
    parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> tuple[Profile, pd.DataFrame]:
    """The profile of a version, and the rows that its drift page draws.

    Features are those of the days that the model was fitted to, whatever part of their rows is learned from: all rows are scored.
    Scores are those of rows that it was not fitted to: of the
    validation rows by the tuned model, which saw train alone, and of the holdout's by the final one.

    Returns:
        The profile; and a sample with ``partition``, the features and ``score``.
    """
    profile, sample = _measured(parts, tuned, model, drift, rhythm)
    return replace(profile, estimator=estimator_of(parts, tuned, model, drift, rhythm)), sample


def _measured(
    parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> tuple[Profile, pd.DataFrame]:
    scored = _frame(fitting.joined(parts.validation, parts.holdout))
    score = np.concatenate([tuned.validation_score, model.score])
    rule = ClassRule.of(model.scorer)
    if rule is None:
        scored[SCORE] = score
        profile = Profile.of(
            _frame(model.past),
            scored[[PARTITION, SCORE]],
            model.metrics["model"],
            drift,
            rhythm,
            threshold=model.threshold if drift.measured else None,
        )
        return _with_days(profile, parts, tuned, model, drift, rhythm), reference_sample(scored)
    decided = rule.decide(score)
    scored[SCORE] = np.take_along_axis(score, decided[:, None], axis=1)[:, 0]
    numbers = scored[[PARTITION]].assign(**{SCORE: decided.astype(np.float64)})
    profile = Profile.of(_frame(model.past), numbers, model.metrics["model"], drift, rhythm, len(rule.classes))
    return _with_days(profile, parts, tuned, model, drift, rhythm), reference_sample(scored)


def _with_days(
    profile: Profile, parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> Profile:
    """The profile with its days one by one, where alarms are measured."""
    if not drift.measured:
        return profile
    rule = ClassRule.of(model.scorer)
    pairs = (parts.validation, tuned.validation_score), (parts.holdout, model.score)
    scored = [
        Scored(rows, score, None if rule is None else rule.decide(score), model.threshold is not None)
        for rows, score in pairs
    ]
    learned = [measured(parts.train), measured(parts.validation)]
    return replace(profile, history=training_history.measure(profile, learned, scored, rhythm, model.threshold))


def estimator_of(
    parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> QualityEstimator | None:
    """Where it is declared: of the rows that no model had learned, decided as they would have been."""
    if drift.estimate is None:
        return None
    score = np.concatenate([tuned.validation_score, model.score])
    rule = ClassRule.of(model.scorer)
    decided = rule.decide(score) if rule is not None else (score >= model.threshold).astype(np.int8)
    days, label = (
        np.concatenate([getattr(part, name) for part in (parts.validation, parts.holdout)])
        for name in ("days", "label")
    )
    classes = () if rule is None else tuple(rule.classes)
    return estimator.fit(drift.estimate, Judged(days, label, score, decided, classes), rhythm)


def _frame(rows: TrainingSet) -> pd.DataFrame:
    frame = coded_rows.frame(rows)
    frame.insert(0, PARTITION, rows.days.astype("datetime64[s]").astype(object))
    frame[PARTITION] = [stamp.date() for stamp in frame[PARTITION]]
    return frame
