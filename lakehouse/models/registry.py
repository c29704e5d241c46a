"""The model registry: which version an alias names, and what is known of a version (its files: `lakehouse.models.artifacts`).

Questions go to MLflow's REST interface: a scoring task asks one question and starts in two seconds, and importing the MLflow
client alone would take three more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from lakehouse import settings
from lakehouse.errors import ModelMissing, ModelRefused, ServiceUnavailable
from lakehouse.models import version_tags
from lakehouse.models.version_tags import OptionalTag, Tag

CHAMPION = "champion"
CHALLENGER = "challenger"

# Tags that training puts on each version; scoring, gate and monitor read them.
TAG_THRESHOLD = "threshold"
TAG_SHA256 = "model_sha256"
TAG_TRAINED_THROUGH = "trained_through"
# The partition that training ran for: the day that the retraining cool-down counts from.
TAG_TRAINED_FOR = "trained_for"
TAG_HOLDOUT_FIRST = "holdout_first"
TAG_HOLDOUT_LAST = "holdout_last"
TAG_FEATURES_VERSION = "features_version"
TAG_FINGERPRINT = "training_fingerprint"
TAG_CODE_VERSION = "code_version"
# The features that the model wants, in its order, separated by commas.
TAG_FEATURES = "features"
# When the version was retired (ISO, UTC), and, later, when its files were removed.
TAG_RETIRED = "retired_at"
TAG_FILES_REMOVED = "files_removed_at"

A_DAY = "a day as YYYY-MM-DD"
AN_INSTANT = "an instant with its time zone, as 2024-01-31T02:00:00+00:00"

TIMEOUT_SECONDS = 20


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
        features_version: Delta version of the feature table that training read.
        sha256: of the model's file.
        fingerprint: of everything that the model was trained from.
        code_version: of the code that trained it.
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
    features_version = Tag(TAG_FEATURES_VERSION, int, "a number")
    sha256 = Tag(TAG_SHA256, str, "a SHA-256")
    fingerprint = OptionalTag(TAG_FINGERPRINT, str, "a fingerprint")
    code_version = OptionalTag(TAG_CODE_VERSION, str, "a version of the code")
    retired_at = OptionalTag(TAG_RETIRED, version_tags.instant, AN_INSTANT)
    files_removed_at = OptionalTag(TAG_FILES_REMOVED, version_tags.instant, AN_INSTANT)


def by_alias(name: str, alias: str) -> ModelVersion | None:
    """The version that the alias names now; None when the model or the alias does not exist."""
    found = _get("registered-models/alias", {"name": name, "alias": alias})
    return None if found is None else _version(found["model_version"])


def version(name: str, number: int) -> ModelVersion:
    """That version.

    Raises:
        ModelMissing: when the registry has no such version.
    """
    found = _get("model-versions/get", {"name": name, "version": str(number)})
    if found is None:
        raise ModelMissing(f"model {name}: the registry has no version {number}; see the models page of the MLflow UI")
    return _version(found["model_version"])


def versions(name: str) -> list[ModelVersion]:
    """All versions, oldest first."""
    found = _get("model-versions/search", {"filter": f"name='{name}'", "max_results": "200000"})
    return sorted(map(_version, (found or {}).get("model_versions", [])), key=lambda item: item.version)


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


def point(name: str, alias: str, number: int) -> None:
    """Let the alias name that version."""
    _send("POST", "registered-models/alias", {"name": name, "alias": alias, "version": str(number)})


def drop(name: str, alias: str) -> None:
    """Remove the alias; without one, nothing happens."""
    _send("DELETE", "registered-models/alias", {"name": name, "alias": alias})


def tag(model: ModelVersion, key: str, value: str) -> None:
    """Put a tag on the version, in the place of one that it has."""
    content = {"name": model.name, "version": str(model.version), "key": key, "value": value}
    _send("POST", "model-versions/set-tag", content)


def untag(model: ModelVersion, key: str) -> None:
    """Take a tag off the version; without one, nothing happens."""
    _send("DELETE", "model-versions/delete-tag", {"name": model.name, "version": str(model.version), "key": key})


def run_url(model: ModelVersion) -> str:
    """Where a person sees the run that trained the version; empty when it is not there."""
    found = _get("runs/get", {"run_id": model.run_id})
    if found is None:
        return ""
    experiment = found["run"]["info"]["experiment_id"]
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
    """The answer of MLflow's REST interface; None when it says that the thing does not exist."""
    uri = settings.load().mlflow_tracking_uri
    question, body = (content, None) if method == "GET" else (None, content)
    address = f"{uri.rstrip('/')}/api/2.0/mlflow/{call}"
    try:
        answer = requests.request(method, address, params=question, json=body, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise ServiceUnavailable(
            f"MLflow at {uri}: expected an answer, found {type(error).__name__}; is the stack up? (make up)"
        ) from error
    if answer.status_code == requests.codes.ok:
        return answer.json()
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    code = said.get("error_code")
    if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        if method == "POST":
            # A write that MLflow did not make: the names come from the registry itself, so something was removed there.
            raise ModelMissing(
                f"MLflow at {uri}: expected {call} for {content['name']} to be made: {said.get('message')}"
            )
        return None
    raise ServiceUnavailable(f"MLflow at {uri}: expected an answer to {call}, found HTTP {answer.status_code}")
