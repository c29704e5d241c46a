"""A training done again from its run's record alone: the same table versions, windows, parameters, trees and seed."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.result import Result
from jobs.train import fitted_model, fitting, time_travel
from jobs.train.search import tuning
from jobs.train.split import Parts, divide
from jobs.train.tracking import manifest
from jobs.train.tracking.manifest import RECORD_FILE, Manifest
from jobs.train.tracking.mlflow_run import Run
from lakehouse import code_version, settings, tables
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, RunMissing, VersionGone
from lakehouse.evaluation import labelled_rows
from lakehouse.models import artifacts, mlflow_client
from lakehouse.storage import delta_log, spark_session
from lakehouse.tables import Table

log = logging.getLogger(__name__)

REPRODUCTION_OF = "reproduction_of"


@dataclass(frozen=True, kw_only=True)
class ReproductionResult(Result):
    """Whether a training done again gives the same.

    Attributes:
        run_id: the MLflow run that keeps it.
        like: the run whose training was done again.
        identical: whether all is equal, to the last digit and the last tree.
        differences: what is not, in words.
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
    """Train again like the run ``like``, compare, and log a run that says so. No version is registered.

    Raises:
        RunMissing: when there is no such run, or it has no record. BadArguments: when it is another use case's.
        VersionGone: when its rows can't be read any more.
    """
    then = find(like)
    use_case = UseCase.model_validate(then.use_case)
    if expected_use_case not in (None, use_case.name):
        raise BadArguments(
            f"run {like}: expected a training of {expected_use_case}, found one of {use_case.name}; leave "
            "--use-case out, or name a run of its experiment"
        )
    parts, notes = read(then, use_case)
    score = tuning.validation_score(then.params, then.rounds, parts.train, parts.validation)
    tuned = tuning.Tuned(then.params, then.rounds, score, None, (), None)
    now = fitted_model.fit_and_measure(use_case, tuned, parts)
    found = manifest.outcome(now.measured, now.validation, now.threshold, now.booster)
    # By way of JSON, as the record went.
    differing = manifest.differences(then.outcome, json.loads(json.dumps(found)))
    if differing:
        notes += [f"{name} is {now} now, was {before}" for name, before, now in others(then)]
    result: dict[str, Any] = {
        "like": like,
        "identical": not differing,
        "differences": differing,
        "notes": notes,
        "metrics": now.measured,
        "rows": parts.rows,
        "features_version": then.features_version,
        "labels_version": then.labels_version,
    }
    run_id = _log(use_case, then, like, result, now.booster)
    log.info("train %s like %s: identical %s", use_case.name, like, not differing)
    return ReproductionResult(status="reproduced", run_id=run_id, **result)


def find(run_id: str) -> Manifest:
    """The record of a training's run.

    Raises:
        RunMissing: saying whether the run or its record is missing.
    """
    if mlflow_client.run(run_id) is None:
        raise RunMissing(
            f"run {run_id}: expected a run of the server at {settings.load().mlflow_tracking_uri}, found none; its id stands on "
            "the run's page, and as run_id in the result of train, in the scores and in ops.model_events"
        )
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = mlflow_client.download(run_id, RECORD_FILE, Path(folder))
            return Manifest.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunMissing(
            f"run {run_id}: expected {RECORD_FILE} among its artifacts, found none that can be read: it is a trial, a run that "
            "was not finished, or of a release that kept no record; name the run of a registered version"
        ) from error


def read(then: Manifest, use_case: UseCase) -> tuple[Parts, list[str]]:
    """The very rows of then, and what is to be said of how they were found.

    A version whose files were vacuumed is read as it is now: compacting and later days change no row of the windows. Whether
    that is so says the digest of the rows.
    """
    notes: list[str] = []

    def readable(table: Table, version: int) -> int:
        missing = time_travel.missing(table, version, then.days.whole.first, then.days.whole.last)
        if missing is None:
            return version
        now = delta_log.version(table)
        notes.append(f"{table.full_name}: version {version} is gone ({missing}); read at version {now}")
        return now

    features = readable(tables.features(use_case), then.features_version)
    labels = readable(tables.silver(use_case.source(use_case.label.source)), then.labels_version)
    session, whole = spark_session.session(f"train {use_case.name}"), then.days.whole
    rows = labelled_rows.read(session, use_case, whole.first, whole.last, features, labels)
    parts = divide(rows, then.days, use_case)
    if manifest.digest(parts) != then.rows_sha256:
        if notes:
            raise VersionGone(
                f"{'; '.join(notes)}, whose rows are others: restated since; what was learned from is lost"
            )
        notes.append(f"the rows are others than then: digest {manifest.digest(parts)}, was {then.rows_sha256}")
    return parts, notes


def others(then: Manifest) -> list[tuple[str, str, str]]:
    """Name, then and now of what computes otherwise than then."""
    before = {**then.libraries, "code_version": then.code_version}
    now = {**manifest.libraries(), "code_version": code_version.version()}
    return [(name, before.get(name, "unknown"), now[name]) for name in now if before.get(name) != now[name]]


def _log(use_case: UseCase, then: Manifest, like: str, result: dict[str, Any], booster: Any) -> str:
    tags = {"use_case": use_case.name, "partition": then.partition, "stage": "reproduce", REPRODUCTION_OF: like}
    run = Run(use_case.name, f"like {like[:8]}", {**tags, "code_version": code_version.version()})
    with run.ended():
        run.params({**then.params, "rounds": then.rounds})
        named = {f"holdout_{name}": value for name, value in result["metrics"]["model"].items()}
        run.metrics({**named, "identical": float(result["identical"])})
        run.file(artifacts.MODEL, lambda file: file.write_bytes(fitting.file_bytes(booster)))
        text = json.dumps(result, indent=1)
        run.file(artifacts.RESULT, lambda file: file.write_text(text, encoding="utf-8"))
    return run.run_id
