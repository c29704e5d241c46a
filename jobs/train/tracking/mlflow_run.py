"""The MLflow run of a training: started, filled, ended."""

from __future__ import annotations

import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from jobs.train.search.study import Trial
from lakehouse.models import mlflow_client, registry
from lakehouse.storage import delta_log
from lakehouse.tables import Table

log = logging.getLogger(__name__)

PARENT = "mlflow.parentRunId"
TRIAL = "trial"
# So many metrics a request are what MLflow takes; of many classes there are more.
MOST_AT_ONCE = 1_000


class Run:
    """One run under the use case's experiment.

    Plain client calls: the fluent interface looks up source, user and git for every nested run, seconds in all.
    """

    def __init__(self, use_case: str, name: str, tags: Mapping[str, str], fingerprint: str | None = None) -> None:
        """Start the run, or resume the one that an earlier training with this fingerprint left without a version.

        Other runs of the same tags that never ended are those of a killed training, and are marked so.
        """
        self._client = mlflow_client.client()
        self._experiment = mlflow_client.experiment(use_case)
        self._tags = {**tags, **({registry.TAG_FINGERPRINT: fingerprint} if fingerprint else {})}
        resumed = self._left_by_an_earlier_attempt(use_case) if fingerprint else None
        self._close_abandoned(resumed)
        self.run_id: str = (
            resumed or self._client.create_run(self._experiment, tags=self._tags, run_name=name).info.run_id
        )
        self._trials: dict[int, tuple[str, bool]] | None = None

    def _left_by_an_earlier_attempt(self, use_case: str) -> str | None:
        of_versions = {version.run_id for version in registry.versions(use_case)}
        for run in self._search(self._tags):
            run_id: str = run.info.run_id
            if PARENT not in run.data.tags and run_id not in of_versions:
                log.info("run %s: resumed with what an earlier attempt logged", run_id)
                self._client.update_run(run_id, status="RUNNING")
                return run_id
        return None

    def _close_abandoned(self, resumed: str | None) -> None:
        tags = {key: value for key, value in self._tags.items() if key != registry.TAG_FINGERPRINT}
        for run in self._search(tags, "attributes.status = 'RUNNING'"):
            if resumed is None or resumed not in (run.info.run_id, run.data.tags.get(PARENT)):
                log.warning("run %s never ended: its training was killed, and it is marked so", run.info.run_id)
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _search(self, tags: Mapping[str, str], *conditions: str) -> list[Any]:
        same = (f"tags.`{key}` = '{value}'" for key, value in tags.items())
        return list(self._client.search_runs([self._experiment], " and ".join([*conditions, *same]), max_results=5000))

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

    def metrics(self, metrics: Mapping[str, float | None], step: int = 0) -> None:
        """Log the run's metrics at a step, leaving out those that the rows do not define."""
        now = int(time.time() * 1000)
        known = [Metric(key, value, now, step) for key, value in metrics.items() if value is not None]
        for start in range(0, len(known), MOST_AT_ONCE):
            self._client.log_batch(self.run_id, metrics=known[start : start + MOST_AT_ONCE])

    def trial(self, trial: Trial, loss: str) -> None:
        """Log a trial as a nested run, unless it is logged already; one that is logged in part is completed."""
        run_id, whole = self._logged().get(trial.number, (None, False))
        if whole:
            return
        ended = int(trial.ended_at * 1000)
        if run_id is None:
            run_id = self._client.create_run(
                self._experiment,
                start_time=ended - int(trial.seconds * 1000),
                tags={**self._tags, PARENT: self.run_id, TRIAL: str(trial.number)},
                run_name=f"trial {trial.number + 1:02d}",
            ).info.run_id
        self._client.log_batch(
            run_id,
            metrics=[Metric(f"validation_{loss}", trial.loss, ended, 0), Metric("rounds", trial.rounds, ended, 0)],
            params=[Param(key, str(value)) for key, value in trial.params.items()],
            tags=[RunTag("state", trial.state)],
        )
        self._client.set_terminated(run_id, "FINISHED", ended)
        self._logged()[trial.number] = run_id, True

    def _logged(self) -> dict[int, tuple[str, bool]]:
        """By number the trials that are logged: their run, and whether it is whole."""
        if self._trials is None:
            nested = self._search({PARENT: self.run_id})
            self._trials = {
                int(run.data.tags[TRIAL]): (run.info.run_id, run.info.status == "FINISHED")
                for run in nested
                if TRIAL in run.data.tags
            }
        return self._trials

    def dataset(
        self,
        table: Table,
        version: int,
        rows: Mapping[str, int],
        windows: Mapping[str, tuple[str, str]],
        rows_sha256: str,
    ) -> None:
        """Log which days of which version of which table were read, under a digest of the rows."""
        columns = [{"name": column.name, "type": column.type, "required": False} for column in table.columns]
        dataset = Dataset(
            name=table.full_name,
            # A tracking server keeps one data set of a name and digest: it must tell trainings on other days apart.
            digest=f"version-{version}-{rows_sha256[:12]}",
            source_type="delta_table",
            source=json.dumps({"path": delta_log.location(table), "delta_table_version": version, "windows": windows}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"rows": dict(rows), "rows_sha256": rows_sha256}),
        )
        self._client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

    def pictures(self, pictures: Mapping[str, bytes]) -> None:
        """Log each as ``plots/<name>.png``."""
        for name, content in pictures.items():
            self.content(f"plots/{name}.png", content)

    def table(self, path: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log rows of the same columns as a table that MLflow shows; without rows, nothing."""
        if rows:
            self._client.log_table(self.run_id, {name: [row[name] for row in rows] for name in rows[0]}, path)

    def text(self, path: str, text: str) -> None:
        """Log a file of text under ``path``."""
        self.content(path, text.encode())

    def content(self, path: str, content: bytes) -> None:
        """Log a file of these bytes under ``path``."""
        self.file(path, lambda file: file.write_bytes(content))

    def file(self, path: str, write: Callable[[Path], object]) -> None:
        """Log a file under ``path``; ``write`` gets the local path to write it to."""
        with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
            local = Path(folder) / Path(path).name
            write(local)
            self._client.log_artifact(self.run_id, str(local), str(Path(path).parent))
