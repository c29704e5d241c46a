"""Rows that a version's run has of an erased key: in the sample for drift pages and in the example of an input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mlflow.artifacts import download_artifacts
from pyarrow import parquet

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ErasureIncomplete
from lakehouse.models import artifacts, mlflow_client, registry
from lakehouse.ops import erasures
from lakehouse.storage import arrow_dataset
from tests.jobs import appointments

KEY = 0
Rows = set[tuple[float | None, ...]]


def erase() -> job.EraseResult:
    return job.run(EraseArguments(source="bookings", key=(str(KEY),), reason="asked", actor="desk"))


def known(rows: list[list[float | None]]) -> Rows:
    return {
        tuple(None if value is None or np.isnan(value) else float(np.float32(value)) for value in row) for row in rows
    }


def sampled(use_case: UseCase, folder: Path) -> tuple[Rows, Rows]:
    """What the run of version 1 has: the sample, and the example."""
    folder.mkdir()
    model = registry.version(use_case.name, 1)
    file = mlflow_client.download(model.run_id, artifacts.REFERENCE, folder)
    table = parquet.read_table(file, columns=list(appointments.FEATURES))
    sample = known([list(row.values()) for row in table.to_pylist()])
    with mlflow_client.tracking():
        place = mlflow_client.client().get_model_version_download_uri(use_case.name, "1")
        said = json.loads(
            Path(download_artifacts(artifact_uri=f"{place}/input_example.json", dst_path=str(folder))).read_text()
        )
    order = [said["columns"].index(name) for name in appointments.FEATURES]
    return sample, known([[row[place] for place in order] for row in said["data"]])


@pytest.fixture
def erased(trained_clinic: UseCase) -> Rows:
    """The features of the key, on all days."""
    found = arrow_dataset.read(tables.features(trained_clinic))
    rows = [row for row in found.to_pylist() if row["appointment"] == KEY]
    return known([[row[name] for name in appointments.FEATURES] for row in rows])


def test_they_are_taken_out_by_their_values_and_the_version_stays_whole(
    trained_clinic: UseCase, erased: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sample, example = sampled(trained_clinic, tmp_path / "before")
    assert sample & erased and example & erased

    with monkeypatch.context() as away:
        away.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        with pytest.raises(ErasureIncomplete, match="nothing else of it is gone yet"):
            erase()
    assert erasures.of_source("bookings")[0].state == erasures.ASKED
    result = erase()

    sample_after, example_after = sampled(trained_clinic, tmp_path / "after")
    assert sample_after == sample - erased
    assert example_after == example - erased
    assert [one["model_version"] for one in result.learned] == [1]
    assert result.places[f"MLflow samples of {trained_clinic.name}"] >= 2
    assert artifacts.model_bytes(registry.version(trained_clinic.name, 1))
