"""A document is taken out of everything: not one byte of it is left, everything else is as it was, and it stays out."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
import yaml

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from jobs.ingest import replay
from jobs.ingest.arguments import ReplayArguments
from lakehouse import tables
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset, loader
from lakehouse.errors import BadArguments, CallsBusy, ErasureIncomplete
from lakehouse.ops import calls, dataset_versions, deliveries, erasures
from lakehouse.ops.call import OPEN
from lakehouse.storage import arrow_dataset, file_locks
from lakehouse.tables import CALLS
from lakehouse.teacher import folding
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.world import ANSWER, DAY, ID, MARKS, NEAR, NEXT, TITLE, TWIN


def erase(document: str = ID, dry_run: bool = False, reason: str = "asked by letter") -> job.EraseResult:
    return job.run(EraseArguments(source=notes.SOURCE, document=document, reason=reason, actor="desk", dry_run=dry_run))


@pytest.fixture
def dataset(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    return world.whole(lakehouse_root.parent, monkeypatch)


@pytest.fixture
def root(lakehouse_root: Path) -> Path:
    return lakehouse_root.parent


def ids(table: tables.Table) -> list[str]:
    return sorted(arrow_dataset.read(table, columns=["document_id"])["document_id"].to_pylist())


def books() -> list[tuple[int, int, int, int]]:
    return [
        (one.delivered_rows, one.accepted_rows, one.rejected_rows, one.duplicate_rows)
        for one in deliveries.lines_of([notes.SOURCE])
    ]


def test_not_one_byte_is_left_of_it(root: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = world.declare(root, monkeypatch)
    world.land("jsonl", "b", ID, NEAR, "test-1")
    world.ingest()
    world.land("csv", "c", ID, day=NEXT)
    world.ingest(NEXT)
    world.documents(dataset, "b", ID, NEAR, "test-1")
    world.documents(dataset, "c", ID, day=NEXT)
    world.journal(dataset, world.call(dataset, "b"), world.call(dataset, ID), world.call(dataset, NEAR))
    world.journal(
        dataset, world.call(dataset, "late"), world.call(dataset, ID, variant="warm", request_key="w"), fold=False
    )
    world.assemble(dataset, 1, "b", ID, NEAR, "test-1", cluster=(ID, NEAR))
    world.assemble(dataset, 2, "b", ID, "test-1", "zebra-5", "zebra-6", cluster=(ID, "zebra-5", "zebra-6"))
    world.publish(dataset, 1)
    world.publish(dataset, 2, hub_commit="c0ffee", tag="v2")
    assert len(traces.of(root, *MARKS)) > 20

    result = erase(reason=f"the writer of {ID} asked")

    assert traces.of(root, *MARKS, world.key(ID), world.digest(world.body(ID))) == []
    assert result.status == "erased"
    assert "c0ffee" in result.message


def test_everything_else_is_as_it_was(dataset: Dataset) -> None:
    erase()
    assert ids(tables.documents(dataset)) == sorted(["b", TWIN, NEAR, "test-1", "c"])
    assert ids(tables.summaries(dataset)) == sorted(["b", TWIN, NEAR, "test-1", "c"])
    assert ids(tables.examples(dataset)) == sorted(["b", NEAR, "test-1", "b", "test-1", "zebra-5", "zebra-6"])
    _, contract = loader.by_source(notes.SOURCE)
    silver = arrow_dataset.read(tables.silver(contract)).to_pylist()
    assert {(row["note"], row["body"]) for row in silver} == {
        (name, world.body(name)) for name in ("b", TWIN, NEAR, "test-1", "c")
    }


def test_the_ledger_balances_and_ingest_finds_nothing_new(dataset: Dataset) -> None:
    before = [line.delivery_id for line in deliveries.lines_of([notes.SOURCE])]
    assert books() == [(5, 5, 0, 0), (2, 2, 0, 0)]
    erase()
    assert books() == [(5, 4, 1, 0), (2, 1, 1, 0)]
    assert world.ingest().status == world.ingest(NEXT).status == "unchanged"
    assert replay.run(ReplayArguments(source=notes.SOURCE)).status == "unchanged"
    assert [line.delivery_id for line in deliveries.lines_of([notes.SOURCE])] == before
    assert world.ingest(force=True).status == "ingested"
    assert books() == [(4, 4, 0, 0), (2, 1, 1, 0)]


def test_a_document_that_is_twice_in_a_delivery_and_rejected_elsewhere(
    root: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.declare(root, monkeypatch)
    file = world.land("jsonl", "b", ID, ID, ID, "b")
    broken = json.dumps({**world.delivered(ID), "gone": "perhaps"})
    file.write_text(file.read_text() + broken + "\n" + '{"note": "' + ID + '", "body": ' + "\n")
    notes.declare(root / "own", of_source={"max_reject_share": 0.9})
    world.ingest()
    assert books() == [(7, 2, 2, 3)]
    assert erase().places["silver.notes_rejects"] == 2
    assert books() == [(7, 1, 5, 1)]
    assert traces.of(root, *MARKS) == []
    assert world.ingest().status == "unchanged"


def test_it_stays_out_when_it_is_delivered_again_and_can_be_erased_again(dataset: Dataset, root: Path) -> None:
    erase()
    assert erase().status == "unchanged"
    world.land("jsonl", "b", ID, "d", day=DAY)
    assert "kept out" in world.ingest().message
    assert traces.of(root / "warehouse", *MARKS[:2]) == []
    assert erase(dry_run=True).places == {"landing rows": 1}
    again = erase()
    assert (again.status, again.places) == ("erased", {"landing rows": 1})
    assert traces.of(root, ID) == []
    (line,) = erasures.of_source(notes.SOURCE)
    assert line.state == erasures.DONE and line.places["landing rows"] == 3
    assert world.ingest().status == "unchanged"


def test_a_dry_run_counts_and_writes_nothing(dataset: Dataset, root: Path) -> None:
    def everything() -> dict[str, bytes]:
        return {
            str(file): file.read_bytes() for file in root.rglob("*") if file.is_file() and ".locks" not in str(file)
        }

    before = everything()
    planned = erase(dry_run=True)
    assert everything() == before
    done = erase()
    assert planned.status == "planned" and planned.places == done.places
    assert planned.places == {
        "bronze.notes": 2,
        "gold.notes_summaries_clusters": 2,
        "gold.notes_summaries_documents": 2,
        "gold.notes_summaries_examples": 2,
        "gold.notes_summaries_splits": 1,
        "gold.notes_summaries_summaries": 2,
        "landing rows": 2,
        "ops.calls": 1,
        "ops.dataset_versions": 2,
        "published examples": 2,
        "published folders": 2,
        "silver.notes": 2,
    }
    assert planned.published == done.published


def test_what_was_published_is_written_down_with_its_place_on_the_hub(dataset: Dataset) -> None:
    result = erase()
    (line,) = erasures.of_source(notes.SOURCE)
    assert [dict(one) for one in line.published] == result.published
    one, two = result.published
    assert one["version"] == 1 and one["folder"].endswith("v1") and "commit" not in one
    assert (two["version"], two["commit"], two["tag"]) == (2, "c0ffee", "v2")


def test_a_document_that_is_nowhere_gets_its_tombstone_too(dataset: Dataset) -> None:
    result = erase("nobody-1")
    assert (result.status, result.places) == ("none", {})
    assert erasures.is_erased(notes.SOURCE, ["nobody-1", "b"]) == {"nobody-1"}
    world.land("jsonl", "nobody-1", "e", day=NEXT)
    world.ingest(NEXT)
    assert books()[-1] == (2, 1, 1, 0)


def test_money_that_was_spent_stays_counted(dataset: Dataset) -> None:
    world.journal(
        dataset, world.call(dataset, ID, state=OPEN, variant="warm", request_key="w", maybe_billed=2), fold=False
    )
    before = calls.standing(dataset.name).spent + calls.Spent(2, 70, 0)
    erase()
    after = calls.standing(dataset.name)
    assert after.spent == before and after.others == {}


def test_a_call_that_another_document_shares_stays_and_is_that_one_s(dataset: Dataset) -> None:
    erase()
    rows = calls.answers(dataset.name, [world.key(TWIN)]).to_pylist()
    assert [(row["document_id"], row["answer"]) for row in rows] == [(TWIN, world.answer(TWIN))]


def test_a_call_that_nobody_else_shares_is_emptied(dataset: Dataset) -> None:
    erase(NEAR)
    assert len(calls.answers(dataset.name, [world.key(NEAR)])) == 0
    rows = calls.answers(dataset.name).to_pylist()
    (emptied,) = (row for row in rows if row["request_key"].startswith("erased-"))
    assert (emptied["document_id"], emptied["content_digest"], emptied["answer"]) == ("", "", None)
    assert (emptied["state"], emptied["cost_micros"], emptied["endpoint"]) == ("answered", 70, "http://teacher.example")
    assert ANSWER not in str(emptied)


def test_a_cluster_that_was_named_by_it_is_named_by_the_least_of_the_others(dataset: Dataset) -> None:
    erase()
    clusters = arrow_dataset.read(tables.clusters(dataset), pc.field("version") == 2).to_pylist()
    named = {row["document_id"]: row["cluster_id"] for row in clusters}
    assert named == {"b": "b", "test-1": "test-1", "zebra-5": "zebra-5", "zebra-6": "zebra-5"}
    near = [row for row in clusters if row["document_id"] == "zebra-6"]
    assert [(row["nearest"], row["jaccard"], row["containment"]) for row in near] == [(None, None, None)]
    examples = arrow_dataset.read(tables.examples(dataset), pc.field("version") == 2).to_pylist()
    assert {row["document_id"]: row["cluster_id"] for row in examples} == named
    splits = arrow_dataset.read(tables.splits(dataset)).to_pylist()
    assert {row["document_id"]: row["cluster_id"] for row in splits} == named


def test_published_folders_are_whole_without_it(dataset: Dataset) -> None:
    erase()
    for version in (1, 2):
        folder = publication.place(dataset, version)
        said = publication.manifest(folder)
        assert publication.changes(folder, said["files"]) == []
        events = dataset_versions.of_dataset(dataset.name, version)
        assert events[-1].state == dataset_versions.ERASED
        assert said["content_digest"] == events[-1].content_digest != events[0].content_digest
        assert said["rows"] == events[-1].rows
        assert ID not in {one["document_id"] for one in said["documents"]}
        assert said["erased_from"] == [dt.datetime.now(dt.UTC).date().isoformat()]
        card = (folder / publication.CARD).read_text()
        assert "## Erased from" in card and events[-1].content_digest in card


def test_while_a_run_makes_calls_nothing_is_taken_out_but_it_stays_out_already(dataset: Dataset) -> None:
    with (
        file_locks.hold(folding.folder_of(dataset.name) / "lock"),
        pytest.raises(CallsBusy, match="run that makes its calls"),
    ):
        erase()
    assert erasures.is_erased(notes.SOURCE, [ID]) == {ID}
    assert ID in ids(tables.documents(dataset))
    assert erase().status == "erased"


def test_a_source_without_documents_is_refused(dataset: Dataset) -> None:
    with pytest.raises(BadArguments, match="there is no source 'letters'"):
        job.run(EraseArguments(source="letters", document=ID, reason="r"))
    folder = Path(os.environ["USE_CASE_ROOTS"]) / "sources" / "letters"
    folder.mkdir()
    (folder / "source.yaml").write_text(yaml.safe_dump(notes.source(name="letters")))
    with pytest.raises(BadArguments, match="no dataset reads it"):
        job.run(EraseArguments(source="letters", document=ID, reason="r"))
    assert erasures.of_source("letters") == []


def test_what_cannot_be_taken_out_is_named_and_the_erasure_stays_open(dataset: Dataset, root: Path) -> None:
    file = root / "landing" / notes.SOURCE / "2024-01-09.csv"
    file.write_text(f"other,columns\n{ID},2\n")
    with pytest.raises(ErasureIncomplete, match=r"2024-01-09.csv: it can't be taken apart"):
        erase()
    assert traces.of(root, *MARKS[:2]) == ["landing/notes/2024-01-09.csv"]
    (line,) = erasures.of_source(notes.SOURCE)
    assert line.state == erasures.ASKED
    file.unlink()
    assert erase().status == "none"
    assert erasures.of_source(notes.SOURCE)[0].state == erasures.DONE


STEPS = (
    "jobs.erase.landing_zone.LandingZone.take_out",
    "jobs.erase.landing_zone.LandingZone._tell_ledger",
    "jobs.erase.landing_zone._sync",
    "jobs.erase.delivered_rows.DeliveredRows.take_out",
    "jobs.erase.delivered_rows.DeliveredRows._write_ledger",
    "jobs.erase.recorded_calls.RecordedCalls.take_out",
    "jobs.erase.dataset_rows._least",
    "jobs.erase.dataset_rows.DatasetRows._clusters",
    "jobs.erase.versions.Versions.take_out",
    "jobs.erase.versions.Versions.settle",
    "jobs.erase.versions.Versions._record",
    "jobs.erase.published_folder._card",
    "jobs.erase.published_folder._manifest",
    "lakehouse.storage.commits.purge",
    "lakehouse.storage.purging._remove_log_before",
    "lakehouse.ops.erasures.found",
    "lakehouse.ops.erasures.finish",
)


class Killed(BaseException):
    """A kill, which nothing catches."""


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_was_killed_anywhere_ends_like_one_that_was_not(
    dataset: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch, step: str, late: bool
) -> None:
    owner, _, name = step.rpartition(".")
    target: Any = _found(owner)
    real: Callable[..., Any] = getattr(target, name)
    done: list[bool] = []

    def killed(*given: Any, **named: Any) -> Any:
        if done:
            return real(*given, **named)
        done.append(True)
        if late:
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(target, name, killed)
    with pytest.raises(Killed):
        erase()
    erase()
    assert traces.of(root, ID, TITLE) == []
    (line,) = erasures.of_source(notes.SOURCE)
    assert line.state == erasures.DONE
    assert (line.places["bronze.notes"], line.places["landing rows"], line.places["published examples"]) == (2, 2, 2)
    assert len(line.published) == 2
    assert books() == [(5, 4, 1, 0), (2, 1, 1, 0)]
    assert world.ingest().status == "unchanged"
    assert [event.state for event in dataset_versions.of_dataset(dataset.name)].count(dataset_versions.ERASED) == 2
    for version in (1, 2):
        said = publication.manifest(publication.place(dataset, version))
        assert said["content_digest"] == dataset_versions.of_dataset(dataset.name, version)[-1].content_digest
    assert sum(row["cost_micros"] for row in arrow_dataset.read(CALLS).to_pylist()) == 4 * 70


def _found(path: str) -> Any:
    """A module, or a class of one."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)
