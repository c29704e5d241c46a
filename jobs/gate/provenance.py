"""Whether a version's record is whole: from what it was trained, by which code, and what of it is kept."""

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
FILES = (artifacts.MODEL, artifacts.PROFILE, artifacts.REFERENCE, artifacts.RESULT)


def missing(use_case: UseCase, model: ModelVersion) -> tuple[str, ...]:
    """What is missing, in words; nothing when an auditor could follow the version back to its data and code."""
    lacking = [*_tags(use_case, model), *_of_run(use_case, model)]
    # Downloading a file that is not there would be an error; one whose bytes are others is a finding.
    if not lacking:
        try:
            artifacts.local_copy(model, artifacts.MODEL)
        except ModelRefused as error:
            lacking.append(str(error))
    return tuple(lacking)


def _tags(use_case: UseCase, model: ModelVersion) -> list[str]:
    expected = (*TAGS, ModelVersion.threshold) if use_case.binary else TAGS
    return [problem for tag in expected if (problem := tag.problem(model))]


def _of_run(use_case: UseCase, model: ModelVersion) -> list[str]:
    """What the run lacks: its end, the versions of the tables that it read, its files."""
    run = mlflow_client.run(model.run_id)
    if run is None:
        return [f"the run {model.run_id or 'that trained it'} is not there"]
    lacking = [] if run.info.status == "FINISHED" else [f"the run {model.run_id} has not finished: {run.info.status}"]
    inputs = run.inputs.dataset_inputs if run.inputs else []
    read = {item.dataset.name: _version(item.dataset) for item in inputs}
    wanted = (tables.features(use_case), tables.silver(use_case.source(use_case.label.source)))
    for name in (table.full_name for table in wanted):
        if read.get(name) is None:
            lacking.append(f"the run does not say which version of {name} it read")
    said, tagged = read.get(wanted[0].full_name), model.tags.get(registry.TAG_FEATURES_VERSION)
    if said is not None and str(said) != tagged:
        lacking.append(f"the run read version {said} of {wanted[0].full_name}, the tag says {tagged}")
    folders = {str(PurePosixPath(file).parent) for file in FILES}
    client = mlflow_client.client()
    kept = {item.path for folder in folders for item in client.list_artifacts(model.run_id, folder)}
    return lacking + [f"the run has no file {file}" for file in FILES if file not in kept]


def _version(dataset: Any) -> int | None:
    """The Delta version that a logged dataset names."""
    try:
        return int(json.loads(dataset.source)["delta_table_version"])
    except (ValueError, KeyError, TypeError):
        return None
