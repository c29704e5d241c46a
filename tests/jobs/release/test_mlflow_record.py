"""A version in MLflow, met over HTTP as jobs meet it: one run, however often it is released."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from jobs.release import mlflow_record
from jobs.release.arguments import ReleaseArguments
from jobs.release.job import run
from lakehouse.models import mlflow_client
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare


def test_a_version_is_one_run_with_its_data_set_card_and_manifest(
    declare: Declare, mlflow_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare()
    event = versions.assemble(dataset, versions.several())
    client = mlflow_client.client()

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_record, "metrics", broken)
        with pytest.raises(KeyboardInterrupt):
            run(ReleaseArguments(dataset=notes.NAME))
    result = run(ReleaseArguments(dataset=notes.NAME))
    again = run(ReleaseArguments(dataset=notes.NAME))
    assert (result.status, again.status) == ("unchanged", "unchanged")
    assert result.run_url == again.run_url
    experiment = client.get_experiment_by_name(dataset.name)
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id], "attributes.run_name = 'v1'")
    assert (found.info.run_name, found.info.status) == ("v1", "FINISHED")
    assert found.data.metrics["rows_train"] == 6 and found.data.metrics["documents"] == 10
    assert found.data.params["content_digest"] == event.content_digest and found.data.params["near_jaccard"] == "0.7"
    assert found.inputs is not None
    (given,) = found.inputs.dataset_inputs
    assert given.dataset.digest == event.content_digest[: mlflow_record.DIGEST_LENGTH]
    source = mlflow.data.get_source(given.dataset)
    assert sorted(Path(source.load()).iterdir()) == sorted((Path(result.folder) / "data").iterdir())
    for name in ("README.md", "manifest.json"):
        assert (
            mlflow_client.download(found.info.run_id, name, tmp_path).read_bytes()
            == (Path(result.folder) / name).read_bytes()
        )
