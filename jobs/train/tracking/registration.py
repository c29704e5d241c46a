"""The last step of a training: the run's model becomes a version of the use case's registered model.

The version is created with all its tags in one call, so that none exists half described. What follows it (the alias,
the diary's line) is repeatable, and a training that finds its version registered already completes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from lakehouse.models import champion_record, mlflow_client, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events

if TYPE_CHECKING:
    from lakehouse.evaluation.labelled_rows import TrainingSet


def log_model(run_id: str, booster: Any, example: TrainingSet) -> str:
    """Log the model with its signature to the run and return the logged model's id."""
    import mlflow
    import mlflow.xgboost
    import pandas as pd

    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name, required=False) for name in example.names]),
        outputs=Schema([ColSpec("float")]),
    )
    with mlflow_client.tracking():
        # A run can be joined only under its own experiment, and another one may be the active one of this process.
        mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
        with mlflow.start_run(run_id=run_id):
            # Requirements are given: left to itself MLflow loads the model in a process of its own to find them, 10 s.
            logged = mlflow.xgboost.log_model(
                booster,
                name="model",
                signature=signature,
                input_example=pd.DataFrame(example.features[:3], columns=list(example.names)),
                model_format="ubj",
                pip_requirements=[f"{name}=={installed(name)}" for name in ("mlflow", "xgboost-cpu", "pandas")],
            )
    return str(logged.model_id)


def register(name: str, run_id: str, model_id: str, tags: Mapping[str, str], description: str) -> ModelVersion:
    """Register the run's model as a new version."""
    client = mlflow_client.client()
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=run_id,
        tags=dict(tags),
        description=description,
        await_creation_for=0,
        model_id=model_id,
    )
    return registry.version(name, int(made.version))


def complete(model: ModelVersion, actor: str, evidence: Mapping[str, Any]) -> None:
    """Point the alias ``challenger`` to a version that is newest and not judged yet, and write the diary's line."""
    past = {event.event for event in model_events.of_model(model.name, model.version)}
    newest = registry.versions(model.name)[-1].version == model.version
    if newest and not past & {model_events.PROMOTED, model_events.HELD}:
        registry.point(model.name, registry.CHALLENGER, model.version)
    if model_events.REGISTERED in past:
        return
    champion = champion_record.current(model.name)
    created = mlflow_client.client().get_model_version(model.name, str(model.version)).creation_timestamp
    model_events.record(
        model_events.Event(
            model_name=model.name,
            model_version=model.version,
            event=model_events.REGISTERED,
            from_version=None if champion is None else champion.version,
            actor=actor,
            reason=f"trained for {model.tags.get(registry.TAG_TRAINED_FOR)}",
            evidence=evidence,
            run_id=model.run_id,
            happened_at=dt.datetime.fromtimestamp(created / 1000, dt.UTC),
        ),
    )
