"""What one erasure leaves: everything else as it was, under names that still fit, and a record of what was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.compute as pc
import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from lakehouse import tables
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset, loader
from lakehouse.ops import calls, dataset_versions, erasures
from lakehouse.storage import arrow_dataset
from tests.jobs import notes
from tests.jobs.erase import world
from tests.jobs.erase.world import ID, NEAR, TWIN
from tests.kept_places import KeptPlaces


@dataclass(frozen=True)
class Erased:
    """A world without its document, and what the run that took it out said. The tests of this module only read it."""

    dataset: Dataset
    result: job.EraseResult


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erased]:
    own = KeptPlaces(tmp_path_factory.mktemp("erased"))
    with pytest.MonkeyPatch.context() as patch:
        own.empty(patch)
        dataset = world.whole(own, patch)
        yield Erased(dataset, job.run(EraseArguments(source=notes.SOURCE, document=ID, reason="asked", actor="desk")))


def ids(table: tables.Table) -> list[str]:
    return sorted(arrow_dataset.read(table, columns=["document_id"])["document_id"].to_pylist())


def test_everything_else_is_as_it_was(erased: Erased) -> None:
    assert ids(tables.documents(erased.dataset)) == sorted(["b", TWIN, NEAR, "test-1", "c"])
    assert ids(tables.summaries(erased.dataset)) == sorted(["b", TWIN, NEAR, "test-1", "c"])
    assert ids(tables.examples(erased.dataset)) == sorted(["b", NEAR, "test-1", "b", "test-1", "zebra-5", "zebra-6"])
    _, contract = loader.by_source(notes.SOURCE)
    silver = arrow_dataset.read(tables.silver(contract)).to_pylist()
    assert {(row["note"], row["body"]) for row in silver} == {
        (name, world.body(name)) for name in ("b", TWIN, NEAR, "test-1", "c")
    }


def test_what_was_published_is_written_down_with_its_place_on_the_hub(erased: Erased) -> None:
    result = erased.result
    (line,) = erasures.of_source(notes.SOURCE)
    assert [dict(one) for one in line.published] == result.published
    one, two = result.published
    assert one["version"] == 1 and one["folder"].endswith("v1") and "commit" not in one
    assert (two["version"], two["commit"], two["tag"]) == (2, "c0ffee", "v2")


def test_a_call_that_another_document_shares_stays_and_is_that_one_s(erased: Erased) -> None:
    rows = calls.answers(erased.dataset.name, [world.key(TWIN)]).to_pylist()
    assert [(row["document_id"], row["answer"]) for row in rows] == [(TWIN, world.answer(TWIN))]


def test_a_cluster_that_was_named_by_it_is_named_by_the_least_of_the_others(erased: Erased) -> None:
    clusters = arrow_dataset.read(tables.clusters(erased.dataset), pc.field("version") == 2).to_pylist()
    named = {row["document_id"]: row["cluster_id"] for row in clusters}
    assert named == {"b": "b", "test-1": "test-1", "zebra-5": "zebra-5", "zebra-6": "zebra-5"}
    near = [row for row in clusters if row["document_id"] == "zebra-6"]
    assert [(row["nearest"], row["jaccard"], row["containment"]) for row in near] == [(None, None, None)]
    examples = arrow_dataset.read(tables.examples(erased.dataset), pc.field("version") == 2).to_pylist()
    assert {row["document_id"]: row["cluster_id"] for row in examples} == named
    splits = arrow_dataset.read(tables.splits(erased.dataset)).to_pylist()
    assert {row["document_id"]: row["cluster_id"] for row in splits} == named


def test_published_folders_are_whole_without_it(erased: Erased) -> None:
    for version in (1, 2):
        folder = publication.place(erased.dataset, version)
        said = publication.manifest(folder)
        assert publication.changes(folder, said["files"]) == []
        events = dataset_versions.of_dataset(erased.dataset.name, version)
        assert events[-1].state == dataset_versions.ERASED
        assert said["content_digest"] == events[-1].content_digest != events[0].content_digest
        assert said["rows"] == events[-1].rows
        assert ID not in {one["document_id"] for one in said["documents"]}
        assert said["erased_from"] == [dt.datetime.now(dt.UTC).date().isoformat()]
        card = (folder / publication.CARD).read_text()
        assert "## Erased from" in card and events[-1].content_digest in card
