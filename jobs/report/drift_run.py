"""The MLflow run that keeps a day's drift page: one a day and use case, identified by its tags.

Calls go to MLflow's REST interface: a page takes less time than importing the client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import ExperimentDeleted
from lakehouse.models import mlflow_client, mlflow_rest

KIND = "drift"
TAG_FINGERPRINT = "drift_fingerprint"
FOLDER = "drift"
# Artifacts that the tracking server itself takes; others go by MLflow's client to where they lie.
BY_SERVER = "mlflow-artifacts:"
# MLflow refuses a tag of more than 8,000 bytes, and a batch of more metrics.
LONGEST_TAG, MOST_METRICS = 5000, 1000


@dataclass(frozen=True)
class DriftRun:
    """The run of a day, which may not exist yet.

    Attributes:
        experiment_id: of the use case's experiment.
        run_id: None when there is no run yet.
        tags: of the run.
        artifacts: where its files lie.
    """

    experiment_id: str
    run_id: str | None
    tags: Mapping[str, str]
    artifacts: str = ""

    @property
    def fingerprint(self) -> str | None:
        """Of the page that the run has; None when it was never finished."""
        return self.tags.get(TAG_FINGERPRINT)

    @property
    def url(self) -> str:
        """The run's page in the MLflow UI."""
        return mlflow_client.run_page(self.experiment_id, self.run_id or "")


def experiment(use_case: str) -> str:
    """The id of the use case's experiment, which is made when it is the first time.

    Raises:
        ExperimentDeleted: when it was deleted.
    """
    try:
        known = mlflow_rest.send("GET", "experiments/get-by-name", {"experiment_name": use_case})["experiment"]
    except mlflow_rest.NotThere:
        return mlflow_client.experiment(use_case)
    return mlflow_client.active(use_case, str(known["experiment_id"]), known["lifecycle_stage"])


def find(use_case: str, partition: str, experiment_id: str) -> DriftRun:
    """The use case's run for that day."""
    wanted = {
        "experiment_ids": [experiment_id],
        "filter": f"tags.kind = '{KIND}' and tags.use_case = '{use_case}' and tags.partition = '{partition}'",
        "order_by": ["attributes.start_time ASC"],
        "max_results": 1,
    }
    runs = mlflow_rest.send("POST", "runs/search", wanted).get("runs", [])
    return _run(experiment_id, runs[0]) if runs else DriftRun(experiment_id, None, {})


def log(
    run: DriftRun, name: str, tags: Mapping[str, str], metrics: Mapping[str, float], files: list[Path], last_tag: str
) -> DriftRun:
    """Log a page into the run, in place of an earlier one of the same day.

    Args:
        run: of the day.
        name: of the run.
        tags: of the run; that of the name ``last_tag`` is set last.
        metrics: of the run.
        files: of its folder.
        last_tag: a run without it was interrupted, and is logged again.

    Raises:
        ExperimentDeleted: when the run or its experiment was deleted.
    """
    try:
        return _log(run, name, tags, metrics, files, last_tag)
    except mlflow_rest.NotThere as error:
        raise ExperimentDeleted(
            f"MLflow at {mlflow_rest.address()}: expected an active run and experiment, found: {error} Restore it: "
            f"MLFLOW_TRACKING_URI={mlflow_rest.address()} mlflow experiments restore --experiment-id ID, or "
            "mlflow runs restore --run-id ID"
        ) from error


def _log(
    run: DriftRun, name: str, tags: Mapping[str, str], metrics: Mapping[str, float], files: list[Path], last_tag: str
) -> DriftRun:
    now = int(time.time() * 1000)
    texts = [{"key": key, "value": value[:LONGEST_TAG]} for key, value in tags.items()]
    first = [tag for tag in texts if tag["key"] != last_tag]
    if run.run_id is None:
        made = {"experiment_id": run.experiment_id, "run_name": name, "start_time": now, "tags": first}
        run = _run(run.experiment_id, mlflow_rest.send("POST", "runs/create", made)["run"])
    for file in files:
        _keep(run, file)
    values = [{"key": key, "value": value, "timestamp": now, "step": 0} for key, value in metrics.items()]
    for start in range(0, max(len(values), 1), MOST_METRICS):
        batch = {"run_id": run.run_id, "metrics": values[start : start + MOST_METRICS], "tags": first}
        mlflow_rest.send("POST", "runs/log-batch", batch)
    mlflow_rest.send("POST", "runs/set-tag", {"run_id": run.run_id, "key": last_tag, "value": tags[last_tag]})
    mlflow_rest.send("POST", "runs/update", {"run_id": run.run_id, "status": "FINISHED", "end_time": now})
    return DriftRun(run.experiment_id, run.run_id, {**run.tags, **tags}, run.artifacts)


def _keep(run: DriftRun, file: Path) -> None:
    if run.artifacts.startswith(BY_SERVER):
        # mlflow-artifacts:/1/RUN/artifacts, or mlflow-artifacts://HOST/1/RUN/artifacts.
        path = run.artifacts.removeprefix(BY_SERVER)
        path = path[2:].partition("/")[2] if path.startswith("//") else path.lstrip("/")
        mlflow_rest.put_artifact(f"{path}/{FOLDER}/{file.name}", file.read_bytes())
    else:
        mlflow_client.client().log_artifact(run.run_id or "", str(file), FOLDER)


def _run(experiment_id: str, content: Mapping[str, Any]) -> DriftRun:
    info = content["info"]
    tags = {tag["key"]: tag["value"] for tag in content["data"].get("tags", [])}
    return DriftRun(experiment_id, info["run_id"], tags, info.get("artifact_uri", ""))
