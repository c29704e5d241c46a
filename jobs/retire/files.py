"""Removing the files of a retired version: from MLflow's artifact store, and from this machine's copies."""

from __future__ import annotations

import shutil
from typing import Any

from lakehouse import settings
from lakehouse.errors import ServiceUnavailable
from lakehouse.models import mlflow_client
from lakehouse.models.registry import ModelVersion

# Kilobytes that an auditor reads long after the version scored: its training data, its metrics.
KEPT = frozenset({"card", "training"})


def remove(model: ModelVersion) -> None:
    """Remove the files of the version's run and logged model, but for the ``KEPT`` folders. Repeating it is harmless.

    Raises:
        ServiceUnavailable: when MLflow does not answer, or the artifact store does not remove them.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client = mlflow_client.client()
    try:
        with mlflow_client.tracking():
            run_files: Any = get_artifact_repository(client.get_run(model.run_id).info.artifact_uri)
            for item in client.list_artifacts(model.run_id):
                if item.path not in KEPT:
                    run_files.delete_artifacts(item.path)
            source = client.get_model_version(model.name, str(model.version)).source or ""
            if source.startswith("models:/m-"):
                logged = client.get_logged_model(source.removeprefix("models:/"))
                model_files: Any = get_artifact_repository(logged.artifact_location)
                for item in model_files.list_artifacts():
                    model_files.delete_artifacts(item.path)
    except (MlflowException, OSError) as error:
        raise ServiceUnavailable(
            f"model {model.name} version {model.version}: expected the artifact store to remove its files, found "
            f"{type(error).__name__}: {error}; run the same command again"
        ) from error
    shutil.rmtree(settings.load().state_root / "models" / model.name / str(model.version), ignore_errors=True)
