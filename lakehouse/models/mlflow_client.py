"""MLflow's client, made in one place: with the tracking URI of the settings, and a name for a server that does not answer.

Importing MLflow takes three seconds, so it is imported when it is used. Code that only asks the registry uses
`lakehouse.models.registry`, which does without it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lakehouse import settings
from lakehouse.errors import ExperimentDeleted
from lakehouse.models import mlflow_rest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# A run's or an experiment's lifecycle stage.
DELETED = "deleted"
# What MLflow says of a write to a run or an experiment that is deleted; the error code is that of any wrong argument.
NOT_ACTIVE = "must be in the 'active' state"
UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def client() -> MlflowClient:
    """MLflow's client. Its methods raise ServiceUnavailable when the server does not answer."""
    import mlflow

    uri = settings.load().mlflow_tracking_uri
    return cast("MlflowClient", _Naming(mlflow.MlflowClient(tracking_uri=uri), uri))


@contextmanager
def tracking() -> Iterator[None]:
    """For MLflow's functions that are no methods of the client: in the block they use the server of the settings.

    Raises:
        ServiceUnavailable: when the server does not answer.
    """
    import mlflow

    uri = settings.load().mlflow_tracking_uri
    mlflow.set_tracking_uri(uri)
    with _named(uri):
        yield


def experiment(name: str) -> str:
    """The id of the experiment; the first use of a name makes it.

    Raises:
        ExperimentDeleted: when it was deleted: MLflow keeps its name.
    """
    from mlflow.exceptions import MlflowException

    mlflow = client()
    if (known := mlflow.get_experiment_by_name(name)) is not None:
        return active(name, str(known.experiment_id), known.lifecycle_stage)
    try:
        return str(mlflow.create_experiment(name))
    except MlflowException:
        # Another first use of the name came in between.
        if (known := mlflow.get_experiment_by_name(name)) is None:
            raise
        return active(name, str(known.experiment_id), known.lifecycle_stage)


def active(name: str, experiment_id: str, stage: str) -> str:
    """The id of the experiment.

    Raises:
        ExperimentDeleted: when its stage is that of a deleted one.
    """
    if stage != DELETED:
        return experiment_id
    uri = settings.load().mlflow_tracking_uri
    raise ExperimentDeleted(
        f"MLflow at {uri}: expected the experiment {name} to be active, found it deleted, and its name is kept; restore it: "
        f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore --experiment-id {experiment_id}; to begin anew, then also: "
        f"mlflow experiments rename --experiment-id {experiment_id} --new-name {name}_before"
    )


def run(run_id: str) -> Run | None:
    """The run; None when the server has no such run."""
    from mlflow.exceptions import MlflowException

    try:
        return client().get_run(run_id)
    except MlflowException as error:
        if error.error_code in UNKNOWN:
            return None
        raise


def run_page(experiment_id: str, run_id: str) -> str:
    """The address of the run's page in the MLflow UI."""
    return f"{settings.load().mlflow_tracking_uri.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"


def download(run_id: str, path: str, folder: Path) -> Path:
    """A copy in ``folder`` of the artifact that the run has under ``path``.

    Raises:
        FileNotFoundError: when the run has no such artifact, or the artifact store does not give it; it says so when the run is
            deleted or gone.
        ServiceUnavailable: when the server does not answer.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        with tracking():
            return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path=str(folder)))
    except (MlflowException, OSError) as error:
        raise FileNotFoundError(f"run {run_id} has no artifact {path}: {_state(run_id)}{error}") from error


def deleted(run: Run) -> bool:
    """Whether the run is deleted: it can be read and restored until ``mlflow gc`` removes it with its files."""
    return bool(run.info.lifecycle_stage == DELETED)


def _state(run_id: str) -> str:
    if (found := run(run_id)) is None:
        return "the server has no such run any more, restore a backup of MLflow: "
    restore = f"MLFLOW_TRACKING_URI={settings.load().mlflow_tracking_uri} mlflow runs restore --run-id {run_id}"
    return f"the run is deleted, restore it: {restore}: " if deleted(found) else ""


class _Naming:
    """Stands for a client whose methods name a server that does not answer."""

    def __init__(self, named: Any, uri: str) -> None:
        self._named, self._uri = named, uri

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._named, name)
        if not callable(attribute):
            return attribute

        @functools.wraps(attribute)
        def call(*arguments: Any, **options: Any) -> Any:
            with _named(self._uri):
                return attribute(*arguments, **options)

        return call


@contextmanager
def _named(uri: str) -> Iterator[None]:
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, requests.RequestException) as error:
        if NOT_ACTIVE in str(error):
            first_line = str(error).splitlines()[0]
            raise ExperimentDeleted(
                f"MLflow at {uri}: expected an active run and experiment, found: {first_line} Restore it: "
                f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore --experiment-id ID, or mlflow runs restore --run-id ID"
            ) from error
        if (cause := _no_answer(error)) is None:
            raise
        raise mlflow_rest.no_answer(cause) from error


def _no_answer(error: BaseException) -> BaseException | None:
    """The failed connection that the error comes from: MLflow's own error says no more than INTERNAL_ERROR."""
    import requests

    no_answer = (requests.ConnectionError, requests.Timeout, requests.exceptions.RetryError)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, no_answer):
        cause = cause.__cause__ or cause.__context__
    return cause
