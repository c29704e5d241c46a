"""A training repeated from its run's record alone: the same table versions, windows, parameters, trees and seed."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jobs.result import Result
from jobs.train import fitted_model, learned_record, time_travel
from jobs.train.candidates import tune
from jobs.train.fitted_model import FittedModel
from jobs.train.learned_rows import to_fit
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, divide
from jobs.train.tracking import manifest
from jobs.train.tracking.manifest import RECORD_FILE, Manifest
from jobs.train.tracking.mlflow_run import Run
from lakehouse import code_version, settings, tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import BadArguments, RunMissing, TrainingDataMissing, VersionGone
from lakehouse.evaluation import learnable_rows
from lakehouse.models import artifacts, mlflow_client
from lakehouse.storage import delta_log, spark_session
from lakehouse.tables import Table

log = logging.getLogger(__name__)

REPRODUCTION_OF = "reproduction_of"


@dataclass(frozen=True, kw_only=True)
class ReproductionResult(Result):
    """Whether a repeated training gives the same model.

    Attributes:
        run_id: the MLflow run that keeps it.
        like: the run whose training was repeated.
        identical: whether all is equal, to the last digit and the last tree.
        differences: what is not equal, in words.
        notes: what has changed since, such as a library's version.
        metrics: of the model and of each baseline on the holdout, by name.
        rows: labelled rows in each window.
        features_version, labels_version: of the tables that were read.
    """

    run_id: str
    like: str
    identical: bool
    differences: list[str]
    notes: list[str]
    metrics: dict[str, Any]
    rows: dict[str, int]
    features_version: int
    labels_version: int


def reproduce(like: str, expected_use_case: str | None) -> ReproductionResult:
    """Repeat the training of the run ``like``, compare, and log a run with the comparison. No version is registered.

    Raises:
        RunMissing: when there is no such run, or it has no record. BadArguments: when it is another use case's.
        VersionGone: when its rows can't be read any more.
    """
    record = find_record(like)
    use_case = UseCase.model_validate(record.use_case, context=loader.known())
    if expected_use_case not in (None, use_case.name):
        raise BadArguments(
            f"run {like}: expected a training of {expected_use_case}, found one of {use_case.name}; leave "
            "--use-case out, or name a run of its experiment"
        )
    parts, notes = read_rows(record, use_case)
    recorded = Tuned(record.params, record.rounds, np.empty(0), None, (), None, record.kind, record.strength)
    to_compare = replace(parts, train=to_fit(use_case, parts.train))
    tuned = replace(recorded, validation_score=tune.validation_score(use_case.model, recorded, to_compare))
    model = fitted_model.fit_and_measure(use_case, tuned, parts)
    # Through JSON, as the record went.
    differences = manifest.differences(record.outcome, json.loads(json.dumps(manifest.outcome(model))))
    if differences:
        notes += [f"{name} is {now} now, was {then}" for name, then, now in changed_versions(record)]
    result: dict[str, Any] = {
        "like": like,
        "identical": not differences,
        "differences": differences,
        "notes": notes,
        "metrics": model.metrics,
        "rows": parts.rows,
        "features_version": record.features_version,
        "labels_version": record.labels_version,
    }
    run_id = _log(use_case, record, like, result, model)
    log.info("train %s like %s: identical %s", use_case.name, like, not differences)
    return ReproductionResult(status="reproduced", run_id=run_id, **result)


def find_record(run_id: str) -> Manifest:
    """The record of a training's run.

    Raises:
        RunMissing: saying whether the run or its record is missing. ServiceUnavailable: when MLflow does not answer.
    """
    if mlflow_client.run(run_id) is None:
        raise RunMissing(
            f"run {run_id}: expected a run of the server at {settings.load().mlflow_tracking_uri}, found none; its id stands on "
            "the run's page, and as run_id in the result of train, in the scores and in ops.model_events"
        )
    try:
        with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
            file = mlflow_client.download(run_id, RECORD_FILE, Path(folder))
            return Manifest.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunMissing(
            f"run {run_id}: expected {RECORD_FILE} among its artifacts, found none that can be read: it is a trial, a run that "
            "was not finished, or of a release that kept no record; name the run of a registered version"
        ) from error


def read_rows(record: Manifest, use_case: UseCase) -> tuple[Parts, list[str]]:
    """The rows that were trained on, and notes on how they were read.

    A version whose files were vacuumed is read as it is now: compacting and later days change no row of the windows. The
    digest of the rows shows whether they are still the same.

    Raises:
        VersionGone: when they are not.
    """
    notes: list[str] = []

    def readable(table: Table, version: int) -> int:
        missing = time_travel.missing(table, version, whole.first, whole.last)
        if missing is None:
            return version
        now = delta_log.version(table)
        notes.append(f"{table.full_name}: version {version} is gone ({missing}); read at version {now}")
        return now

    whole = record.days.whole
    features = readable(tables.features(use_case), record.features_version)
    labels = readable(tables.labels(use_case), record.labels_version)
    session = spark_session.session(f"train {use_case.name}")
    drawn = record.learned or learned_record.Recorded()
    entities = drawn.entities_version
    if entities is not None:
        entities = readable(tables.silver(use_case.source(use_case.entity.source)), entities)
    rows = learnable_rows.read(
        session,
        use_case,
        whole.first,
        whole.last,
        features,
        labels,
        thin_through=record.days.train.last,
        measured_share=drawn.measured_share,
        entities_version=entities,
    )
    try:
        parts = divide(rows, record.days, use_case)
    except TrainingDataMissing as error:
        if notes:
            raise _gone(notes) from error
        raise
    digest = manifest.digest(parts)
    if digest != record.rows_sha256 or not drawn.same(use_case, parts):
        if notes:
            raise _gone(notes)
        if digest != record.rows_sha256:
            notes.append(f"the rows differ from those of the record: digest {digest}, was {record.rows_sha256}")
        else:
            notes.append(
                "other rows are learned from than those of the record: learn_from.select finds other entities now"
            )
    return parts, notes


def _gone(notes: list[str]) -> VersionGone:
    return VersionGone(
        f"{'; '.join(notes)}, whose rows differ: they were restated since, and the rows that the model learned from are lost"
    )


def changed_versions(record: Manifest) -> list[tuple[str, str, str]]:
    """Name, version then and version now of each library and the code, where they differ."""
    then = {**record.libraries, "code_version": record.code_version}
    now = {**manifest.libraries(), "code_version": code_version.version()}
    return [(name, then.get(name, "unknown"), now[name]) for name in now if then.get(name) != now[name]]


def _log(use_case: UseCase, record: Manifest, like: str, result: dict[str, Any], model: FittedModel) -> str:
    tags = {"use_case": use_case.name, "partition": record.partition, "stage": "reproduce", REPRODUCTION_OF: like}
    run = Run(use_case.name, f"like {like[:8]}", {**tags, "code_version": code_version.version()})
    with run.ended():
        run.params({**record.params, "rounds": record.rounds, "candidate": record.kind})
        numbers = {f"holdout_{name}": value for name, value in model.metrics["model"].items()}
        run.metrics({**numbers, "identical": float(result["identical"])})
        run.content(artifacts.path_of(record.kind), model.content)
        run.text(artifacts.RESULT, json.dumps(result, indent=1))
    return run.run_id
