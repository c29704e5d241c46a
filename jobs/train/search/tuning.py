"""Hyperparameter search: Optuna's TPE over the declared ranges, with pruning, on the validation window's loss."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import xgboost

from jobs.train.search import space
from jobs.train.search.binning import binned, save_memmap
from jobs.train.search.crew import Crew
from jobs.train.search.objective import Objective
from jobs.train.search.space import Value
from jobs.train.search.study import Study, Trial
from jobs.train.search.worker import Order
from lakehouse.declaration import Model
from lakehouse.errors import TrainingFailed
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet


@dataclass(frozen=True)
class Tuned:
    """What the search found.

    Attributes:
        params: XGBoost's parameters of the best trial, declared and fixed ones.
        rounds: the number of trees with the least validation loss.
        validation_score: shape (validation rows,), scores by the best trial's model, which was fitted to train alone.
        study: Optuna's record, for plots; None where nothing was searched.
        trials: all trials in order.
        best: the one with the least loss; None where nothing was searched.
    """

    params: Mapping[str, Value]
    rounds: int
    validation_score: Floats
    study: optuna.Study | None
    trials: tuple[Trial, ...]
    best: Trial | None


def tune(
    model: Model,
    train: TrainingSet,
    validation: TrainingSet,
    on_trial: Callable[[Trial], None] = lambda trial: None,
    folder: Path | None = None,
    starts: Sequence[Mapping[str, Value]] = (),
) -> Tuned:
    """Search the declared ranges, or go on with a search that was killed.

    With one worker the same rows, declaration and starts give the same result, killed in between or not. With several,
    what is tried depends on which trials happened to end first.

    Args:
        model: declares ranges, budget and seed.
        train: labelled rows to fit to.
        validation: labelled rows to compare by.
        on_trial: called with every trial that has ended, also in an earlier attempt.
        folder: where the study lies; by default one that is forgotten.
        starts: points to try first.
    """
    with tempfile.TemporaryDirectory(prefix="nightjar-search-") as forgotten:
        study = Study(folder or Path(forgotten), model, [*starts, space.middles(model)])
        try:
            _search(study, folder or Path(forgotten), model, train, validation, on_trial)
            study.close_search()
            trials = study.ended()
        finally:
            study.close()
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            raise TrainingFailed(
                f"search: expected at least one trial that ended, found none of {space.budget(model)}: workers died of all of "
                "them; look for their last lines in the log, and whether the machine has memory for model.workers"
            )
        best = min(complete, key=lambda trial: trial.loss)
        params = space.parameters(model, best.params, study.nthread)
        score = validation_score(params, best.rounds, train, validation)
        return Tuned(params, best.rounds, score, study.optuna, trials, best)


def validation_score(params: Mapping[str, Value], rounds: int, train: TrainingSet, validation: TrainingSet) -> Floats:
    """Scores of the validation rows by a model of these parameters and so many trees, fitted to train alone."""
    fitted = xgboost.train(dict(params), binned(train, params), num_boost_round=rounds, verbose_eval=False)
    return np.asarray(fitted.inplace_predict(validation.features, validate_features=False), dtype=np.float64)


def _search(
    study: Study,
    folder: Path,
    model: Model,
    train: TrainingSet,
    validation: TrainingSet,
    on_trial: Callable[[Trial], None],
) -> None:
    seen: set[int] = set()

    def look() -> int:
        ended = study.ended()
        for trial in ended:
            if trial.number not in seen:
                seen.add(trial.number)
                on_trial(trial)
        return len(ended)

    look()
    if study.done:
        return
    # What an earlier attempt has spent is not given back.
    spent = sum(trial.seconds for trial in study.ended()) / model.workers
    until = None if model.minutes is None else time.time() + model.minutes * 60 - spent
    nthread = max(1, study.nthread // model.workers)
    if model.workers == 1:
        Objective(model, train, validation, nthread).search(study, until, look)
        return
    for name, rows in (("train", train), ("validation", validation)):
        save_memmap(folder / "rows", name, rows)
    Order(model.model_dump_json(), train.names, nthread, until).write(folder)
    Crew(folder, model.workers).work(look)
    shutil.rmtree(folder / "rows")
