"""One trial: a candidate fitted to the train window and measured by its loss on the validation window."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import optuna
import xgboost
from optuna_integration import XGBoostPruningCallback

from jobs.train.search import intercept, space
from jobs.train.search.binning import binned
from jobs.train.search.study import REPORT_EVERY, Study, Trial
from lakehouse.declaration import Model
from lakehouse.declaration.metric_names import LOSS
from lakehouse.errors import TrainingFailed
from lakehouse.evaluation.labelled_rows import TrainingSet

log = logging.getLogger(__name__)

VALIDATION = "validation"


class Objective:
    """Fits and measures trials. Its rows are binned once, when it is made, and shared by all trials."""

    def __init__(self, model: Model, train: TrainingSet, validation: TrainingSet, nthread: int) -> None:
        self._model, self._nthread = model, nthread
        self._metric = space.EVAL_METRIC[model.task]
        self._classes = space.classes_of(model, train)
        fixed = space.parameters(model, {}, nthread, self._classes)
        self._train, self._rows = binned(train, fixed), train
        self._validation = binned(validation, fixed, reference=self._train)

    def search(self, study: Study, until: float | None, on_trial: Callable[[Trial], None] = lambda trial: None) -> None:
        """Take trials from the study until there is none left, and call ``on_trial`` with each when it has ended."""
        while (trial := study.ask(until)) is not None:
            ended = study.tell(trial, *self._fit(trial))
            log.info(
                "trial %d of %d: %s %.5f after %d trees, %s in %.1f s",
                *(ended.number + 1, space.budget(self._model), LOSS[self._model.task], ended.loss, ended.rounds),
                *(ended.state, ended.seconds),
            )
            on_trial(ended)

    def _fit(self, trial: optuna.Trial) -> tuple[float, int, bool]:
        """The trial's least loss, after how many trees, and whether it was pruned."""
        pruning = _Pruning(trial, self._metric)
        stopping = xgboost.callback.EarlyStopping(rounds=self._model.early_stopping_rounds, metric_name=self._metric)
        try:
            booster = xgboost.train(
                intercept.with_intercept(
                    space.parameters(self._model, trial.params, self._nthread, self._classes), self._rows
                ),
                self._train,
                num_boost_round=self._model.max_rounds,
                evals=[(self._validation, VALIDATION)],
                verbose_eval=False,
                callbacks=[stopping, pruning],
            )
        except optuna.TrialPruned:
            return min(pruning.losses), len(pruning.losses), True
        except xgboost.core.XGBoostError as error:
            raise TrainingFailed(
                f"trial with {trial.params}: expected parameters that XGBoost takes, found: {str(error).strip()[-300:]}; "
                "look at model.fixed and model.search"
            ) from error
        loss = float(booster.best_score)
        if not math.isfinite(loss):
            raise TrainingFailed(
                f"trial with {trial.params}: expected a loss on validation, found {loss}; look at model.fixed and "
                "model.search, and for labels that are not numbers"
            )
        return loss, int(booster.best_iteration) + 1, False


class _Pruning(XGBoostPruningCallback):  # type: ignore[misc]
    """Optuna's pruning callback, asked every REPORT_EVERY trees; it keeps the losses too, which XGBoost returns only at the end."""

    def __init__(self, trial: optuna.Trial, metric: str) -> None:
        super().__init__(trial, f"{VALIDATION}-{metric}")
        self._metric = metric
        self.losses: list[float] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Keep the loss, then stop a trial that is worse than the median of the others."""
        self.losses = evals_log[VALIDATION][self._metric]
        return epoch % REPORT_EVERY == 0 and bool(super().after_iteration(model, epoch, evals_log))
