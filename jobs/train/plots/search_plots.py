"""The pictures of a search and of its best model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import optuna
from matplotlib.figure import Figure

from jobs.train.plots.figure import new_figure
from jobs.train.search.study import Trial
from lakehouse.scorers import model_files
from lakehouse.scorers.importance_words import IMPORTANCE


def search_figures(study: optuna.Study, trials: tuple[Trial, ...], seed: int) -> Iterator[tuple[str, Figure]]:
    """Name and figure of every picture of the search."""
    yield "tuning_history", history(trials)
    complete = [trial for trial in study.trials if trial.state is optuna.trial.TrialState.COMPLETE and trial.params]
    # Equal losses say nothing of what mattered, and Optuna refuses to ask.
    if len({trial.value for trial in complete}) > 1:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        try:
            mattered = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except RuntimeError:
            # The losses of all trials are alike, or so few that Optuna finds them alike: no parameter mattered.
            mattered = dict.fromkeys(complete[0].params, 0.0)
        yield (
            "tuning_importance",
            bars(mattered, "share of the validation loss's variance", "Which parameters mattered"),
        )


def model_figures(model: Any) -> Iterator[tuple[str, Figure]]:
    """The picture of what the model uses."""
    yield "feature_importance", bars(importance(model), IMPORTANCE[model_files.of(model).kind], "What the model uses")


def importance(model: Any) -> Mapping[str, float]:
    """Each feature's share of what moves the score; a feature that is not used has none."""
    return model_files.of(model).importance()


def history(trials: tuple[Trial, ...]) -> Figure:
    """Each trial's loss, and the best so far."""
    figure, axes = new_figure("Search: validation loss by trial", "trial", "validation loss")
    for state, marker in (("complete", "o"), ("pruned", "x")):
        mine = [trial for trial in trials if trial.state == state]
        axes.scatter([t.number + 1 for t in mine], [t.loss for t in mine], marker=marker, label=state)
    losses = [trial.loss if trial.state == "complete" else np.inf for trial in trials]
    axes.step([t.number + 1 for t in trials], np.minimum.accumulate(losses), where="post", label="best so far")
    axes.legend()
    return figure


def bars(values: Mapping[str, float], meaning: str, title: str, most: int = 25) -> Figure:
    """The greatest values as horizontal bars."""
    chosen = sorted(values.items(), key=lambda item: item[1])[-most:]
    names = [name for name, _ in chosen]
    figure, axes = new_figure(title, meaning, "", names)
    axes.barh(names, [value for _, value in chosen])
    return figure
