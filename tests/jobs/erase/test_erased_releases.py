"""A released version from which a document is erased: its folder is whole, and the next release takes it as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyarrow import parquet

from jobs.erase import job as erase_job
from jobs.erase.arguments import EraseArguments
from jobs.release.arguments import ReleaseArguments
from jobs.release.job import ReleaseResult, run
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset
from lakehouse.ops import dataset_versions
from tests.jobs import notes, traces
from tests.jobs.release import versions
from tests.jobs.release.conftest import declare, logged  # noqa: F401

DOCUMENT = "train-0"


def release() -> ReleaseResult:
    return run(ReleaseArguments(dataset=notes.NAME))


def erase(document: str = DOCUMENT) -> erase_job.EraseResult:
    return erase_job.run(EraseArguments(source=notes.SOURCE, document=document, reason="asked"))


@pytest.fixture
def dataset(declare: Callable[..., Dataset], logged: list[tuple[int, str]]) -> Dataset:  # noqa: F811
    made: Dataset = declare()
    versions.assemble(made, versions.several(test=1))
    assert release().status == "published"
    return made


def test_the_next_release_finds_the_folder_as_it_should_be(dataset: Dataset) -> None:
    place = publication.place(dataset, 1)
    text = versions.example(DOCUMENT)["text"]
    assert erase().status == "erased"
    said = publication.manifest(place)
    assert publication.changes(place, said["files"]) == []
    assert said["rows"] == {"test": 1, "train": 5, "validation": 2}
    again = release()
    assert (again.status, again.rows["train"]) == ("published", 5)
    assert release().status == "unchanged"
    assert traces.of(place, text, f"Note {DOCUMENT}") == []
    assert "| train | 5 | 5 |" in (place / publication.CARD).read_text()


def test_the_data_has_the_very_bytes_of_a_version_that_never_had_it(dataset: Dataset) -> None:
    place = publication.place(dataset, 1)
    erase()
    after = {file.name: file.read_bytes() for file in (place / publication.DATA).iterdir()}
    versions.assemble(dataset, [row for row in versions.several(test=1) if row["document_id"] != DOCUMENT], version=2)
    assert release().version == 2
    other = publication.place(dataset, 2) / publication.DATA
    assert {file.name: file.read_bytes() for file in other.iterdir()} == after


def test_a_split_without_examples_has_no_file_and_is_not_declared(dataset: Dataset) -> None:
    place = publication.place(dataset, 1)
    erase("test-0")
    assert not list((place / publication.DATA).glob("test-*"))
    card = (place / publication.CARD).read_text()
    assert "data/test-" not in card and "| test |" not in card and "data/train-" in card
    events = dataset_versions.of_dataset(dataset.name, 1)
    assert (events[-1].state, events[-1].test_rows, events[-1].train_rows) == (dataset_versions.ERASED, 0, 6)
    left = parquet.read_table(place / publication.DATA)["document_id"].to_pylist()
    assert "test-0" not in left and len(left) == 8
