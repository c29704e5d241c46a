"""The files of a registered version, which the MLflow client fetches once for each version and machine."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from lakehouse import settings
from lakehouse.errors import ModelMissing, ModelRefused
from lakehouse.models import mlflow_client
from lakehouse.models.registry import ModelVersion

# The paths of a version's files under its run.
MODEL = "booster/model.ubj"
COEFFICIENTS = "coefficients/model.json"
PROFILE = "profile/profile.json"
REFERENCE = "profile/reference.parquet"
# The baselines as models of coefficients, by name, for the gate.
BASELINES = "baselines/models.json"
# The training job's result, which a repeated training returns.
RESULT = "training/result.json"
# What repeats the training: the whole declaration as it was among it.
RECORD = "training/record.json"


def path_of(kind: str) -> str:
    """Where the run has the file of a model of this kind (`lakehouse.scorers`)."""
    return MODEL if kind == "boosted" else COEFFICIENTS


def model_path(model: ModelVersion) -> str:
    """Where the version's run has its file."""
    return path_of(model.candidate or "boosted")


def local_copy(model: ModelVersion, path: str) -> Path:
    """A local copy of a file that training logged under the version's run.

    Raises:
        ModelMissing: when the run has no such file. ModelRefused: when the model's bytes are not what was registered.
        ServiceUnavailable: when MLflow does not answer.
    """
    cached = _cached(model, path)
    if path in (MODEL, COEFFICIENTS):
        model_bytes(model)
    elif not cached.is_file():
        _download(model, path, cached)
    return cached


def model_bytes(model: ModelVersion) -> bytes:
    """The model's file: the bytes that were checked, not a file that may change afterwards.

    Raises:
        ModelMissing: when the run has no such file. ModelRefused: when it is not what was registered.
        ServiceUnavailable: when MLflow does not answer.
    """
    path = model_path(model)
    cached = _cached(model, path)
    if cached.is_file() and _is_registered(model, content := cached.read_bytes()):
        return content
    # Not fetched yet, or the copy on this machine was changed or cut off: the artifact store decides.
    _download(model, path, cached)
    content = cached.read_bytes()
    if not _is_registered(model, content):
        cached.unlink()
        digest = hashlib.sha256(content).hexdigest()
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected a file with SHA-256 "
            f"{model.sha256}, found {digest}; the artifact store was changed "
            "after registration: restore the file or retire the version"
        )
    return content


def _is_registered(model: ModelVersion, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == model.sha256


def _cached(model: ModelVersion, path: str) -> Path:
    # Both come from the registry, where others may write. Neither may lead out of the cache folder.
    if not re.fullmatch(r"\w[\w.-]*", model.name) or not re.fullmatch(r"[0-9A-Za-z]+", model.run_id):
        raise ModelRefused(
            f"model {model.name!r} version {model.version}: expected a name and a run id of letters and digits, found run "
            f"{model.run_id!r}; only versions that the train job registered are loaded"
        )
    return settings.load().state_root / "models" / model.name / str(model.version) / model.run_id / path


def _download(model: ModelVersion, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Two tasks may fetch the same file at once: each fetches into its own folder, and the last rename wins.
        with tempfile.TemporaryDirectory(dir=target.parent) as draft:
            mlflow_client.download(model.run_id, path, Path(draft)).replace(target)
    except OSError as error:
        raise ModelMissing(f"model {model.name} version {model.version}: {error}") from error
