"""The MLflow run that keeps a day's drift page: one a day and use case, identified by its tags."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.models import mlflow_client

KIND = "drift"
TAG_FINGERPRINT = "drift_fingerprint"
FOLDER = "drift"


@dataclass(frozen=True)
class DriftRun:
    """The run of a day, which may not exist yet.

    Attributes:
        experiment_id: of the use case's experiment.
        run_id: None when there is no run yet.
        fingerprint: of the rows that the run's page was made for; None when it was never finished.
    """

    experiment_id: str
    run_id: str | None
    fingerprint: str | None

    @property
    def url(self) -> str:
        """The run's page in the MLflow UI."""
        return mlflow_client.run_page(self.experiment_id, self.run_id or "")


def find(use_case: str, partition: str) -> DriftRun:
    """The use case's run for that day; makes the experiment when it is the first."""
    experiment = mlflow_client.experiment(use_case)
    runs = mlflow_client.client().search_runs(
        [experiment],
        filter_string=f"tags.kind = '{KIND}' and tags.use_case = '{use_case}' and tags.partition = '{partition}'",
        order_by=["attributes.start_time ASC"],
        max_results=1,
    )
    if not runs:
        return DriftRun(experiment, None, None)
    return DriftRun(experiment, runs[0].info.run_id, runs[0].data.tags.get(TAG_FINGERPRINT))


def log(
    run: DriftRun, name: str, tags: Mapping[str, str], metrics: Mapping[str, float], files: list[Path], fingerprint: str
) -> DriftRun:
    """Log a page into the run, in place of an earlier one of the same day."""
    from mlflow.entities import Metric, RunTag

    client = mlflow_client.client()
    run_id = run.run_id or client.create_run(run.experiment_id, tags=dict(tags), run_name=name).info.run_id
    for file in files:
        client.log_artifact(run_id, str(file), FOLDER)
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
        # MLflow refuses a tag of more than 8,000 bytes.
        tags=[RunTag(key, value[:5000]) for key, value in tags.items()],
    )
    # Last: a run without it was interrupted, and is logged again.
    client.set_tag(run_id, TAG_FINGERPRINT, fingerprint)
    client.set_terminated(run_id)
    return DriftRun(run.experiment_id, run_id, fingerprint)
