"""A published version in MLflow: one run, with the version as its data set, and the card and the manifest as its files."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.corpus.publication import CARD, DATA, MANIFEST
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_budget import MICROS
from lakehouse.models import mlflow_client

# By these a run is found again.
TAG_VERSION, TAG_DIGEST = "nightjar.dataset_version", "nightjar.content_digest"
FINISHED = "FINISHED"
# What MLflow takes as a data set's digest, in characters.
DIGEST_LENGTH = 32


def reach(dataset: Dataset) -> str:
    """The id of the dataset's experiment, made when missing: asked before anything is published.

    Raises:
        ServiceUnavailable: when MLflow does not answer. ExperimentDeleted: when the experiment was deleted.
    """
    return mlflow_client.experiment(dataset.name)


def log(dataset: Dataset, experiment: str, said: Mapping[str, Any], folder: Path, hub_commit: str | None) -> str:
    """Log a version, unless it is; a run that was left unfinished is completed. Return the address of the run's page.

    Args:
        dataset: whose.
        experiment: its id.
        said: the version's manifest.
        folder: of the version.
        hub_commit: its commit on the Hub; None: it is not there.
    """
    from mlflow.entities import Dataset as Logged
    from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag

    client = mlflow_client.client()
    tags = {TAG_VERSION: str(said["version"]), TAG_DIGEST: str(said["content_digest"])}
    same = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    found = client.search_runs([experiment], same, max_results=1)
    if found and found[0].info.status == FINISHED:
        return mlflow_client.run_page(experiment, found[0].info.run_id)
    name = f"v{said['version']}"
    run = found[0] if found else client.create_run(experiment, tags=tags, run_name=name)
    run_id: str = run.info.run_id
    logged = Logged(
        name=f"{dataset.name}_{name}",
        digest=str(said["content_digest"])[:DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": str(folder / DATA)}),
        profile=json.dumps({"rows": said["rows"], "content_digest": said["content_digest"]}),
    )
    client.log_inputs(run_id, [DatasetInput(logged, [InputTag("mlflow.data.context", "publication")])])
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in metrics(said).items()],
        params=[Param(key, value[:500]) for key, value in params(said).items()],
        tags=[RunTag("hub_commit", hub_commit)] if hub_commit else [],
    )
    for file in (CARD, MANIFEST):
        client.log_artifact(run_id, str(folder / file))
    client.set_terminated(run_id, FINISHED)
    return mlflow_client.run_page(experiment, run_id)


def metrics(said: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a version, from its manifest; the cost is in units of the budget's currency."""
    documents = said["documents"]
    return {
        **{f"rows_{split}": float(count) for split, count in said["rows"].items()},
        "documents": float(len(documents)),
        "clusters": float(len({one["cluster_id"] for one in documents})),
        "calls": float(len(said["calls"])),
        "cost": said["asked"]["cost_micros"] / MICROS,
        "cost_unsure": said["asked"]["unsure_micros"] / MICROS,
    }


def params(said: Mapping[str, Any]) -> dict[str, str]:
    """What a version was asked for with, from its manifest."""
    declared = said["declaration"]
    near, shares = declared["near"], declared["split"]["shares"]
    return {
        "version": str(said["version"]),
        "partition": said["partition"],
        "content_digest": said["content_digest"],
        "teacher": ", ".join(said["asked"]["models"]),
        "prompt_digests": ", ".join(said["asked"]["prompt_digests"]),
        "variants": ", ".join(said["asked"]["parameters"]),
        **{f"near_{name}": str(value) for name, value in near.items()},
        **{f"share_{name}": str(value) for name, value in shares.items()},
        "code": said["code"],
    }
