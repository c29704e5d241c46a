"""What a killed training leaves in MLflow, and what the next one makes of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from jobs.train.search.study import Trial
from jobs.train.tracking import manifest
from jobs.train.tracking.mlflow_run import PARENT, TRIAL, Run
from lakehouse.models import registry
from lakehouse.settings import PROJECT_ROOT
from tests.jobs import appointments
from tests.jobs.train import search_task, whole_task

TAGS = {"use_case": "tracked", "partition": "2024-06-01", "stage": "train", "code_version": "1"}
PATIENCE_SECONDS = 120


def trial(number: int) -> Trial:
    return Trial(number, {"eta": 0.1}, 0.5, 7, "complete", 1.5, time.time())


def nested(client: MlflowClient, parent: str) -> list[Any]:
    experiment = client.get_run(parent).info.experiment_id
    return list(client.search_runs([experiment], f"tags.`{PARENT}` = '{parent}'"))


def runs(client: MlflowClient, use_case: str) -> list[Any]:
    experiment = client.get_experiment_by_name(use_case)
    found = [] if experiment is None else client.search_runs([experiment.experiment_id])
    return [run for run in found if PARENT not in run.data.tags]


def test_a_trial_that_was_half_logged_is_completed_and_a_whole_one_left_alone(
    mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = MlflowClient(tracking_uri=mlflow_uri)
    killed = Run("half_logged", "train", TAGS, "f1")
    killed.trial(trial(0), "log_loss")
    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_batch", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            killed.trial(trial(1), "log_loss")
    again = Run("half_logged", "train", TAGS, "f1")
    for number in range(3):
        again.trial(trial(number), "log_loss")
    assert again.run_id == killed.run_id
    found = nested(client, again.run_id)
    assert sorted(run.data.tags[TRIAL] for run in found) == ["0", "1", "2"]
    assert {run.info.status for run in found} == {"FINISHED"}
    assert all(run.data.metrics == {"validation_log_loss": 0.5, "rounds": 7.0} for run in found)


def test_a_run_of_other_rows_is_closed_and_not_taken_up(mlflow_uri: str) -> None:
    client = MlflowClient(tracking_uri=mlflow_uri)
    killed = Run("other_rows", "train", TAGS, "f1")
    with Run("other_rows", "train", TAGS, "f2").ended():
        pass
    assert client.get_run(killed.run_id).info.status == "KILLED"
    assert len(runs(client, "other_rows")) == 2


def test_a_task_that_was_killed_in_its_search_ends_as_one_run_with_each_trial_once(
    lakehouse_root: Path, mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, name = lakehouse_root.parent / "use_cases", "killed_in_its_search"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    features = [{"name": feature, "description": feature} for feature in "abcd"]
    model = search_task.MODEL.model_dump(exclude={"search"}, exclude_none=True)
    appointments.declare(root, name, features=features, model={**model, "search": {}})
    client = MlflowClient(tracking_uri=mlflow_uri)
    command = [sys.executable, "-m", "tests.jobs.train.whole_task", name]
    begun = subprocess.Popen(command, cwd=PROJECT_ROOT)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := runs(client, name)) or len(nested(client, found[0].info.run_id)) < 2:
            assert time.monotonic() < deadline and begun.poll() is None
            time.sleep(0.05)
    finally:
        begun.kill()
        begun.wait()
    before = {run.info.run_id for run in nested(client, found[0].info.run_id) if run.info.status == "FINISHED"}
    whole_task.train(name)
    only = runs(client, name)
    assert [run.info.run_id for run in only] == [found[0].info.run_id] and only[0].info.status == "FINISHED"
    trials = nested(client, only[0].info.run_id)
    assert sorted(int(run.data.tags[TRIAL]) for run in trials) == list(range(search_task.MODEL.trials))
    assert before <= {run.info.run_id for run in trials}
    assert {run.info.status for run in trials} == {"FINISHED"}
    assert [version.run_id for version in registry.versions(name)] == [only[0].info.run_id]
    files = {file.path for file in client.list_artifacts(only[0].info.run_id, "training")}
    assert manifest.RECORD_FILE in files
