"""A training done again from its run's record: the same to the last digit, or the reason why not."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.train import fitting, job, reproduction
from jobs.train.arguments import TrainArguments
from jobs.train.search import space
from jobs.train.tracking import manifest
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, RunMissing, VersionGone
from lakehouse.models import registry
from lakehouse.storage import commits, delta_log, spark_tables
from tests.jobs import appointments

DAY = appointments.START + dt.timedelta(days=40)


def train(use_case: UseCase) -> dict[str, Any]:
    return job.run(TrainArguments(use_case=use_case.name, partition=DAY, actor="tests")).as_json()


def like(run_id: str, use_case: str | None = None) -> dict[str, Any]:
    return job.run(TrainArguments(like=run_id, use_case=use_case, actor="tests")).as_json()


def vacuum_all(use_case: UseCase) -> None:
    """Leave nothing but the newest version's files."""
    for table in (tables.features(use_case), tables.silver(use_case.source("visits"))):
        opened = DeltaTable(delta_log.location(table))
        opened.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)


def test_like_gets_the_same_although_all_has_changed_since(
    trained_clinic: UseCase, lakehouse_root: Path, mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = train(trained_clinic)
    appointments.fill(trained_clinic, appointments.START, days=3, rows_a_day=30, batch="b")
    root = lakehouse_root.parent / "use_cases"
    appointments.declare(root, trained_clinic.name, model={"trials": 2, "seed": 9}, drift={"bins": 4})
    monkeypatch.setattr(space, "cores", lambda: 3)
    again = like(made["run_id"])
    assert again["identical"] and again["differences"] == [] and again["notes"] == []
    assert again["metrics"] == made["metrics"] and again["rows"] == made["rows"]
    client = MlflowClient(tracking_uri=mlflow_uri)
    run, first = client.get_run(again["run_id"]), client.get_run(made["run_id"])
    assert run.data.tags[reproduction.REPRODUCTION_OF] == made["run_id"] and run.info.status == "FINISHED"
    assert run.data.params["nthread"] == first.data.params["nthread"]
    assert run.data.metrics["holdout_log_loss"] == first.data.metrics["holdout_log_loss"]
    assert len(registry.versions(trained_clinic.name)) == 1
    # A profile would be of the same rows, also of those without a label.
    parts, _ = reproduction.read_rows(kept(made["run_id"]), trained_clinic)
    assert set(parts.without_label) == {"train", "validation", "holdout"}
    assert sum(map(len, parts.without_label.values())) == made["rows"]["unlabelled"]
    # The record says which rows: so do the data sets of the run's page.
    windows = {name: list(days) for name, days in kept(made["run_id"]).windows.items()}
    for item in first.inputs.dataset_inputs:
        source, profile = json.loads(item.dataset.source), json.loads(item.dataset.profile)
        assert source["delta_table_version"] == 1 and source["windows"] == windows
        assert profile["rows_sha256"] == kept(made["run_id"]).rows_sha256 and profile["rows"] == made["rows"]


def kept(run_id: str) -> manifest.Manifest:
    return reproduction.find_record(run_id)


def test_what_was_vacuumed_is_read_as_it_is_now_if_it_is_the_same(trained_clinic: UseCase, spark: SparkSession) -> None:
    made = train(trained_clinic)
    later = DAY + dt.timedelta(days=3)
    appointments.fill(trained_clinic, later, days=1, rows_a_day=30)
    for table in (tables.features(trained_clinic), tables.silver(trained_clinic.source("visits"))):
        DeltaTable(delta_log.location(table)).optimize.compact()
        spark.sql(f"DELETE FROM delta.`{delta_log.location(table)}` WHERE partition = DATE '{later}'")
        # A file is rewritten, as compacting does, and its rows stay.
        day = appointments.START + dt.timedelta(days=2)
        commits.replace(spark_tables.read_days(spark, table, [day]), table, {"partition": [day]}, rows=100)
    vacuum_all(trained_clinic)
    again = like(made["run_id"])
    assert again["identical"] and "files were vacuumed" in again["notes"][0] and len(again["notes"]) == 2


def test_rows_restated_and_vacuumed_are_gone_and_it_says_so(trained_clinic: UseCase) -> None:
    made = train(trained_clinic)
    appointments.fill(trained_clinic, appointments.START, days=1, rows_a_day=30, batch="b")
    vacuum_all(trained_clinic)
    with pytest.raises(VersionGone, match=r"_features: version 1 is gone \(1 of its \d+ files were vacuumed\)"):
        like(made["run_id"])


def test_what_differs_is_named_with_a_possible_reason(trained_clinic: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    made = train(trained_clinic)
    fit = fitting.fit_coded

    def one_tree_less(tuned: Any, *parts: Any) -> Any:
        return fit(tuned, *parts)[: tuned.rounds - 1]

    monkeypatch.setattr(fitting, "fit_coded", one_tree_less)
    monkeypatch.setattr(manifest, "libraries", lambda: {**kept(made["run_id"]).libraries, "xgboost-cpu": "9.9"})
    again = like(made["run_id"])
    assert not again["identical"]
    assert any(line.startswith("trees_sha256: ") for line in again["differences"])
    assert any(line.startswith("metrics.model.log_loss: ") for line in again["differences"])
    assert any(note.startswith("xgboost-cpu is 9.9 now, was ") for note in again["notes"])
    assert not any("baseline" in line for line in again["differences"])


def test_runs_that_can_not_be_done_again_are_refused_by_name(trained_clinic: UseCase, mlflow_uri: str) -> None:
    made = train(trained_clinic)
    with pytest.raises(BadArguments, match=rf"expected a training of pigeons, found one of {trained_clinic.name}"):
        like(made["run_id"], "pigeons")
    with pytest.raises(RunMissing, match="expected a run of the server at"):
        like("0" * 32)
    client = MlflowClient(tracking_uri=mlflow_uri)
    experiment = client.get_experiment_by_name(trained_clinic.name)
    trial = client.search_runs([experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{made['run_id']}'")[0]
    with pytest.raises(RunMissing, match="it is a trial, a run that was not finished"):
        like(trial.info.run_id)
