"""A document is taken out of everything: not one byte of it is left, everything else is as it was, and it stays out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from jobs.ingest import replay
from jobs.ingest.arguments import ReplayArguments
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.errors import BadArguments, CallsBusy, ErasureIncomplete
from lakehouse.ops import calls, deliveries, erasures
from lakehouse.ops.call import OPEN
from lakehouse.storage import arrow_dataset, file_locks
from lakehouse.teacher import folding
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.world import DAY, ID, MARKS, NEAR, NEXT
from tests.kept_places import KeptPlaces


def erase(document: str = ID, dry_run: bool = False, reason: str = "asked by letter") -> job.EraseResult:
    return job.run(EraseArguments(source=notes.SOURCE, document=document, reason=reason, actor="desk", dry_run=dry_run))


@pytest.fixture
def dataset(worlds: KeptPlaces, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    return world.whole(worlds, monkeypatch)


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


def test_a_document_that_is_nowhere_gets_its_tombstone_too(dataset: Dataset) -> None:
    result = erase("nobody-1")
    assert (result.status, result.places) == ("none", {})
    assert erasures.is_erased(notes.SOURCE, ["nobody-1", "b"]) == {"nobody-1"}
    world.land("jsonl", "nobody-1", "e", day=NEXT)
    world.ingest(NEXT)
    assert books()[-1] == (2, 1, 1, 0)


def test_calls_about_it_are_emptied_and_money_that_was_spent_stays_counted(dataset: Dataset) -> None:
    late = world.call(dataset, NEAR, state=OPEN, variant="warm", request_key="w", maybe_billed=2)
    world.journal(dataset, late, fold=False)
    before = calls.standing(dataset.name).spent + calls.Spent(2, 70, 0)
    erase(NEAR)
    after = calls.standing(dataset.name)
    assert after.spent == before and after.others == {}
    assert len(calls.answers(dataset.name, [world.key(NEAR), "w"])) == 0
    rows = calls.answers(dataset.name).to_pylist()
    emptied = {row["variant"]: row for row in rows if row["request_key"].startswith("erased-")}
    for row in emptied.values():
        assert (row["document_id"], row["content_digest"], row["answer"]) == ("", "", None)
    assert {variant: row["state"] for variant, row in emptied.items()} == {"cold": "answered", "warm": "failed"}
    assert emptied["cold"]["endpoint"] == "http://teacher.example"


def test_while_a_run_makes_calls_nothing_is_taken_out_but_it_stays_out_already(dataset: Dataset) -> None:
    with (
        file_locks.hold(folding.folder_of(dataset.name) / "lock"),
        pytest.raises(CallsBusy, match="run that makes its calls"),
    ):
        erase()
    assert erasures.is_erased(notes.SOURCE, [ID]) == {ID}
    assert ID in ids(tables.documents(dataset))
    assert erase().status == "erased"


def test_a_source_that_is_not_declared_is_refused(dataset: Dataset) -> None:
    with pytest.raises(BadArguments, match="there is no source 'letters'"):
        job.run(EraseArguments(source="letters", document=ID, reason="r"))
    assert erasures.of_source("letters") == []


def test_while_a_dataset_s_declaration_is_wrong_nothing_is_erased(dataset: Dataset) -> None:
    folder = Path(os.environ["USE_CASE_ROOTS"]) / "other"
    folder.mkdir()
    (folder / "dataset.yaml").write_text("name: other\n")
    with pytest.raises(BadArguments, match="found wrong ones: other"):
        erase()
    assert erasures.of_source(notes.SOURCE) == []


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
