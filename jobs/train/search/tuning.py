"""Hyperparameter search: Optuna's TPE over the declared ranges, with pruning, on the validation window's loss."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import optuna
import xgboost

from jobs.train.search import intercept, space
from jobs.train.search.binning import binned
from jobs.train.search.objective import Objective
from jobs.train.search.space import Value
from jobs.train.search.study import MOST_TRIES, Study, Trial
from lakehouse.declaration import Model
from lakehouse.errors import TrainingFailed
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet

if TYPE_CHECKING:
    from jobs.train.candidates.choice import Choice


@dataclass(frozen=True)
class Tuned:
    """The result of the search.

    Attributes:
        params: XGBoost's parameters of the best trial, declared and fixed ones.
        rounds: the number of trees with the least validation loss.
        validation_score: shape (validation rows,), scores by the best trial's model, which was fitted to train alone; of several
            classes a column a class.
        study: Optuna's study, for plots; None where nothing was searched.
        trials: all trials in order.
        best: the one with the least loss; None where nothing was searched.
        kind: which candidate it is, see `lakehouse.declaration.model`; only one with trees has parameters and rounds that count.
        strength: of the linear model's coefficients; None where there is none.
        choice: how it was chosen among several candidates; None where there was one.
    """

    params: Mapping[str, Value]
    rounds: int
    validation_score: Floats
    study: optuna.Study | None
    trials: tuple[Trial, ...]
    best: Trial | None
    kind: str = "boosted"
    strength: float | None = None
    choice: Choice | None = None


def tune(
    model: Model,
    train: TrainingSet,
    validation: TrainingSet,
    on_trial: Callable[[Trial], None] = lambda trial: None,
    folder: Path | None = None,
    starts: Sequence[Mapping[str, Value]] = (),
) -> Tuned:
    """Search the declared ranges, or resume a search that was killed.

    The same rows, declaration and starts give the same result, killed in between or not.

    Args:
        model: declares ranges, budget and seed.
        train: labelled rows to fit to.
        validation: labelled rows to compare by.
        on_trial: called with every trial that has ended, also in an earlier attempt.
        folder: of the study; by default a temporary one.
        starts: points to try first.

    Raises:
        TrainingFailed: when XGBoost refuses a trial's parameters, or no trial can end.
    """
    train, validation = by_learned_levels(model, train, validation)
    with tempfile.TemporaryDirectory(prefix="nightjar-search-") as temporary:
        study = Study(folder or Path(temporary), model, [*starts, space.middles(model)])
        try:
            _search(study, model, train, validation, on_trial)
            study.finish()
            trials = study.ended()
        finally:
            study.close()
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            raise TrainingFailed(
                f"search: expected at least one trial that ends, found none of {space.budget(model)}: the task was killed "
                f"{MOST_TRIES} times in each; give the machine more memory, or shorten split.train"
            )
        best = min(complete, key=lambda trial: trial.loss)
        params = space.parameters(model, best.params, study.nthread, space.classes_of(model, train))
        score = validation_score(params, best.rounds, train, validation)
        return Tuned(params, best.rounds, score, study.optuna, trials, best)


def by_learned_levels(model: Model, train: TrainingSet, validation: TrainingSet) -> tuple[TrainingSet, TrainingSet]:
    """The rows with the codes of the levels that a model of train alone learns; a new level on validation is missing to it."""
    levels = coded_rows.learned(train, model.max_levels)
    return coded_rows.by_levels(train, levels), coded_rows.by_levels(validation, levels)


def validation_score(params: Mapping[str, Value], rounds: int, train: TrainingSet, validation: TrainingSet) -> Floats:
    """Scores of the validation rows by a model of these parameters and ``rounds`` trees, fitted to train alone.

    Both are coded alike, as ``by_learned_levels`` does it.
    """
    started = intercept.with_intercept(params, train)
    fitted = xgboost.train(started, binned(train, params), num_boost_round=rounds, verbose_eval=False)
    fitted = intercept.levelled(fitted, train)
    return np.asarray(fitted.inplace_predict(validation.features, validate_features=False), dtype=np.float64)


def _search(
    study: Study,
    model: Model,
    train: TrainingSet,
    validation: TrainingSet,
    on_trial: Callable[[Trial], None],
) -> None:
    earlier = study.ended()
    for trial in earlier:
        on_trial(trial)
    if study.done:
        return
    # The time that an earlier attempt took counts.
    spent = sum(trial.seconds for trial in earlier)
    until = None if model.minutes is None else time.time() + model.minutes * 60 - spent
    Objective(model, train, validation, study.nthread).search(study, until, on_trial)
