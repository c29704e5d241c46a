"""The model registry: the version that an alias names, and a version's tags (its files: `lakehouse.models.artifacts`).

Requests go to MLflow's REST interface: a scoring task makes one and starts in two seconds, and importing the MLflow client
alone would take three more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse import settings
from lakehouse.declaration import UseCase, group_use
from lakehouse.errors import ModelMissing, ModelRefused
from lakehouse.models import mlflow_rest, version_tags
from lakehouse.models.version_tags import OptionalTag, Tag
from lakehouse.storage import touched

CHAMPION = "champion"
CHALLENGER = "challenger"

# Tags that training sets on each version; scoring, gate and monitor read them.
TAG_THRESHOLD = "threshold"
TAG_SHA256 = "model_sha256"
TAG_TRAINED_THROUGH = "trained_through"
# The partition that training ran for; the retraining cool-down starts on that day.
TAG_TRAINED_FOR = "trained_for"
TAG_HOLDOUT_FIRST = "holdout_first"
TAG_HOLDOUT_LAST = "holdout_last"
TAG_FEATURES_VERSION = "features_version"
TAG_FINGERPRINT = "training_fingerprint"
TAG_CODE_VERSION = "code_version"
# The features that the model reads, in its order, separated by commas.
TAG_FEATURES = "features"
# Those of them that are categories, likewise; a model of numbers alone has no such tag.
TAG_CATEGORIES = "categories"
# Which candidate it is, where the use case declares several: linear, boosted or blend.
TAG_CANDIDATE = "candidate"
# When the version was retired (ISO, UTC), and when its files were removed after that.
TAG_RETIRED = "retired_at"
TAG_FILES_REMOVED = "files_removed_at"

A_DAY = "a day as YYYY-MM-DD"
AN_INSTANT = "an instant with its time zone, as 2024-01-31T02:00:00+00:00"


@dataclass(frozen=True)
class ModelVersion:
    """A registered version: its number, the run that trained it, and its tags, as texts and as typed attributes.

    Attributes:
        threshold: the decision threshold; None for a regression.
        trained_for: the partition that training ran for; None for a version that the train job did not register.
        trained_through: the last day of the rows that the model was fitted to.
        holdout_first: the first day of the rows that it was measured on.
        holdout_last: the last of them.
        features: the features that the model reads, in its order.
        categories: those of them that are categories; None where all are numbers.
        features_version: Delta version of the feature table that training read.
        sha256: of the model's file.
        fingerprint: of everything that the model was trained from.
        code_version: of the code that trained it.
        candidate: which candidate it is; None where the use case declared no choice: it is boosted then.
        retired_at: when the version was retired; None while it is in service.
        files_removed_at: when its files were removed; None while they are there.
    """

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str]

    threshold = OptionalTag(TAG_THRESHOLD, float, "a number")
    trained_for = OptionalTag(TAG_TRAINED_FOR, version_tags.day, A_DAY)
    trained_through = Tag(TAG_TRAINED_THROUGH, version_tags.day, A_DAY)
    holdout_first = Tag(TAG_HOLDOUT_FIRST, version_tags.day, A_DAY)
    holdout_last = Tag(TAG_HOLDOUT_LAST, version_tags.day, A_DAY)
    features = Tag(TAG_FEATURES, version_tags.names, "the names of features, separated by commas")
    categories = OptionalTag(TAG_CATEGORIES, version_tags.names, "the names of features, separated by commas")
    features_version = Tag(TAG_FEATURES_VERSION, int, "a number")
    sha256 = Tag(TAG_SHA256, str, "a SHA-256")
    fingerprint = OptionalTag(TAG_FINGERPRINT, str, "a fingerprint")
    code_version = OptionalTag(TAG_CODE_VERSION, str, "a version of the code")
    candidate = OptionalTag(TAG_CANDIDATE, str, "linear, boosted or blend")
    retired_at = OptionalTag(TAG_RETIRED, version_tags.instant, AN_INSTANT)
    files_removed_at = OptionalTag(TAG_FILES_REMOVED, version_tags.instant, AN_INSTANT)


def by_alias(name: str, alias: str) -> ModelVersion | None:
    """The version that the alias names now; None when the model or the alias does not exist."""
    content = _get("registered-models/alias", {"name": name, "alias": alias})
    return None if content is None else _version(content["model_version"])


def version(name: str, number: int) -> ModelVersion:
    """The version of that number.

    Raises:
        ModelMissing: when the registry has no such version.
    """
    content = _get("model-versions/get", {"name": name, "version": str(number)})
    if content is None:
        raise ModelMissing(f"model {name}: the registry has no version {number}; see the models page of the MLflow UI")
    return _version(content["model_version"])


def versions(name: str) -> list[ModelVersion]:
    """All versions, oldest first."""
    content = _get("model-versions/search", {"filter": f"name='{name}'", "max_results": "200000"})
    return sorted(map(_version, (content or {}).get("model_versions", [])), key=lambda item: item.version)


def in_service(model: ModelVersion) -> ModelVersion:
    """The same version.

    Raises:
        ModelRefused: when it was retired.
    """
    if model.retired_at is not None:
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected a version in service, it was retired at "
            f"{model.retired_at.isoformat()}; use another one: the champion of today scores a day again with --champion now"
        )
    return model


def declared_features(model: ModelVersion, use_case: UseCase) -> tuple[str, ...]:
    """The features that the model reads, in its order.

    Raises:
        ModelRefused: when the use case no longer declares one of them, or as another type, or the version does not name them.
    """
    if undeclared := undeclared_features(model, use_case):
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected features that {use_case.name} declares, the model also needs "
            f"{', '.join(undeclared)}; train a new version for the new features{group_use.remedy(undeclared)}"
        )
    if retyped := retyped_features(model, use_case):
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected features of the types that {use_case.name} declares, found "
            f"{', '.join(retyped)}; train a new version"
        )
    touched.model(use_of(model))
    return model.features


def use_of(model: ModelVersion) -> touched.ModelUse:
    """The version, for the notes of what a run has touched."""
    return touched.ModelUse(
        model.name,
        model.version,
        model.run_id,
        model.tags.get(TAG_SHA256, ""),
        tuple(model.tags.get(TAG_FEATURES, "").split(",")),
    )


def undeclared_features(model: ModelVersion, use_case: UseCase) -> list[str]:
    """The features that the model reads and the use case does not declare."""
    return sorted(set(model.features) - {feature.name for feature in use_case.table_features})


def retyped_features(model: ModelVersion, use_case: UseCase) -> list[str]:
    """The features that the model reads as another type than the use case declares, in words."""
    categories, now = model.categories or (), {feature.name: feature.type for feature in use_case.features}
    then: dict[str, str] = {name: "category" if name in categories else "number" for name in model.features}
    return [
        f"{name}, which was a {type_} in training and is a {now[name]} now"
        for name, type_ in then.items()
        if now.get(name, type_) != type_
    ]


def point(name: str, alias: str, number: int) -> None:
    """Set the alias to that version."""
    _send("POST", "registered-models/alias", {"name": name, "alias": alias, "version": str(number)})


def drop(name: str, alias: str) -> None:
    """Remove the alias; nothing happens when there is none."""
    _send("DELETE", "registered-models/alias", {"name": name, "alias": alias})


def tag(model: ModelVersion, key: str, value: str) -> None:
    """Set a tag of the version."""
    content = {"name": model.name, "version": str(model.version), "key": key, "value": value}
    _send("POST", "model-versions/set-tag", content)


def untag(model: ModelVersion, key: str) -> None:
    """Remove a tag of the version; nothing happens when there is none."""
    _send("DELETE", "model-versions/delete-tag", {"name": model.name, "version": str(model.version), "key": key})


def run_url(model: ModelVersion) -> str:
    """The page of the run that trained the version; empty when the run does not exist."""
    content = _get("runs/get", {"run_id": model.run_id})
    if content is None:
        return ""
    experiment = content["run"]["info"]["experiment_id"]
    return f"{settings.load().mlflow_tracking_uri.rstrip('/')}/#/experiments/{experiment}/runs/{model.run_id}"


def _version(content: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        name=content["name"],
        version=int(content["version"]),
        run_id=content.get("run_id", ""),
        tags={tag["key"]: tag["value"] for tag in content.get("tags", [])},
    )


def _get(call: str, parameters: Mapping[str, str]) -> Any:
    return _send("GET", call, parameters)


def _send(method: str, call: str, content: Mapping[str, str]) -> Any:
    """The response of MLflow's REST interface; None when what was requested does not exist."""
    try:
        return mlflow_rest.send(method, call, content)
    except mlflow_rest.NotThere as error:
        if method == "POST":
            # The names come from the registry itself, so something was removed there meanwhile.
            uri = settings.load().mlflow_tracking_uri
            raise ModelMissing(f"MLflow at {uri}: expected {call} for {content['name']} to be made: {error}") from error
        return None
