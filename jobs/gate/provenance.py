"""Whether a version's lineage is complete: what it was trained from, by which code, and which of its files are kept."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused
from lakehouse.models import artifacts, mlflow_client, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.models.version_tags import OptionalTag

TAGS: tuple[OptionalTag[Any], ...] = (
    ModelVersion.code_version,
    ModelVersion.fingerprint,
    ModelVersion.features,
    ModelVersion.sha256,
    ModelVersion.trained_for,
    ModelVersion.trained_through,
    ModelVersion.holdout_first,
    ModelVersion.holdout_last,
    ModelVersion.features_version,
)
FILES = (artifacts.PROFILE, artifacts.REFERENCE, artifacts.RESULT)


def missing(use_case: UseCase, model: ModelVersion) -> tuple[str, ...]:
    """What is missing, in words; nothing when an auditor could follow the version back to its data and code."""
    gaps = [*_tag_gaps(use_case, model), *_run_gaps(use_case, model)]
    # Downloading a file that is not there would be an error; one with other bytes is a gap.
    if not gaps:
        try:
            artifacts.model_bytes(model)
        except ModelRefused as error:
            gaps.append(str(error))
    return tuple(gaps)


def _tag_gaps(use_case: UseCase, model: ModelVersion) -> list[str]:
    expected = (*TAGS, ModelVersion.threshold) if use_case.binary else TAGS
    return [problem for tag in expected if (problem := tag.problem(model))]


def _run_gaps(use_case: UseCase, model: ModelVersion) -> list[str]:
    """What the run lacks: its end, the versions of the tables that it read, its files."""
    run = mlflow_client.run(model.run_id)
    if run is None:
        return [f"the run {model.run_id or 'that trained it'} is not there"]
    if mlflow_client.deleted(run):
        return [f"the run {model.run_id} is deleted, restore it: mlflow runs restore --run-id {model.run_id}"]
    gaps = [] if run.info.status == "FINISHED" else [f"the run {model.run_id} has not finished: {run.info.status}"]
    inputs = run.inputs.dataset_inputs if run.inputs else []
    read = {item.dataset.name: _version(item.dataset) for item in inputs}
    features, labels = tables.features(use_case), tables.labels(use_case)
    for name in (features.full_name, labels.full_name):
        if read.get(name) is None:
            gaps.append(f"the run does not say which version of {name} it read")
    logged, tagged = read.get(features.full_name), model.tags.get(registry.TAG_FEATURES_VERSION)
    if logged is not None and str(logged) != tagged:
        gaps.append(f"the run read version {logged} of {features.full_name}, the tag says {tagged}")
    files = (artifacts.model_path(model), *FILES)
    folders = {str(PurePosixPath(file).parent) for file in files}
    client = mlflow_client.client()
    kept = {item.path for folder in folders for item in client.list_artifacts(model.run_id, folder)}
    return gaps + [f"the run has no file {file}" for file in files if file not in kept]


def _version(dataset: Any) -> int | None:
    """The Delta version that a logged dataset names."""
    try:
        return int(json.loads(dataset.source)["delta_table_version"])
    except (ValueError, KeyError, TypeError):
        return None
