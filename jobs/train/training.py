"""One training from its rows to a registered version, logged to an MLflow run step by step."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from jobs.train import learned_record
from jobs.train.candidates import tune
from jobs.train.fitted_model import FittedModel, fit_and_measure
from jobs.train.search import space, studies
from jobs.train.search.tuning import Tuned
from jobs.train.split import PARTS
from jobs.train.tracking import registration, training_log
from jobs.train.tracking.mlflow_run import Run
from jobs.train.training_inputs import TrainingInputs
from lakehouse import code_version
from lakehouse.declaration import metric_names
from lakehouse.models.registry import ModelVersion

log = logging.getLogger(__name__)


def train(inputs: TrainingInputs, seconds: dict[str, float]) -> ModelVersion:
    """Tune, fit, measure, log and, last of all, register.

    A training that is killed before its last step leaves no version. The next one of the same inputs resumes its search and its
    run.

    Args:
        inputs: what it is made from.
        seconds: gets the time of each step: tune, fit and log.
    """
    use_case = inputs.use_case
    # Equal on every run of the same training, so that the run of a killed one is found.
    tags = {
        "use_case": use_case.name,
        "partition": inputs.day.isoformat(),
        "stage": "train",
        "code_version": code_version.version(),
    }
    run = Run(use_case.name, f"train {inputs.day}", tags, inputs.snapshot.fingerprint)
    with run.ended():
        with _timed(seconds, "tune"):
            tuned = _search(inputs, run)
        with _timed(seconds, "fit"):
            model = fit_and_measure(use_case, tuned, inputs.parts)
        loss = metric_names.LOSS[use_case.model.task]
        losses = {name: values[loss] for name, values in model.metrics.items()}
        log.info("train %s: holdout %s %s", use_case.name, loss, losses)
        with _timed(seconds, "log"):
            model_id = training_log.log_training(run, inputs, tuned, model, result_of(inputs, tuned, model))
    version = registration.register(inputs, model, run.run_id, model_id, tags)
    log.info("train %s: registered version %d", use_case.name, version.version)
    return version


def result_of(inputs: TrainingInputs, tuned: Tuned, model: FittedModel) -> dict[str, Any]:
    """The result of the training as its run keeps it: the fields of ``job.TrainResult`` that a repeated training gives again."""
    ranges = space.ranges(inputs.use_case.model)
    searched = {name: value for name, value in tuned.params.items() if name in ranges}
    of_classes = {
        "confusion": model.evaluation.confusion,
        "undeclared_labels": dict(inputs.parts.undeclared),
    }
    return {
        **(of_classes if inputs.use_case.classes else {}),
        **learned_record.described(inputs.use_case, inputs.parts, tuned),
        **({} if tuned.choice is None else {"candidates": asdict(tuned.choice)}),
        "metrics": model.metrics,
        "recalibration": model.evaluation.recalibration,
        "slices": model.evaluation.slices,
        "rows": inputs.parts.rows,
        "windows": {name: str(getattr(inputs.split, name)) for name in PARTS},
        "features_version": inputs.snapshot.features_version,
        "best_params": {"rounds": tuned.rounds, **searched},
        "threshold": model.threshold,
    }


def _search(inputs: TrainingInputs, run: Run) -> Tuned:
    """Search in the study of this training, beginning with the best points of earlier ones."""
    use_case, fingerprint, parts = inputs.use_case, inputs.snapshot.fingerprint, inputs.parts
    folder = studies.folder(use_case, fingerprint)
    starts = studies.best_of_last(use_case, fingerprint, inputs.day)
    loss = metric_names.LOSS[use_case.model.task]
    tuned = tune.tune(use_case, inputs.split, parts, lambda trial: run.trial(trial, loss), folder, starts)
    # Before anything is registered: a training that is killed later leaves its best point to other searches.
    if tuned.best is not None:
        studies.remember(folder, inputs.day, tuned.best.params, tuned.best.loss)
    return tuned


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[step] = time.monotonic() - started
