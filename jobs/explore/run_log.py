"""The MLflow run that keeps the profile of a day: one a day and dataset, identified by its tags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lakehouse.models import mlflow_client

KIND = "documents"
FINGERPRINT = "profile_fingerprint"
FOLDER = "documents"


class ProfileRun:
    """The run of a dataset and a day, which may not exist yet.

    Raises:
        ServiceUnavailable: when MLflow does not answer. ExperimentDeleted: when the dataset's experiment was deleted.
    """

    def __init__(self, dataset: str, day: dt.date) -> None:
        self._dataset, self._day = dataset, day
        self._client = mlflow_client.client()
        self._experiment = mlflow_client.experiment(dataset)
        wanted = f"tags.kind = '{KIND}' and tags.partition = '{day}'"
        found = self._client.search_runs(
            [self._experiment], wanted, order_by=["attributes.start_time ASC"], max_results=1
        )
        self._run = found[0] if found else None

    @property
    def run_id(self) -> str | None:
        """None when there is no run yet."""
        return None if self._run is None else str(self._run.info.run_id)

    @property
    def url(self) -> str:
        """The run's page in the MLflow UI."""
        return mlflow_client.run_page(self._experiment, self.run_id or "")

    @property
    def fingerprint(self) -> str | None:
        """Of the profile that the run has; None when it was never finished."""
        return None if self._run is None else self._run.data.tags.get(FINGERPRINT)

    def log(self, fingerprint: str, metrics: Mapping[str, float], files: Mapping[str, bytes]) -> None:
        """Log a profile into the run, in place of an earlier one. The fingerprint is set last: without it, it is logged again."""
        if self._run is None:
            tags = {"kind": KIND, "dataset": self._dataset, "partition": self._day.isoformat()}
            self._run = self._client.create_run(self._experiment, tags=tags, run_name=f"documents {self._day}")
        run_id = str(self._run.info.run_id)
        for name, value in metrics.items():
            self._client.log_metric(run_id, name, value)
        with TemporaryDirectory() as folder:
            for file in _written(Path(folder), files):
                self._client.log_artifact(run_id, str(file), FOLDER)
        self._client.set_tag(run_id, FINGERPRINT, fingerprint)
        self._client.set_terminated(run_id)


def _written(folder: Path, files: Mapping[str, bytes]) -> Sequence[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]
