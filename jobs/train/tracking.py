"""The MLflow run of a training: started, filled, ended."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from jobs.train.tuning import Trial
from lakehouse import delta, settings
from lakehouse.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

PARENT = "mlflow.parentRunId"


class Run:
    """One run under the use case's experiment.

    Plain client calls: the fluent interface looks up source, user and git for every nested run, seconds in all.
    """

    def __init__(self, use_case: str, name: str, tags: Mapping[str, str]) -> None:
        """Start the run. Runs of the same tags that never ended are those of a killed training, and are marked so."""
        self._client = MlflowClient(tracking_uri=settings.load().mlflow_tracking_uri)
        self._experiment = _experiment(self._client, use_case)
        self._tags = dict(tags)
        self._close_abandoned()
        self.run_id: str = self._client.create_run(self._experiment, tags=self._tags, run_name=name).info.run_id

    def _close_abandoned(self) -> None:
        same = " and ".join(f"tags.`{key}` = '{value}'" for key, value in self._tags.items())
        for run in self._client.search_runs([self._experiment], f"attributes.status = 'RUNNING' and {same}"):
            log.warning("run %s was never ended: an earlier training was killed; marking it so", run.info.run_id)
            self._client.set_terminated(run.info.run_id, "KILLED")

    @contextmanager
    def ended(self) -> Iterator[None]:
        """End the run with the block: finished, or failed when an exception leaves it."""
        try:
            yield
        except BaseException:
            self._client.set_terminated(self.run_id, "FAILED")
            raise
        self._client.set_terminated(self.run_id, "FINISHED")

    def params(self, params: Mapping[str, Any]) -> None:
        """Log the run's parameters."""
        self._client.log_batch(self.run_id, params=[Param(key, str(value)) for key, value in params.items()])

    def metrics(self, metrics: Mapping[str, float | None]) -> None:
        """Log the run's metrics, leaving out those that the rows do not define."""
        now = int(time.time() * 1000)
        known = [Metric(key, value, now, 0) for key, value in metrics.items() if value is not None]
        self._client.log_batch(self.run_id, metrics=known)

    def trial(self, trial: Trial, loss: str) -> None:
        """Log a trial as a nested run."""
        ended = int(time.time() * 1000)
        run = self._client.create_run(
            self._experiment,
            start_time=ended - int(trial.seconds * 1000),
            tags={**self._tags, PARENT: self.run_id},
            run_name=f"trial {trial.number + 1:02d}",
        )
        self._client.log_batch(
            run.info.run_id,
            metrics=[Metric(f"validation_{loss}", trial.loss, ended, 0), Metric("rounds", trial.rounds, ended, 0)],
            params=[Param(key, str(value)) for key, value in trial.params.items()],
            tags=[RunTag("state", trial.state)],
        )
        self._client.set_terminated(run.info.run_id, "FINISHED", ended)

    def dataset(self, table: Table, version: int, rows: Mapping[str, int]) -> None:
        """Log which version of which table was read."""
        columns = [{"name": column.name, "type": column.type, "required": False} for column in table.columns]
        dataset = Dataset(
            name=table.full_name,
            digest=f"version-{version}",
            source_type="delta_table",
            source=json.dumps({"path": delta.location(table), "delta_table_version": version}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"rows": dict(rows)}),
        )
        self._client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

    def figure(self, name: str, figure: Figure) -> None:
        """Log a figure as ``plots/<name>.png``."""
        self._client.log_figure(self.run_id, figure, f"plots/{name}.png", save_kwargs={"dpi": 90})

    def table(self, path: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log rows of the same columns as a table that MLflow shows; without rows, nothing."""
        if rows:
            self._client.log_table(self.run_id, {name: [row[name] for row in rows] for name in rows[0]}, path)

    def file(self, path: str, write: Any) -> None:
        """Log a file under ``path``; ``write`` gets the local path to write it to."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / Path(path).name
            write(local)
            self._client.log_artifact(self.run_id, str(local), str(Path(path).parent))


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        # Another use of the same name came first in this very moment.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)
