"""What drift is measured against: the profile of the rows of training's days, and a sample of rows with the model's scores.

A night watches all rows that are scored, and many of them may never get a label. So what needs no label is of all rows of
training's days; what does is of the labelled ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jobs.train import estimator, fitting, learned_rows, training_history
from jobs.train.estimator import Judged
from jobs.train.fitted_model import FittedModel
from jobs.train.learned_rows import measured
from jobs.train.quality_history import Scored
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts
from lakehouse.declaration import Drift, Rhythm
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile, reference_sample
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.quality_estimator import QualityEstimator
from lakehouse.models.class_decision import ClassRule

if TYPE_CHECKING:
    import pandas as pd

# The windows whose features are compared with, and those whose scores are.
LEARNED, SCORED = ("train", "validation"), ("validation", "holdout")


def measure_profile(
    parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> tuple[Profile, pd.DataFrame]:
    """The profile of a version, and the rows that its drift page draws.

    Features are those of the days that the model was fitted to, whatever part of their rows is learned from: all rows are scored.
    Scores are those of rows that it was not fitted to: of the validation rows by the tuned model, which saw train alone, and of the
    holdout's by the final one. Rows without a label are among both. No model was fitted to them, so the final one scores them.

    Returns:
        The profile; and a sample with ``partition``, the features and ``score``.
    """
    scored, others = _scored(parts, tuned, model), list(_unlabelled(parts, model))
    frame, rule = _frame([part.rows for part in (*scored, *others)]), ClassRule.of(model.scorer)
    score = np.concatenate([part.score for part in (*scored, *others)])
    numbers = frame[[PARTITION]].copy()
    if rule is None:
        frame[SCORE] = numbers[SCORE] = score
    else:
        decided = np.concatenate([_decided(part) for part in (*scored, *others)])
        frame[SCORE] = np.take_along_axis(score, decided[:, None], axis=1)[:, 0]
        numbers[SCORE] = decided.astype(np.float64)
    if others:
        frame = frame.sort_values(PARTITION, kind="stable", ignore_index=True)
    profile = Profile.of(
        _frame([model.past, *map(measured, _without_label(parts, LEARNED))]),
        numbers,
        model.metrics["model"],
        drift,
        rhythm,
        classes=0 if rule is None else len(rule.classes),
        threshold=model.threshold if drift.measured else None,
    )
    if drift.measured:
        every = [parts.train, parts.validation, *_without_label(parts, LEARNED)]
        rows, counted = learned_rows.by_day(every), [measured(part) for part in every]
        history = training_history.measure(profile, counted, scored, rhythm, model.threshold, others, rows)
        profile = replace(profile, history=history)
    return replace(profile, estimator=_estimator(scored, others, model, drift, rhythm)), reference_sample(frame)


def estimator_of(
    parts: Parts, tuned: Tuned, model: FittedModel, drift: Drift, rhythm: Rhythm
) -> QualityEstimator | None:
    """Where it is declared: of the rows that no model had learned, decided as they would have been."""
    if drift.estimate is None:
        return None
    return _estimator(_scored(parts, tuned, model), list(_unlabelled(parts, model)), model, drift, rhythm)


def _estimator(
    scored: Sequence[Scored], others: Sequence[Scored], model: FittedModel, drift: Drift, rhythm: Rhythm
) -> QualityEstimator | None:
    if drift.estimate is None:
        return None
    rule = ClassRule.of(model.scorer)
    classes = () if rule is None else tuple(rule.classes)
    without = _judged(others, model.threshold, classes) if others else None
    return estimator.fit(drift.estimate, _judged(scored, model.threshold, classes), rhythm, without)


def _scored(parts: Parts, tuned: Tuned, model: FittedModel) -> list[Scored]:
    """The labelled rows that the model was not fitted to."""
    pairs = (parts.validation, tuned.validation_score), (parts.holdout, model.score)
    return [_with_scores(rows, score, model) for rows, score in pairs]


def _unlabelled(parts: Parts, model: FittedModel) -> Iterator[Scored]:
    """The rows of the same windows without a label."""
    for rows in _without_label(parts, SCORED):
        yield _with_scores(rows, model.scorer.score(fitting.coded(model.scorer, rows).features), model)


def _without_label(parts: Parts, windows: Sequence[str]) -> list[TrainingSet]:
    return [parts.without_label[name] for name in windows if name in parts.without_label]


def _with_scores(rows: TrainingSet, score: Floats, model: FittedModel) -> Scored:
    rule = ClassRule.of(model.scorer)
    return Scored(rows, score, None if rule is None else rule.decide(score), model.threshold is not None)


def _decided(part: Scored) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    assert part.decided is not None
    return part.decided


def _judged(scored: Sequence[Scored], threshold: float | None, classes: tuple[str, ...]) -> Judged:
    score = np.concatenate([part.score for part in scored])
    decided = np.concatenate([_decided(part) for part in scored]) if classes else (score >= threshold).astype(np.int8)
    days, label = (np.concatenate([getattr(part.rows, name) for part in scored]) for name in ("days", "label"))
    return Judged(days, label, score, decided, classes)


def _frame(parts: Sequence[TrainingSet]) -> pd.DataFrame:
    import pandas as pd

    frames = [coded_rows.frame(rows) for rows in parts]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    days = np.concatenate([rows.days for rows in parts])
    frame.insert(0, PARTITION, [stamp.date() for stamp in days.astype("datetime64[s]").astype(object)])
    return frame
