"""Hyperparameter search: Optuna's TPE over the declared ranges, with pruning, on the validation window's loss."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import xgboost
from optuna_integration import XGBoostPruningCallback

from lakehouse.declaration import Model, Range
from lakehouse.errors import DeclarationError
from lakehouse.metrics import LOSS
from lakehouse.training_set import Floats, TrainingSet

log = logging.getLogger(__name__)

Value = float | int | str

# The losses of lakehouse.metrics under XGBoost's names.
EVAL_METRIC = {"log_loss": "logloss", "rmse": "rmse"}
VALIDATION = "validation"

# Searched when a use case declares no ranges of its own. The ranges lean to strong regularisation: the rows of a day
# share its weather and its yesterday, so that a hundred thousand rows are a hundred days, and small leaves learn days
# by heart. The learning rate is not searched: pruning compares trials by their loss after equally many trees, and
# would call every slow learner bad. A name under model.fixed is left out.
DEFAULT_SEARCH: Mapping[str, Range] = {
    "max_depth": Range(low=4, high=9, integer=True),
    "min_child_weight": Range(low=10, high=250, log=True),
    "subsample": Range(low=0.4, high=0.9),
    "colsample_bynode": Range(low=0.1, high=0.5),
    "reg_lambda": Range(low=3, high=100, log=True),
}


@dataclass(frozen=True)
class Trial:
    """One trial: its parameters, its least loss and after how many trees, how it ended (complete, pruned), the time."""

    number: int
    params: Mapping[str, Value]
    loss: float
    rounds: int
    state: str
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """What the search found.

    Attributes:
        params: XGBoost's parameters of the best trial, declared and fixed ones.
        rounds: the number of trees with the least validation loss.
        validation_score: shape (validation rows,), scores by the best trial's model, which was fitted to train alone.
        study: Optuna's record, for plots.
        trials: all trials in order.
    """

    params: Mapping[str, Value]
    rounds: int
    validation_score: Floats
    study: optuna.Study
    trials: tuple[Trial, ...]


def tune(
    model: Model, train: TrainingSet, validation: TrainingSet, on_trial: Callable[[Trial], None] = lambda trial: None
) -> Tuned:
    """Search the declared ranges. The same rows and declaration give the same result.

    Args:
        model: declares ranges, budget and seed.
        train: labelled rows to fit to.
        validation: labelled rows to compare by.
        on_trial: called with every trial when it has ended.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search = _Search(model, train, validation, on_trial)
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=model.seed, n_startup_trials=min(5, max(1, model.trials // 3))),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=40, interval_steps=20),
    )
    # The middle of every range first: a small budget then never does worse than a sensible default.
    study.enqueue_trial({name: middle(declared) for name, declared in ranges(model).items()})
    # With nothing to search all trials would be the same one.
    study.optimize(search, n_trials=model.trials if ranges(model) else 1)
    assert search.best_score is not None
    return Tuned(search.best_params, search.best_rounds, search.best_score, study, tuple(search.trials))


def ranges(model: Model) -> Mapping[str, Range]:
    """The ranges to search: the declared ones, else the platform's less what the declaration fixes."""
    return model.search or {name: span for name, span in DEFAULT_SEARCH.items() if name not in model.fixed}


def parameters(model: Model, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """XGBoost's parameters: the platform's, over them the declared fixed ones, over them the chosen ones."""
    objective = "binary:logistic" if model.task == "classification" else "reg:squarederror"
    params: dict[str, Value] = {
        "tree_method": "hist",
        "max_bin": 256,
        "eta": 0.05,
        "objective": objective,
        **model.fixed,
        "nthread": len(os.sched_getaffinity(0)),
        "seed": model.seed,
        "eval_metric": EVAL_METRIC[LOSS[model.task]],
        **chosen,
    }
    if model.task == "classification":
        # Scores are probabilities: threshold, log loss and calibration mean nothing for anything else.
        params["objective"] = objective
    return params


def middle(declared: Range) -> Value:
    """The middle of a range, on its own scale."""
    value = math.sqrt(declared.low * declared.high) if declared.log else (declared.low + declared.high) / 2
    return round(value) if declared.integer else value


class _Search:
    """The objective: one call trains one candidate. The rows are binned once and shared by all calls."""

    def __init__(
        self, model: Model, train: TrainingSet, validation: TrainingSet, on_trial: Callable[[Trial], None]
    ) -> None:
        if "max_bin" in model.search:
            raise DeclarationError(
                "model.search.max_bin: expected under model.fixed, since rows are binned once for all trials"
            )
        self._model = model
        self._metric = EVAL_METRIC[LOSS[model.task]]
        self._on_trial = on_trial
        fixed = parameters(model, {})
        self._train = binned(train, fixed)
        self._validation = binned(validation, fixed, reference=self._train)
        self._best_loss = math.inf
        self.best_params: dict[str, Value] = {}
        self.best_rounds = 0
        self.best_score: Floats | None = None
        self.trials: list[Trial] = []

    def __call__(self, trial: optuna.Trial) -> float:
        started = time.monotonic()
        chosen = {name: suggest(trial, name, declared) for name, declared in ranges(self._model).items()}
        pruning = _Pruning(trial, self._metric)
        try:
            booster = xgboost.train(
                parameters(self._model, chosen),
                self._train,
                num_boost_round=self._model.max_rounds,
                evals=[(self._validation, VALIDATION)],
                verbose_eval=False,
                callbacks=[
                    xgboost.callback.EarlyStopping(rounds=self._model.early_stopping_rounds, metric_name=self._metric),
                    pruning,
                ],
            )
        except optuna.TrialPruned:
            self._end(trial, chosen, min(pruning.losses), len(pruning.losses), "pruned", started)
            raise
        loss, rounds = float(booster.best_score), int(booster.best_iteration) + 1
        if loss < self._best_loss:
            self._best_loss, self.best_params, self.best_rounds = loss, parameters(self._model, chosen), rounds
            self.best_score = booster.predict(self._validation, iteration_range=(0, rounds)).astype("float64")
        self._end(trial, chosen, loss, rounds, "complete", started)
        return loss

    def _end(
        self, trial: optuna.Trial, chosen: dict[str, Value], loss: float, rounds: int, state: str, started: float
    ) -> None:
        ended = Trial(trial.number, chosen, loss, rounds, state, time.monotonic() - started)
        self.trials.append(ended)
        log.info(
            "trial %d of %d: %s %.5f after %d trees, %s in %.1f s",
            *(ended.number + 1, self._model.trials, LOSS[self._model.task], loss, rounds, state, ended.seconds),
        )
        self._on_trial(ended)


class _Pruning(XGBoostPruningCallback):  # type: ignore[misc]
    """Optuna's pruning callback, which also keeps the losses: XGBoost hands them over only when training ends."""

    def __init__(self, trial: optuna.Trial, metric: str) -> None:
        super().__init__(trial, f"{VALIDATION}-{metric}")
        self._metric = metric
        self.losses: list[float] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Keep the loss, then stop a trial that is worse than the median of the others."""
        self.losses = evals_log[VALIDATION][self._metric]
        return bool(super().after_iteration(model, epoch, evals_log))


def suggest(trial: optuna.Trial, name: str, declared: Range) -> Value:
    """Optuna's suggestion for a declared range."""
    if declared.integer:
        return trial.suggest_int(name, int(declared.low), int(declared.high), log=declared.log)
    return trial.suggest_float(name, declared.low, declared.high, log=declared.log)


def binned(rows: TrainingSet, params: Mapping[str, Any], reference: Any = None) -> Any:
    """The rows as XGBoost's histogram matrix; a ``reference``'s bins are used where it is given."""
    return xgboost.QuantileDMatrix(
        rows.features,
        rows.label,
        feature_names=list(rows.names),
        max_bin=int(params["max_bin"]),
        nthread=int(params["nthread"]),
        ref=reference,
    )
