"""Train: gold features and labels -> a registered challenger, for one use case as of one day."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.labels import outcomes
from jobs.result import Result
from jobs.train.arguments import TrainArguments
from jobs.train.input_snapshot import InputSnapshot, take_snapshot
from jobs.train.search import studies
from jobs.train.split import Parts, Split, divide
from jobs.train.tracking import asked_training
from jobs.train.training_inputs import TrainingInputs
from lakehouse.declaration import UseCase, loader
from lakehouse.evaluation import labelled_rows, learnable_rows, undeclared_classes
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import file_locks, spark_session

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainResult(Result):
    """A registered version, and what was measured of it.

    Attributes:
        model_version: its number.
        run_id: the MLflow run that trained it.
        metrics: of the model and of each baseline on the holdout, by name.
        recalibration: intercept and slope of the recalibration line, of several classes of each; none for a regression.
        slices: the metrics of each slice.
        rows: labelled rows in each window.
        windows: the days of each window, in words.
        features_version: the version of the feature table that was read.
        best_params: the parameters that the search chose.
        threshold: of decisions; None unless the label is yes or no.
        seconds: how long each part took; empty when nothing was trained.
        confusion: of several classes, how many rows of the holdout of each were decided for each.
        undeclared_labels: how often each value came that is no declared class; such rows have no label.
        candidates: of several candidates which was chosen, why, and the numbers of each; see `candidates.choice.Choice`.
        learned: where ``learn_from`` is declared, which rows were learned from; see `learned_record.described`.
    """

    model_version: int
    run_id: str
    metrics: dict[str, Any]
    recalibration: Any
    slices: list[dict[str, Any]]
    rows: dict[str, int]
    windows: dict[str, str]
    features_version: int
    best_params: dict[str, Any]
    threshold: float | None
    seconds: dict[str, float] = field(default_factory=dict)
    confusion: list[dict[str, Any]] = field(default_factory=list)
    undeclared_labels: dict[str, int] = field(default_factory=dict)
    candidates: dict[str, Any] = field(default_factory=dict)
    learned: dict[str, Any] = field(default_factory=dict)


def run(arguments: TrainArguments) -> Result:
    """Train and register a challenger, unless a version of the very same rows, declaration and code is registered.

    With ``like``, train again what a run trained, and register nothing.
    """
    if arguments.like is not None:
        from jobs.train.reproduction import reproduce

        return reproduce(arguments.like, arguments.use_case)
    assert arguments.use_case is not None and arguments.partition is not None
    use_case = loader.by_name(arguments.use_case)
    asked_training.by_hand(use_case.name, arguments.partition, arguments.actor, arguments.reason)
    with asked_training.failure_recorded(use_case.name, arguments.partition, arguments.actor):
        return _of_day(use_case, arguments.partition, arguments.actor)


def _of_day(use_case: UseCase, day: dt.date, actor: str) -> TrainResult:
    split = Split.for_day(use_case, day)
    outcomes.ready(use_case, split.whole.first, split.whole.last)
    snapshot = take_snapshot(use_case, split)
    # Of two trainings of the same at once the second waits, and then finds the version.
    lock = studies.training_lock(studies.folder(use_case, snapshot.fingerprint))
    if file_locks.held(lock):
        log.info("train %s: another training of the same is running; waiting for it", use_case.name)
    with file_locks.locked(lock):
        return _registered_or_trained(use_case, day, actor, split, snapshot)


def _registered_or_trained(
    use_case: UseCase, day: dt.date, actor: str, split: Split, snapshot: InputSnapshot
) -> TrainResult:
    seconds: dict[str, float] = {}
    status, model = "unchanged", registered(use_case, snapshot)
    if model is None:
        status, model = "registered", _train(use_case, day, split, snapshot, seconds)
    from jobs.train.tracking import registration

    result = json.loads(artifacts.local_copy(model, artifacts.RESULT).read_text(encoding="utf-8"))
    registration.complete(model, actor, result)
    rounded = {part: round(value, 1) for part, value in seconds.items()}
    return TrainResult(status=status, model_version=model.version, run_id=model.run_id, seconds=rounded, **result)


def _train(
    use_case: UseCase, day: dt.date, split: Split, snapshot: InputSnapshot, seconds: dict[str, float]
) -> ModelVersion:
    started = time.monotonic()
    parts = read(use_case, split, snapshot)
    seconds["read"] = time.monotonic() - started
    # Imported here: MLflow, Optuna and XGBoost take seconds, which a repeated training does not need.
    from jobs.train.training import train

    return train(TrainingInputs(use_case, day, split, snapshot, parts), seconds)


def registered(use_case: UseCase, snapshot: InputSnapshot) -> ModelVersion | None:
    """The newest version that was trained from the same inputs, and whose number no other run has in the audit log."""
    same = [v for v in registry.versions(use_case.name) if v.fingerprint == snapshot.fingerprint]
    return next((v for v in reversed(same) if recorded_version.problem(v) is None), None)


def read(use_case: UseCase, split: Split, snapshot: InputSnapshot) -> Parts:
    """The labelled rows of the three windows at the pinned versions."""
    session, whole = spark_session.session(f"train {use_case.name}"), split.whole
    rows = learnable_rows.read(
        session,
        use_case,
        whole.first,
        whole.last,
        snapshot.features_version,
        snapshot.labels_version,
        # Measured alarms know the ordinary days of each slice.
        sliced=use_case.drift.measured,
        thin_through=split.train.last,
    )
    undeclared = undeclared_classes.in_labels(session, use_case, whole.first, whole.last, snapshot.labels_version)
    if undeclared:
        log.warning("train %s", undeclared_classes.words(use_case, undeclared))
    parts = replace(divide(rows, split, use_case), undeclared=undeclared)
    if use_case.slices and not use_case.drift.measured:
        # Slices of the holdout alone are read: a text for each of its rows, and not for the rows of months.
        days = split.holdout.first, split.holdout.last
        pins = snapshot.features_version, snapshot.labels_version
        parts = replace(parts, holdout=labelled_rows.read(session, use_case, *days, *pins, sliced=True).labelled())
    log.info("train %s: %s; rows %s", use_case.name, split, parts.rows)
    return parts
