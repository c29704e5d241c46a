"""A version is published once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.release import folder, log, mlflow_record
from lakehouse import tables
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset
from lakehouse.errors import BadArguments, DeclarationError, ServiceUnavailable
from lakehouse.ops import dataset_versions
from lakehouse.storage import delta_log
from lakehouse.storage.table_schema import arrow_schema
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare
from tests.jobs.release.released import Killed, Logged, files_of, killed, release


def test_an_assembled_version_is_published_once(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    event = versions.assemble(dataset, versions.several(test=0))
    result = release(reason="for the team", actor="ann")
    assert (result.status, result.verdict, result.version, result.reasons) == ("published", "published", 1, [])
    place = publication.place(dataset, 1)
    data = [f"data/{split}-00000-of-00001.parquet" for split in ("train", "validation")]
    assert sorted(files_of(place)) == sorted(result.files) == ["README.md", *data, "manifest.json"]
    line = list(dataset_versions.published(dataset.name))[-1]
    assert (line.folder, line.actor, line.reason) == (str(place), "ann", "for the team")
    assert (line.content_digest, line.rows) == (event.content_digest, {"train": 6, "validation": 2, "test": 0})
    assert logged == [(1, event.content_digest)]

    before = files_of(place)
    again = release()
    assert again.status == "unchanged" and again.run_url == result.run_url
    assert files_of(place) == before and logged == [(1, event.content_digest)]
    assert versions.states(dataset) == ["assembled", "published"]
    assert not list(place.parent.glob(".draft*"))


def test_the_manifest_leads_from_every_example_to_document_and_call(declare: Declare, logged: Logged) -> None:
    dataset = declare(publish={"folder": "elsewhere/notes"})
    rows = [*versions.several(), versions.example("train-0", variant="warm")]
    versions.assemble(dataset, rows)
    place = Path(release().folder)
    said = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    assert said["calls"] == sorted(row["request_key"] for row in rows)
    assert {one["document_id"]: one["content_digest"] for one in said["documents"]} == {
        row["document_id"]: row["content_digest"] for row in rows
    }
    assert len(said["documents"]) == 10
    assert said["assembled"] == {"teacher": "textrank"} and said["declaration"]["near"]["ngram"] == 5
    assert publication.changes(place, said["files"]) == []
    text = (place / "manifest.json").read_text(encoding="utf-8") + (place / "README.md").read_text(encoding="utf-8")
    assert str(place.parent) not in text and "elsewhere" not in text


def test_files_are_equal_when_the_tables_files_are_others(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    place = Path(release().folder)
    first = files_of(place)
    # The same rows in the other order, a file each.
    table = tables.examples(dataset)
    versions.write_examples(dataset, [], 1)
    for row in reversed(rows):
        line = pa.Table.from_pylist([row | {"version": 1}], arrow_schema(table))
        write_deltalake(delta_log.location(table), line, mode="append")
    shutil.rmtree(place)
    assert release().status == "published"
    assert files_of(place) == first


@pytest.mark.parametrize(
    "step",
    [
        (folder, "fill"),
        (Path, "rename"),
        (publication, "file_digest"),
        (log, "record"),
        (mlflow_record, "log"),
    ],
    ids=lambda step: step[1],
)
def test_a_release_that_ends_anywhere_ends_the_same_when_it_is_repeated(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    made = release(dry_run=True)
    with monkeypatch.context() as patch:
        patch.setattr(step[0], step[1], killed)
        with pytest.raises(Killed):
            release()
    result = release()
    assert result.verdict == "published" and sorted(result.files) == sorted(made.files)
    place = publication.place(dataset, 1)
    said = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    assert publication.changes(place, said["files"]) == []
    assert sorted(one.name for one in place.parent.iterdir()) == [".lock", "v1"]
    assert versions.states(dataset) == ["assembled", "published"]
    assert len(logged) == 1


def test_what_a_killed_writer_left_is_removed(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    left = publication.base(dataset) / ".draft-abc" / "data"
    left.mkdir(parents=True)
    (left / "train-00000-of-00001.parquet").write_text("half")
    release()
    assert not left.exists()


def test_two_publishers_at_once_publish_once(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(one.status for one in pool.map(lambda _: release(), range(2)))
    assert statuses == ["published", "unchanged"]
    assert versions.states(dataset) == ["assembled", "published"]


def test_a_dry_run_writes_nothing(declare: Declare, logged: Logged, lakehouse_root: Path) -> None:
    dataset = declare(gate={"approval": {"hours": 2}})
    versions.assemble(dataset, versions.several())
    before = files_of(lakehouse_root)
    waiting = release(dry_run=True)
    approved = release(dry_run=True, answer="approved")
    assert (waiting.status, waiting.verdict, waiting.files) == ("planned", "waiting", [])
    assert (approved.status, approved.verdict) == ("planned", "published")
    assert "data/train-00000-of-00001.parquet" in approved.files
    assert files_of(lakehouse_root) == before and not logged


def test_nothing_is_published_while_mlflow_is_away(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())

    def away(dataset: Dataset) -> str:
        raise ServiceUnavailable("MLflow: expected an answer")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_record, "reach", away)
        with pytest.raises(ServiceUnavailable):
            release()
    assert not publication.place(dataset, 1).exists()
    assert release().status == "published"


def test_there_is_nothing_to_release_without_a_version(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    assert release().status == "none"
    versions.assemble(dataset, versions.several())
    with pytest.raises(BadArguments, match="--version 2"):
        release(version=2)


def test_a_folder_in_an_object_store_is_refused(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = declare()
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://bucket/lakehouse")
    with pytest.raises(DeclarationError, match=r"publish\.folder"):
        publication.base(dataset)
    monkeypatch.setenv("USE_CASE_ROOTS", os.environ["USE_CASE_ROOTS"])
    assert publication.base(declare(publish={"folder": "/srv/sets"})) == Path("/srv/sets")
