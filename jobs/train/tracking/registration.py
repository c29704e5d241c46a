"""The last step of a training: the run's model becomes a version of the use case's registered model.

The version is created with all its tags in one call, so that none exists half described. What follows it (the alias,
the line in the audit log) is repeatable, and a training that finds its version registered already completes it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from importlib.metadata import version as installed
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from jobs.train.baselines import Metrics
from jobs.train.fitted_model import FittedModel
from jobs.train.split import Split
from jobs.train.tracking import served_model
from jobs.train.training_inputs import TrainingInputs
from lakehouse.declaration import metric_names
from lakehouse.declaration.class_names import PROBABILITY
from lakehouse.errors import RegistryChanged
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import champion_record, mlflow_client, recorded_version, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.scorers.scorer import Scorer
from lakehouse.storage import touched

log = logging.getLogger(__name__)

# What the audit log keeps of a version's tags: by its run and its file it is recognised, by its day a retraining is answered.
RECOGNISED_BY = (registry.TAG_SHA256, registry.TAG_TRAINED_FOR)


def log_model(run_id: str, scorer: Scorer, example: TrainingSet) -> str:
    """Log the model with its signature to the run and return the logged model's id."""
    import mlflow
    from mlflow.models import Model

    # Without inputs: MLflow would refuse whole numbers for a double before the model sees them, which checks them itself.
    signature = ModelSignature(outputs=Schema(outputs(scorer)))
    with mlflow_client.tracking():
        # A run can be joined only under its own experiment, and another one may be the active one of this process.
        mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
        with mlflow.start_run(run_id=run_id):
            # Requirements are given: left to itself MLflow loads the model in a process of its own to find them, 10 s.
            logged = Model.log(
                None,
                served_model,
                xgb_model=scorer,
                name="model",
                signature=signature,
                input_example=coded_rows.frame(example).head(3),
                metadata={"features": list(example.names)},
                pip_requirements=[f"{name}=={installed(name)}" for name in ("mlflow", "xgboost-cpu", "pandas")],
            )
    return str(logged.model_id)


def outputs(model: Any) -> list[ColSpec | TensorSpec]:
    """A number a row; of several classes the decided one and a probability each."""
    if (rule := ClassRule.of(model)) is None:
        return [ColSpec("float")]
    return [ColSpec("string", "decision"), *(ColSpec("float", f"{PROBABILITY}{name}") for name in rule.columns)]


def register(
    inputs: TrainingInputs, model: FittedModel, run_id: str, model_id: str, tags: Mapping[str, str]
) -> ModelVersion:
    """Register the run's model as a new version, under a number that no other run has in the audit log.

    Args:
        inputs: what the training was made from.
        model: the final model.
        run_id: the run that logged it.
        model_id: the logged model, as ``log_model`` gives it.
        tags: those of the run; the version gets them too.

    Raises:
        RegistryChanged: when the registry gives out the same used number again and again.
    """
    name, client = inputs.use_case.name, mlflow_client.client()
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise

    def create() -> int:
        created = client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=run_id,
            tags={**tags, **version_tags(inputs, model)},
            description=describe(inputs.day, inputs.split, model.metrics),
            await_creation_for=0,
            model_id=model_id,
        )
        return int(created.version)

    return with_unused_number(name, create, lambda number: client.delete_model_version(name, str(number)))


def with_unused_number(name: str, create: Callable[[], int], delete: Callable[[int], None]) -> ModelVersion:
    """The version that ``create`` makes, once its number is new to the audit log.

    A registry that was restored from a backup, or whose model was deleted and made again, counts from a lower number than the audit
    log has reached. A version with a used number is deleted, and the registry goes on to the next.

    Args:
        name: of the model.
        create: makes a version and returns its number.
        delete: deletes the version of that number.

    Raises:
        RegistryChanged: when the numbers do not rise.
    """
    last = 0
    while True:
        number = create()
        model = registry.version(name, number)
        if (differs := recorded_version.problem(model)) is None:
            return model
        log.warning("model %s: version %d is passed over, its number is another run's: %s", name, number, differs)
        delete(number)
        if number <= last:
            raise RegistryChanged(
                f"model {name}: expected a version number that ops.model_events does not have, the registry gave out {number} "
                "again after it was deleted; restore a backup of MLflow that has the recorded versions"
            )
        last = number


def version_tags(inputs: TrainingInputs, model: FittedModel) -> dict[str, str]:
    """The tags that scoring, gate and monitor read of a version."""
    return {
        registry.TAG_FINGERPRINT: inputs.snapshot.fingerprint,
        registry.TAG_FEATURES: ",".join(inputs.use_case.feature_names),
        **({registry.TAG_CATEGORIES: ",".join(categories)} if (categories := inputs.use_case.category_names) else {}),
        **({} if inputs.use_case.model.candidates == ("boosted",) else {registry.TAG_CANDIDATE: model.scorer.kind}),
        registry.TAG_FEATURES_VERSION: str(inputs.snapshot.features_version),
        registry.TAG_TRAINED_FOR: inputs.day.isoformat(),
        registry.TAG_TRAINED_THROUGH: inputs.split.validation.last.isoformat(),
        registry.TAG_HOLDOUT_FIRST: inputs.split.holdout.first.isoformat(),
        registry.TAG_HOLDOUT_LAST: inputs.split.holdout.last.isoformat(),
        registry.TAG_THRESHOLD: "" if model.threshold is None else repr(model.threshold),
        registry.TAG_SHA256: model.sha256,
    }


def describe(day: dt.date, split: Split, metrics: Mapping[str, Metrics]) -> str:
    """What a version's page says first: its days, its metrics on the holdout and those of the baselines."""
    lines = [f"Trained for {day} on {split.train} and {split.validation}; on the holdout {split.holdout}:"]
    for name, values in metrics.items():
        whole = (key for key in values if not metric_names.is_of_a_class(key))
        known = {key: values[key] for key in whole if key not in metric_names.CONFUSION}
        numbers = ", ".join(f"{key} {value:.4f}" for key, value in known.items() if value is not None)
        lines.append(f"- {name.replace('_', ' ')}: {numbers}")
    return "\n".join(lines)


def complete(model: ModelVersion, actor: str, evidence: Mapping[str, Any]) -> None:
    """Point the alias ``challenger`` to the version if it is the newest and has no verdict yet, and write its line in the
    audit log.
    """
    touched.model(registry.use_of(model), made=True)
    past = {event.event for event in model_events.of_model(model.name, model.version)}
    newest = registry.versions(model.name)[-1].version == model.version
    if newest and not past & {model_events.PROMOTED, model_events.HELD}:
        registry.point(model.name, registry.CHALLENGER, model.version)
    if model_events.REGISTERED in past:
        return
    created = mlflow_client.client().get_model_version(model.name, str(model.version)).creation_timestamp
    model_events.record(
        model_events.Event(
            model_name=model.name,
            model_version=model.version,
            event=model_events.REGISTERED,
            from_version=champion_record.number(model.name),
            actor=actor,
            reason=f"trained for {model.trained_for}",
            evidence={**evidence, **{tag: model.tags.get(tag) for tag in RECOGNISED_BY}},
            run_id=model.run_id,
            happened_at=dt.datetime.fromtimestamp(created / 1000, dt.UTC),
        ),
    )
